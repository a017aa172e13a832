//! Verifying a token that brings the key it is signed with. It proves nothing but that whoever made it holds the key: a DPoP proof.
//! [RFC 9449 §4.3]

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::compact::{self, Compact};
use crate::json::{Present, present};
use crate::verify::is_type;
use crate::{Algorithm, Claims, Jwk, PublicKey, VerifyError, VerifyingKey};

/// A token whose own key verifies it. Only [`verify_proof`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof<T> {
    key: PublicKey,
    registered: Claims,
    claims: T,
}

impl<T> Proof<T> {
    /// The key that whoever made it holds.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The registered claims.
    pub fn registered(&self) -> &Claims {
        &self.registered
    }

    /// The claims in the shape that the caller asked for.
    pub fn claims(&self) -> &T {
        &self.claims
    }
}

/// Verifies a token of type `typ` by the public key in its header, with one of the algorithms that are accepted.
///
/// What else stands in the header is passed over, but for what asks the reader to read otherwise.
pub fn verify_proof<T: DeserializeOwned>(
    token: &str,
    typ: &str,
    accepted: &[Algorithm],
) -> Result<Proof<T>, VerifyError> {
    let token = Compact::split(token)?;
    let header: Header = token.header()?;
    compact::forbid([("crit", &header.crit), ("b64", &header.b64)])?;
    if !is_type(header.typ.as_deref(), typ) {
        return Err(VerifyError::WrongType);
    }
    let algorithm: Option<Algorithm> = header.alg.parse().ok();
    let algorithm =
        algorithm.filter(|algorithm| accepted.contains(algorithm)).ok_or(VerifyError::UnsupportedAlgorithm)?;
    let jwk = header.jwk.and_then(|jwk| Jwk::read(&jwk).ok()).ok_or(VerifyError::NoOwnKey)?;
    if !jwk.key.suits(algorithm) {
        return Err(VerifyError::AlgorithmMismatch);
    }
    let key = VerifyingKey::for_algorithm(&jwk, algorithm).map_err(|_| VerifyError::NoOwnKey)?;
    if !key.accepts(token.signed.as_bytes(), &token.signature()?) {
        return Err(VerifyError::WrongSignature);
    }
    let payload = token.payload()?;
    let registered = serde_json::from_slice(&payload).map_err(|_| VerifyError::WrongClaimType)?;
    let claims = serde_json::from_slice(&payload).map_err(|_| VerifyError::WrongShape)?;
    Ok(Proof { key: jwk.key, registered, claims })
}

/// What of a header we read.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(default)]
    jwk: Option<Value>,
    #[serde(default)]
    crit: Present,
    #[serde(default)]
    b64: Present,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::MAX_TOKEN_LEN;
    use crate::{SigningKey, base64url};
    use serde_json::json;

    fn signed(key: &SigningKey, header: &Value) -> String {
        let message = format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(r#"{"jti":"a"}"#));
        let signature = key.sign(message.as_bytes()).unwrap();
        format!("{message}.{}", base64url::encode(signature))
    }

    fn read(token: &str) -> Result<PublicKey, VerifyError> {
        verify_proof::<Value>(token, "dpop+jwt", &[Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa])
            .map(|proof| proof.key)
    }

    #[test]
    fn whoever_made_it_holds_the_key() {
        for algorithm in [Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa] {
            let key = SigningKey::generate(algorithm).unwrap();
            let jwk = key.public_jwk();
            let header = json!({"alg": algorithm.name(), "typ": "dpop+jwt", "jwk": jwk, "kid": "any", "extra": 1});
            assert_eq!(read(&signed(&key, &header)), Ok(jwk.key), "{algorithm}");
        }
    }

    #[test]
    fn a_header_that_proves_nothing_is_refused() {
        let (key, other) =
            (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Rs256).unwrap());
        let jwk = serde_json::to_value(key.public_jwk()).unwrap();
        let private = |member: &str| {
            let mut jwk = jwk.clone();
            jwk[member] = json!("AA");
            jwk
        };
        let header = |edit: Value| {
            let mut header = json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk});
            for (name, value) in edit.as_object().unwrap() {
                header[name] = value.clone();
            }
            header
        };
        for (edit, why) in [
            (json!({"typ": "JWT"}), VerifyError::WrongType),
            (json!({"typ": null}), VerifyError::MalformedHeader),
            (json!({"alg": "none"}), VerifyError::UnsupportedAlgorithm),
            (json!({"alg": "HS256"}), VerifyError::UnsupportedAlgorithm),
            (json!({"alg": "RS256"}), VerifyError::UnsupportedAlgorithm),
            (json!({"alg": "PS256"}), VerifyError::AlgorithmMismatch),
            (json!({"alg": null}), VerifyError::MalformedHeader),
            (json!({"jwk": null}), VerifyError::NoOwnKey),
            (json!({"jwk": "text"}), VerifyError::NoOwnKey),
            (json!({"jwk": private("d")}), VerifyError::NoOwnKey),
            (json!({"jwk": private("dq")}), VerifyError::NoOwnKey),
            (json!({"jwk": {"kty": "oct", "k": "AA"}}), VerifyError::NoOwnKey),
            (json!({"crit": ["exp"]}), VerifyError::ForbiddenHeader("crit")),
            (json!({"b64": false}), VerifyError::ForbiddenHeader("b64")),
        ] {
            assert_eq!(read(&signed(&key, &header(edit.clone()))), Err(why), "{edit}");
        }
        let foreign = header(json!({"jwk": SigningKey::generate(Algorithm::Es256).unwrap().public_jwk()}));
        assert_eq!(read(&signed(&key, &foreign)), Err(VerifyError::WrongSignature));
        let rsa = json!({"alg": "RS256", "typ": "dpop+jwt", "jwk": other.public_jwk()});
        assert_eq!(read(&signed(&other, &rsa)), Err(VerifyError::UnsupportedAlgorithm));
        for text in ["", "a", "a.b", "a.b.c.d", "e30.e30.", &"x".repeat(MAX_TOKEN_LEN + 1)] {
            assert!(read(text).is_err(), "{text:.20}");
        }
    }
}
