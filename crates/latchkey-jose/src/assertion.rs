//! Assertions as others really send them: read without trust, and matched against the keys that were registered for whoever signs.
//! [RFC 7521 §4.2], [RFC 7523 §3]
//!
//! Whoever reads one strictly gets what [RFC 7519] allows and nothing more. The tolerant way is for clients of the Microsoft world, whose
//! libraries pad base64url, write times as texts or fractions, and send certificates along. Either way the signature is checked over the
//! bytes that came, and no key is ever taken from the assertion itself.

use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::claims::{whole_seconds, written_seconds};
use crate::compact::Compact;
use crate::mac::MacAlgorithm;
use crate::verify::is_type;
use crate::{Algorithm, Timestamp, VerifyingKey, base64url, json};

/// What an assertion may say that it is, if it says so: any other kind of token is for something else. [RFC 8725 §3.11]
const TYPES: [&str; 2] = ["JWT", "client-authentication+jwt"];

/// How closely an assertion is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// As the specifications say.
    Strict,
    /// As the clients of the Microsoft world write.
    Tolerant,
}

/// An assertion that was read and not believed. `A` is what it names its algorithm among.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assertion<A = Algorithm> {
    signed: String,
    signature: Vec<u8>,
    /// The algorithm that it names.
    pub algorithm: A,
    /// The key that it names.
    pub kid: Option<String>,
    /// The SHA-1 thumbprint of the certificate that it names.
    pub x5t: Option<Vec<u8>>,
    /// The SHA-256 thumbprint of the certificate that it names.
    pub x5t_s256: Option<Vec<u8>>,
    /// What it claims.
    pub claims: AssertionClaims,
    /// All that it says, as it says it.
    pub members: Map<String, Value>,
}

/// What an assertion claims. Times are whole seconds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "named by RFC 7519 §4.1")]
pub struct AssertionClaims {
    pub iss: Option<String>,
    pub sub: Option<String>,
    pub aud: Vec<String>,
    /// Whether `aud` came as a list.
    pub aud_is_list: bool,
    pub exp: Option<Timestamp>,
    pub nbf: Option<Timestamp>,
    pub iat: Option<Timestamp>,
    pub jti: Option<String>,
}

/// The text is no assertion that we read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a signed JWT with an algorithm of ours")]
pub struct NotAnAssertion;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Assertion {
    /// Reads an assertion. Nothing of it is believed before [`Self::is_signed_by`] says so.
    pub fn read(text: &str, reading: Reading) -> Result<Self, NotAnAssertion> {
        Self::parse(text, reading, &TYPES)
    }

    /// Reads an assertion strictly if that can be done, else tolerantly, and says which of the two it was.
    pub fn read_closely(text: &str) -> Result<(Self, Reading), NotAnAssertion> {
        match Self::read(text, Reading::Strict) {
            Ok(strict) => Ok((strict, Reading::Strict)),
            Err(NotAnAssertion) => Self::read(text, Reading::Tolerant).map(|tolerant| (tolerant, Reading::Tolerant)),
        }
    }

    /// Reads a token of another kind that somebody else signed. `types` are what its `typ` may be, if it has one, each without `application/`.
    pub fn read_as(text: &str, reading: Reading, types: &[&str]) -> Result<Self, NotAnAssertion> {
        Self::parse(text, reading, types)
    }

    /// Whether the owner of this key signed it.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.algorithm() == self.algorithm && key.accepts(self.signed.as_bytes(), &self.signature)
    }
}

impl Assertion<MacAlgorithm> {
    /// Reads an assertion that a shared secret authenticates, and none that is signed. Nothing of it is believed before
    /// [`Self::is_authenticated_by`] says so.
    pub fn read_authenticated(text: &str, reading: Reading) -> Result<Self, NotAnAssertion> {
        Self::parse(text, reading, &TYPES)
    }

    /// Whether somebody made it who has this secret.
    pub fn is_authenticated_by(&self, secret: &[u8]) -> bool {
        self.algorithm.accepts(secret, self.signed.as_bytes(), &self.signature)
    }
}

impl<A: FromStr> Assertion<A> {
    fn parse(text: &str, reading: Reading, types: &[&str]) -> Result<Self, NotAnAssertion> {
        let Compact { signed, header, payload, signature } = Compact::split(text).map_err(|_| NotAnAssertion)?;
        let (header, payload) = (decode(header, reading)?, decode(payload, reading)?);
        json::check_object(&header).map_err(|_| NotAnAssertion)?;
        json::check_object(&payload).map_err(|_| NotAnAssertion)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| NotAnAssertion)?;
        // A key that comes along is looked at by nobody; what would have to be understood is refused.
        let refused: &[&str] = match reading {
            Reading::Strict => &["crit", "b64", "jku", "jwk", "x5u", "x5c"],
            Reading::Tolerant => &["crit", "b64"],
        };
        if refused.iter().any(|name| header.others.contains_key(*name)) {
            return Err(NotAnAssertion);
        }
        if header.typ.is_some() && !types.iter().any(|expected| is_type(header.typ.as_deref(), expected)) {
            return Err(NotAnAssertion);
        }
        let payload: Map<String, Value> = serde_json::from_slice(&payload).map_err(|_| NotAnAssertion)?;
        let thumbprint = |text: Option<String>| text.map(|text| decode(&text, Reading::Tolerant)).transpose();
        Ok(Self {
            signature: decode(signature, reading)?,
            signed: signed.to_owned(),
            algorithm: header.alg.parse().map_err(|_| NotAnAssertion)?,
            kid: header.kid,
            x5t: thumbprint(header.x5t)?,
            x5t_s256: thumbprint(header.x5t_s256)?,
            claims: claims(&payload, reading)?,
            members: payload,
        })
    }
}

fn decode(part: &str, reading: Reading) -> Result<Vec<u8>, NotAnAssertion> {
    if reading == Reading::Strict {
        return base64url::decode(part).map_err(|_| NotAnAssertion);
    }
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if part.contains(['+', '/']) { &STANDARD } else { &URL_SAFE };
    GeneralPurpose::new(alphabet, lenient).decode(part).map_err(|_| NotAnAssertion)
}

fn claims(payload: &Map<String, Value>, reading: Reading) -> Result<AssertionClaims, NotAnAssertion> {
    let text = |name: &str| match payload.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(NotAnAssertion),
    };
    let time = |name: &str| payload.get(name).map(|value| seconds(value, reading).ok_or(NotAnAssertion)).transpose();
    let aud = match payload.get("aud") {
        None => Vec::new(),
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => {
            let texts = many.iter().map(|one| one.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or(NotAnAssertion)?
        }
        Some(_) => return Err(NotAnAssertion),
    };
    Ok(AssertionClaims {
        iss: text("iss")?,
        sub: text("sub")?,
        aud_is_list: matches!(payload.get("aud"), Some(Value::Array(_))),
        aud,
        exp: time("exp")?,
        nbf: time("nbf")?,
        iat: time("iat")?,
        jti: text("jti")?,
    })
}

/// A time in whole seconds. A text is none by [RFC 7519 §2], but some clients write one.
fn seconds(value: &Value, reading: Reading) -> Option<Timestamp> {
    let secs = match (value, reading) {
        (Value::Number(number), _) => whole_seconds(number)?,
        (Value::String(text), Reading::Tolerant) => written_seconds(text)?,
        _ => return None,
    };
    // Until the year 9999; what is beyond is nobody's clock.
    (0..=253_402_300_799).contains(&secs).then(|| Timestamp::from_secs(secs))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::SigningKey;
    use crate::verify::MAX_TOKEN_LEN;

    fn signed(key: &SigningKey, header: &Value, payload: &Value, padded: bool) -> String {
        let encode = |bytes: &[u8]| {
            let text = base64url::encode(bytes);
            let padding = if padded { (4 - text.len() % 4) % 4 } else { 0 };
            text + &"=".repeat(padding)
        };
        let start = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.to_string().as_bytes()));
        let signature = key.sign(start.as_bytes()).unwrap();
        format!("{start}.{}", encode(&signature))
    }

    fn payload() -> Value {
        json!({"iss": "c", "sub": "c", "aud": "https://id.test/token", "exp": 1_600, "iat": 1_000, "jti": "one"})
    }

    #[test]
    fn every_algorithm_is_read_and_only_its_own_key_signed_it() {
        for algorithm in Algorithm::ALL {
            let (key, other) = (SigningKey::generate(algorithm).unwrap(), SigningKey::generate(algorithm).unwrap());
            let text = signed(&key, &json!({"alg": algorithm.name(), "typ": "JWT"}), &payload(), false);
            for reading in [Reading::Strict, Reading::Tolerant] {
                let assertion = Assertion::read(&text, reading).unwrap();
                assert!(assertion.is_signed_by(&key.verifying_key().unwrap()), "{algorithm}");
                assert!(!assertion.is_signed_by(&other.verifying_key().unwrap()), "{algorithm}");
                assert_eq!(assertion.claims.exp, Some(Timestamp::from_secs(1_600)));
            }
        }
    }

    #[test]
    fn what_microsofts_clients_write_is_read_tolerantly_only() {
        let key = SigningKey::generate(Algorithm::Ps256).unwrap();
        let usual = json!({"alg": "PS256", "typ": "JWT"});
        let with = |header: Value, name: &str, value: Value| {
            let mut payload = payload();
            if !name.is_empty() {
                payload[name] = value;
            }
            (header, payload)
        };
        let x5c = json!({"alg": "PS256", "x5c": "MIIC\nabc", "x5t#S256": "3q2-7w=="});
        for ((header, payload), padded) in [
            (with(usual.clone(), "exp", json!("1600")), false),
            (with(x5c, "", Value::Null), false),
            (with(usual.clone(), "", Value::Null), true),
        ] {
            let text = signed(&key, &header, &payload, padded);
            assert_eq!(Assertion::read(&text, Reading::Strict), Err(NotAnAssertion), "{header} {payload}");
            let assertion = Assertion::read(&text, Reading::Tolerant).unwrap();
            assert_eq!(Assertion::read_closely(&text), Ok((assertion.clone(), Reading::Tolerant)));
            assert!(assertion.is_signed_by(&key.verifying_key().unwrap()), "{header} {payload}");
            assert_eq!(assertion.claims.exp, Some(Timestamp::from_secs(1_600)));
        }
        let text = signed(&key, &usual, &with(usual.clone(), "exp", json!(1_600.966)).1, false);
        let assertion = Assertion::read(&text, Reading::Strict).unwrap();
        assert_eq!(assertion.claims.exp, Some(Timestamp::from_secs(1_600)), "a fraction is a NumericDate");
        assert_eq!(Assertion::read_closely(&text), Ok((assertion, Reading::Strict)));
    }

    #[test]
    fn what_is_no_assertion_is_refused() {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        for (header, payload) in [
            (json!({"alg": "none"}), payload()),
            (json!({"alg": "HS256"}), payload()),
            (json!({"alg": "EdDSA", "crit": ["x"]}), payload()),
            (json!({"alg": "EdDSA", "b64": false}), payload()),
            (json!({"alg": "EdDSA", "typ": "at+jwt"}), payload()),
            (json!({"alg": "EdDSA"}), json!({"aud": [1]})),
            (json!({"alg": "EdDSA"}), json!({"exp": true})),
            (json!({"alg": "EdDSA"}), json!({"exp": -1})),
            (json!({"alg": "EdDSA"}), json!({"exp": 1e300})),
            (json!({"alg": "EdDSA"}), json!([])),
        ] {
            let text = signed(&key, &header, &payload, false);
            assert_eq!(Assertion::read(&text, Reading::Tolerant), Err(NotAnAssertion), "{header} {payload}");
        }
        for text in ["", "a.b", "a.b.c", "e30.e30.", "e30.e30.e30.e30", &"a".repeat(MAX_TOKEN_LEN + 1)] {
            assert_eq!(Assertion::read(text, Reading::Tolerant), Err(NotAnAssertion), "{text:.20}");
        }
    }
}
