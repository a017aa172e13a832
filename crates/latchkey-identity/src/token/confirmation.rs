//! The key that a token is bound to: whoever presents the token shows that they hold it. [RFC 7800 §3.1]

use std::fmt;

use latchkey_jose::{PublicKey, base64url, thumbprint};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The SHA-256 of a public key ([RFC 7638]) or of a certificate ([RFC 8705 §3.1]).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Thumbprint(pub [u8; 32]);

impl Thumbprint {
    /// That of a public key.
    pub fn of(key: &PublicKey) -> Self {
        // It is the base64url form of 32 bytes, always.
        Self(base64url::decode_exactly(&thumbprint::thumbprint(key)).unwrap_or_default())
    }

    /// Reads the base64url form: 43 characters.
    pub fn parse(text: &str) -> Option<Self> {
        base64url::decode_exactly(text).ok().map(Self)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(self.0))
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a thumbprint"))
    }
}

/// The `cnf` claim: what a token is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Confirmation {
    /// A key that DPoP proofs are signed with. [RFC 9449 §6.1]
    #[serde(rename = "jkt")]
    Key(Thumbprint),
    /// A certificate that the client shows when it shakes hands. [RFC 8705 §3.1]
    #[serde(rename = "x5t#S256")]
    Certificate(Thumbprint),
}

impl Confirmation {
    /// The text that it is kept as: how the claim says it.
    pub fn to_stored(self) -> String {
        match self {
            Self::Key(key) => format!("jkt {key}"),
            Self::Certificate(certificate) => format!("x5t#S256 {certificate}"),
        }
    }

    /// Takes one from storage.
    pub fn from_stored(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("jkt", key) => Thumbprint::parse(key).map(Self::Key),
            ("x5t#S256", certificate) => Thumbprint::parse(certificate).map(Self::Certificate),
            _ => None,
        }
    }

    /// The `token_type` of an access token: how it is presented.
    pub fn token_type(of: Option<Self>) -> &'static str {
        match of {
            None | Some(Self::Certificate(_)) => "Bearer",
            Some(Self::Key(_)) => "DPoP",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claim_is_written_as_the_specification_writes_it() {
        for member in ["jkt", "x5t#S256"] {
            let text = format!(r#"{{"{member}":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}"#);
            let claim: Confirmation = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&claim).unwrap(), text);
            assert_eq!(Confirmation::from_stored(&claim.to_stored()), Some(claim));
        }
        for other in ["{}", r#"{"jkt":"AA"}"#, r#"{"kid":"a"}"#, r#"{"jkt":null}"#, "null"] {
            assert!(serde_json::from_str::<Confirmation>(other).is_err(), "{other}");
        }
    }
}
