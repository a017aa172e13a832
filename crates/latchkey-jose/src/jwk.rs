//! Public keys as JSON. Private keys have no JSON form here. [RFC 7517]

use serde::{Deserialize, Serialize};

use crate::certificate::{self, KeyOrCertificate};
use crate::json::{self, Present};
use crate::{Algorithm, base64url, thumbprint};

/// More keys than this in one document are not a service's keys.
pub const MAX_KEYS: usize = 100;

/// What defines a public key of a kind we verify with. [RFC 7518 §6], [RFC 8037 §2]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PublicKey {
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa {
        /// The modulus: 2,048 to 8,192 bits.
        n: Vec<u8>,
        /// The exponent: small and odd.
        e: Vec<u8>,
    },
    /// The coordinates of a point on P-256.
    P256 {
        /// The first coordinate.
        x: [u8; 32],
        /// The second coordinate.
        y: [u8; 32],
    },
    /// A compressed point on Ed25519.
    Ed25519 {
        /// The point.
        x: [u8; 32],
    },
}

impl PublicKey {
    /// Whether a signature of this algorithm can be verified with this kind of key.
    pub fn suits(&self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::Rsa { .. }, Algorithm::Rs256 | Algorithm::Ps256)
                | (Self::P256 { .. }, Algorithm::Es256)
                | (Self::Ed25519 { .. }, Algorithm::EdDsa)
        )
    }
}

/// A public signature key with its name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(into = "Members", try_from = "Members")]
pub struct Jwk {
    /// What tokens call it.
    pub kid: Option<String>,
    /// The one algorithm it may be used with, if its owner says so.
    pub alg: Option<Algorithm>,
    /// The key itself.
    pub key: PublicKey,
}

impl Jwk {
    /// Reads a key that somebody else wrote, or says why it is none that we verify with.
    pub(crate) fn read(key: &serde_json::Value) -> Result<Self, BadKey> {
        Members::deserialize(key).map_err(|_| BadKey::Malformed)?.try_into()
    }

    /// A key under its thumbprint.
    pub fn new(key: PublicKey, algorithm: Algorithm) -> Self {
        Self { kid: Some(thumbprint::thumbprint(&key)), alg: Some(algorithm), key }
    }

    /// The algorithm to verify with: the stated one, else the one that the kind of key stands for. An RSA key that states none, as
    /// Microsoft publishes them, stands for RS256.
    pub fn algorithm(&self) -> Algorithm {
        self.alg.unwrap_or(match self.key {
            PublicKey::Rsa { .. } => Algorithm::Rs256,
            PublicKey::P256 { .. } => Algorithm::Es256,
            PublicKey::Ed25519 { .. } => Algorithm::EdDsa,
        })
    }
}

/// A key document: what is published at `jwks_uri`. [RFC 7517 §5]
///
/// It deserialises if every key in it is one that we can use, as an app's owner registers them; [`JwkSet::parse`] reads what others
/// publish.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys, in the order in which they are published.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// Reads the key document of someone else. Keys that we cannot use (of another kind, for encryption, malformed, with a private
    /// part) are passed over, as [RFC 7517 §5] asks; the document itself must be sound.
    pub fn parse(document: &[u8]) -> Result<Self, BadKeySet> {
        Ok(Self { keys: listed(document)?.iter().filter_map(|key| Jwk::read(key).ok()).collect() })
    }

    /// The same with the certificates that the keys bring. One that is not of its key says nothing.
    pub fn published(document: &[u8]) -> Result<Vec<KeyOrCertificate>, BadKeySet> {
        let read = |key: &serde_json::Value| match certificate::of_key(key) {
            Err(BadKey::Certificate) => Jwk::read(key).ok().map(KeyOrCertificate::Key),
            read => read.ok(),
        };
        Ok(listed(document)?.iter().filter_map(read).collect())
    }

    /// Reads what an owner registers: one key, or a set of them. Each has to be one that we can use, and none may bring its private part
    /// or the certificate of another key.
    pub fn registered(text: &str) -> Result<Vec<KeyOrCertificate>, BadKey> {
        json::check_object(text.as_bytes()).map_err(|_| BadKey::Malformed)?;
        let value: serde_json::Value = serde_json::from_str(text).map_err(|_| BadKey::Malformed)?;
        let keys = match value.get("keys") {
            None => vec![value],
            Some(keys) => keys.as_array().cloned().unwrap_or_default(),
        };
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Err(BadKey::Malformed);
        }
        keys.iter().map(certificate::of_key).collect()
    }
}

/// The keys of a document, none of them read.
fn listed(document: &[u8]) -> Result<Vec<serde_json::Value>, BadKeySet> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<serde_json::Value>,
    }

    json::check_object(document).map_err(|_| BadKeySet::NotAKeySet)?;
    let Document { keys } = serde_json::from_slice(document).map_err(|_| BadKeySet::NotAKeySet)?;
    if keys.len() > MAX_KEYS { Err(BadKeySet::TooManyKeys) } else { Ok(keys) }
}

/// Why a key document is not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadKeySet {
    /// Not one JSON object with a list `keys`, or an object in it has a member twice.
    #[error("not a JSON Web Key Set")]
    NotAKeySet,
    /// More than [`MAX_KEYS`].
    #[error("more than {MAX_KEYS} keys")]
    TooManyKeys,
}

/// Why a JSON Web Key is not one that we verify with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadKey {
    /// It contains its private part, so it is nobody's secret any more.
    #[error("the key contains its private part")]
    Private,
    /// `use` or `key_ops` say that it is for something else.
    #[error("the key is not for verifying signatures")]
    NotForSignatures,
    /// The kind, curve or algorithm is none of ours, or they contradict each other.
    #[error("the kind of key, its curve or its algorithm is not supported")]
    Unsupported,
    /// `x5c`, or what names it, is of another key, or of none.
    #[error("the certificate of the key is not its own")]
    Certificate,
    /// A member that defines the key is missing, malformed or out of bounds.
    #[error("the key is malformed")]
    Malformed,
}

/// A key as it is written.
#[derive(Default, Serialize, Deserialize)]
struct Members {
    kty: String,
    #[serde(rename = "use", default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    use_: Option<String>,
    #[serde(default, deserialize_with = "json::present", skip_serializing)]
    key_ops: Option<Vec<String>>,
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    // The private part, in all of its members; `k` is that of a symmetric key. [RFC 7518 §6.2.2, §6.3.2, §6.4.1]
    #[serde(default, skip_serializing)]
    d: Present,
    #[serde(default, skip_serializing)]
    p: Present,
    #[serde(default, skip_serializing)]
    q: Present,
    #[serde(default, skip_serializing)]
    dp: Present,
    #[serde(default, skip_serializing)]
    dq: Present,
    #[serde(default, skip_serializing)]
    qi: Present,
    #[serde(default, skip_serializing)]
    oth: Present,
    #[serde(default, skip_serializing)]
    k: Present,
}

impl Members {
    fn has_private_part(&self) -> bool {
        let Self { d, p, q, dp, dq, qi, oth, k, .. } = self;
        [d, p, q, dp, dq, qi, oth, k].into_iter().any(|Present(present)| *present)
    }
}

impl From<Jwk> for Members {
    fn from(jwk: Jwk) -> Self {
        let encoded = |bytes: &[u8]| Some(base64url::encode(bytes));
        let members = Self {
            use_: Some("sig".to_owned()),
            alg: jwk.alg.map(|algorithm| algorithm.name().to_owned()),
            kid: jwk.kid,
            ..Self::default()
        };
        match jwk.key {
            PublicKey::Rsa { n, e } => Self { kty: "RSA".to_owned(), n: encoded(&n), e: encoded(&e), ..members },
            PublicKey::P256 { x, y } => {
                Self { kty: "EC".to_owned(), crv: Some("P-256".to_owned()), x: encoded(&x), y: encoded(&y), ..members }
            }
            PublicKey::Ed25519 { x } => {
                Self { kty: "OKP".to_owned(), crv: Some("Ed25519".to_owned()), x: encoded(&x), ..members }
            }
        }
    }
}

impl TryFrom<Members> for Jwk {
    type Error = BadKey;

    fn try_from(members: Members) -> Result<Self, BadKey> {
        if members.has_private_part() {
            return Err(BadKey::Private);
        }
        if members.use_.is_some_and(|use_| use_ != "sig") {
            return Err(BadKey::NotForSignatures);
        }
        if members.key_ops.is_some_and(|operations| !operations.iter().any(|operation| operation == "verify")) {
            return Err(BadKey::NotForSignatures);
        }
        let key = match (members.kty.as_str(), members.crv.as_deref()) {
            ("RSA", None) => checked_rsa(bytes(members.n)?, bytes(members.e)?)?,
            ("EC", Some("P-256")) => PublicKey::P256 { x: coordinate(members.x)?, y: coordinate(members.y)? },
            ("OKP", Some("Ed25519")) => PublicKey::Ed25519 { x: coordinate(members.x)? },
            _ => return Err(BadKey::Unsupported),
        };
        let alg = match members.alg {
            None => None,
            Some(name) => Some(name.parse().ok().filter(|algorithm| key.suits(*algorithm)).ok_or(BadKey::Unsupported)?),
        };
        Ok(Self { kid: members.kid, alg, key })
    }
}

/// 2,048 to 8,192 bits: shorter is weak, longer costs us too much. A small odd exponent for the same reason.
pub(crate) fn checked_rsa(n: Vec<u8>, e: Vec<u8>) -> Result<PublicKey, BadKey> {
    let modulus = (256..=1024).contains(&n.len()) && n.first().is_some_and(|first| *first != 0);
    let exponent = match e.as_slice() {
        [0, ..] | [] | [1] | [_, _, _, _, _, ..] => false,
        [.., last] => last % 2 == 1,
    };
    if modulus && exponent { Ok(PublicKey::Rsa { n, e }) } else { Err(BadKey::Malformed) }
}

fn bytes(member: Option<String>) -> Result<Vec<u8>, BadKey> {
    base64url::decode(&member.ok_or(BadKey::Malformed)?).map_err(|_| BadKey::Malformed)
}

fn coordinate(member: Option<String>) -> Result<[u8; 32], BadKey> {
    base64url::decode_exactly(&member.ok_or(BadKey::Malformed)?).map_err(|_| BadKey::Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// RFC 7517, appendix A.1, first key, with `use` set to `sig`.
    fn a_p256_key() -> Value {
        json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
               "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "sig", "kid": "1"})
    }

    fn an_ed25519_key() -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "2"})
    }

    fn an_rsa_key(bits: usize, e: &[u8]) -> Value {
        json!({"kty": "RSA", "n": base64url::encode(vec![0xff; bits / 8]), "e": base64url::encode(e), "kid": "3"})
    }

    fn with(mut key: Value, member: &str, value: Value) -> Value {
        key[member] = value;
        key
    }

    fn without(mut key: Value, member: &str) -> Value {
        key.as_object_mut().unwrap().remove(member);
        key
    }

    fn read(key: Value) -> Result<Jwk, String> {
        serde_json::from_value(key).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_is_written_as_it_was_read() {
        for key in [
            a_p256_key(),
            with(an_ed25519_key(), "use", json!("sig")),
            with(an_rsa_key(2048, &[1, 0, 1]), "use", json!("sig")),
        ] {
            assert_eq!(serde_json::to_value(read(key.clone()).unwrap()).unwrap(), key);
        }
    }

    #[test]
    fn a_key_without_algorithm_stands_for_that_of_its_kind() {
        assert_eq!(read(a_p256_key()).unwrap().algorithm(), Algorithm::Es256);
        assert_eq!(read(an_ed25519_key()).unwrap().algorithm(), Algorithm::EdDsa);
        assert_eq!(read(an_rsa_key(2048, &[3])).unwrap().algorithm(), Algorithm::Rs256);
        assert_eq!(read(with(an_rsa_key(2048, &[3]), "alg", json!("PS256"))).unwrap().algorithm(), Algorithm::Ps256);
    }

    #[test]
    fn a_key_that_is_not_for_verifying_is_refused() {
        for (name, key, reason) in [
            ("private part", with(a_p256_key(), "d", json!("AA")), BadKey::Private),
            ("null private part", with(a_p256_key(), "d", Value::Null), BadKey::Private),
            ("private prime", with(an_rsa_key(2048, &[3]), "q", json!("AA")), BadKey::Private),
            ("private exponent of a prime", with(an_rsa_key(2048, &[3]), "dp", json!("AA")), BadKey::Private),
            ("other private primes", with(an_rsa_key(2048, &[3]), "oth", json!([])), BadKey::Private),
            ("for encryption", with(a_p256_key(), "use", json!("enc")), BadKey::NotForSignatures),
            ("for signing only", with(a_p256_key(), "key_ops", json!(["sign"])), BadKey::NotForSignatures),
            ("symmetric", json!({"kty": "oct", "k": "AA"}), BadKey::Private),
            ("another curve", with(a_p256_key(), "crv", json!("P-384")), BadKey::Unsupported),
            ("key agreement", with(an_ed25519_key(), "crv", json!("X25519")), BadKey::Unsupported),
            ("another algorithm", with(an_rsa_key(2048, &[3]), "alg", json!("RS512")), BadKey::Unsupported),
            ("algorithm none", with(an_rsa_key(2048, &[3]), "alg", json!("none")), BadKey::Unsupported),
            ("algorithm of another kind", with(a_p256_key(), "alg", json!("RS256")), BadKey::Unsupported),
            ("missing coordinate", without(a_p256_key(), "y"), BadKey::Malformed),
            ("short coordinate", with(a_p256_key(), "y", json!("AAAA")), BadKey::Malformed),
            (
                "padded",
                with(an_ed25519_key(), "x", json!("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")),
                BadKey::Malformed,
            ),
            ("short modulus", an_rsa_key(2040, &[1, 0, 1]), BadKey::Malformed),
            ("long modulus", an_rsa_key(8200, &[1, 0, 1]), BadKey::Malformed),
            ("exponent one", an_rsa_key(2048, &[1]), BadKey::Malformed),
            ("even exponent", an_rsa_key(2048, &[1, 0, 0]), BadKey::Malformed),
            ("large exponent", an_rsa_key(2048, &[1, 0, 0, 0, 1]), BadKey::Malformed),
            ("exponent with leading zero", an_rsa_key(2048, &[0, 3]), BadKey::Malformed),
            ("empty exponent", an_rsa_key(2048, &[]), BadKey::Malformed),
        ] {
            assert_eq!(read(key), Err(reason.to_string()), "{name}");
        }
        for (name, key) in [
            ("null kid", with(a_p256_key(), "kid", Value::Null)),
            ("number as kid", with(a_p256_key(), "kid", json!(1))),
            ("missing kty", without(a_p256_key(), "kty")),
        ] {
            assert!(read(key).is_err(), "{name}");
        }
    }

    #[test]
    fn an_owner_is_told_what_is_wrong_with_a_key() {
        for (key, reason) in [
            (with(a_p256_key(), "use", json!("enc")), BadKey::NotForSignatures),
            (with(a_p256_key(), "crv", json!("P-384")), BadKey::Unsupported),
            (without(a_p256_key(), "y"), BadKey::Malformed),
            (without(a_p256_key(), "kty"), BadKey::Malformed),
            (with(an_rsa_key(2048, &[3]), "qi", json!("AA")), BadKey::Private),
            (json!("not a key"), BadKey::Malformed),
        ] {
            let set = json!({"keys": [an_ed25519_key(), key]}).to_string();
            assert_eq!(JwkSet::registered(&set), Err(reason), "{set}");
        }
    }

    #[test]
    fn a_foreign_set_gives_the_keys_that_we_can_use() {
        let document = json!({
            "keys": [a_p256_key(), {"kty": "oct", "k": "AA"}, "not a key", with(a_p256_key(), "d", json!("AA")), an_ed25519_key()],
            "issuer": "https://issuer.test",
        });

        let set = JwkSet::parse(document.to_string().as_bytes()).unwrap();

        let kids: Vec<_> = set.keys.iter().filter_map(|key| key.kid.as_deref()).collect();
        assert_eq!(kids, ["1", "2"]);
        assert!(serde_json::from_value::<JwkSet>(document).is_err(), "registration is not so lenient");
    }

    #[test]
    fn a_foreign_set_that_is_unsound_is_refused() {
        for document in
            ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":[{"kid":"a","kid":"b"}]}"#]
        {
            assert_eq!(JwkSet::parse(document.as_bytes()), Err(BadKeySet::NotAKeySet), "{document}");
        }
        let many = json!({"keys": vec![a_p256_key(); MAX_KEYS + 1]}).to_string();
        assert_eq!(JwkSet::parse(many.as_bytes()), Err(BadKeySet::TooManyKeys));
    }
}
