//! Verifying a JSON Web Token: strict in everything, because whoever made it may be against us. [RFC 7519 §7.2], [RFC 8725]

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::compact::{self, Compact};
use crate::json::{Present, present};
use crate::{Algorithm, Claims, KeySet};

/// The longest token that is looked at: more does not fit into a request header anywhere.
pub const MAX_TOKEN_LEN: usize = 16 * 1024;

/// In a list of expected types: a token that states no type at all.
pub const NO_TYP: &str = "";

/// Proof that a token was signed by one of the keys it was verified with, is of an expected type and is well-formed. Only [`verify`]
/// makes one. Whether it is valid now, and for the reader, its [`Claims`] tell when asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified<T> {
    registered: Claims,
    claims: T,
}

impl<T> Verified<T> {
    /// The registered claims.
    pub fn registered(&self) -> &Claims {
        &self.registered
    }

    /// The claims in the shape that the caller asked for.
    pub fn claims(&self) -> &T {
        &self.claims
    }

    /// The claims in the shape that the caller asked for, without the proof.
    pub fn into_claims(self) -> T {
        self.claims
    }
}

/// Why a token is not accepted. The reasons repeat nothing that the token says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VerifyError {
    /// Longer than [`MAX_TOKEN_LEN`].
    #[error("the token is longer than {MAX_TOKEN_LEN} bytes")]
    TooLong,
    /// Not header, payload and signature.
    #[error("the token does not have three parts")]
    NotThreeParts,
    /// A part is not canonical base64url.
    #[error("a part of the token is not base64url without padding")]
    NotBase64Url,
    /// The header is not a JSON object with `alg`, or a member has another type than its own.
    #[error("the token's header is malformed")]
    MalformedHeader,
    /// The payload is not a JSON object.
    #[error("the token's payload is not a JSON object")]
    MalformedPayload,
    /// An object in header or payload has a member twice.
    #[error("the token has a member twice")]
    DuplicateMember,
    /// The header asks the reader to do as the token says.
    #[error("the token's header contains {0}, which is not accepted")]
    ForbiddenHeader(&'static str),
    /// `alg` is none of ours: `none`, HMAC, or unknown.
    #[error("the token's algorithm is not accepted")]
    UnsupportedAlgorithm,
    /// `typ` is not among those expected.
    #[error("the token is of another type")]
    WrongType,
    /// No key has this name, or the token names none.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The token was to bring its own public key, and brings none that we verify with, or a private one.
    #[error("the token does not bring a public key that can be used")]
    NoOwnKey,
    /// The key is for another algorithm than the token states.
    #[error("the token's algorithm is not that of its key")]
    AlgorithmMismatch,
    /// The signature is not that of the key.
    #[error("the token's signature is wrong")]
    WrongSignature,
    /// A registered claim has another type than its own.
    #[error("a registered claim of the token has the wrong type")]
    WrongClaimType,
    /// The claims do not have the shape that the caller asked for.
    #[error("the token's claims are not those of a token of its type")]
    WrongShape,
}

/// Verifies a token against the keys that may have signed it. `expected_typ` lists the types that the caller can use; the media type
/// prefix `application/` may be left out and letter case does not matter. [RFC 7515 §4.1.9]
///
/// Times, issuer and audience are for the caller to check on [`Verified::registered`].
pub fn verify<T: DeserializeOwned>(
    token: &str,
    keys: &KeySet,
    expected_typ: &[&str],
) -> Result<Verified<T>, VerifyError> {
    let payload = payload(token, keys, expected_typ)?;
    let registered = serde_json::from_slice(&payload).map_err(|_| VerifyError::WrongClaimType)?;
    let claims = serde_json::from_slice(&payload).map_err(|_| VerifyError::WrongShape)?;
    Ok(Verified { registered, claims })
}

/// The same for a token whose every claim, registered or not, is a member of `T`.
pub fn verify_whole<T: DeserializeOwned>(token: &str, keys: &KeySet, expected_typ: &[&str]) -> Result<T, VerifyError> {
    let payload = payload(token, keys, expected_typ)?;
    serde_json::from_slice(&payload).map_err(|_| VerifyError::WrongShape)
}

/// The claims of a token whose signature holds, as they were signed: one JSON object without a member named twice.
fn payload(token: &str, keys: &KeySet, expected_typ: &[&str]) -> Result<Vec<u8>, VerifyError> {
    let token = Compact::split(token)?;
    let header: Header = token.header()?;
    header.check()?;
    if !expected_typ.iter().any(|expected| is_type(header.typ.as_deref(), expected)) {
        return Err(VerifyError::WrongType);
    }

    let algorithm: Algorithm = header.alg.parse().map_err(|_| VerifyError::UnsupportedAlgorithm)?;
    let mut named = keys.named(header.kid.as_deref()).peekable();
    named.peek().ok_or(VerifyError::UnknownKey)?;
    let key = named.find(|key| key.algorithm() == algorithm).ok_or(VerifyError::AlgorithmMismatch)?;
    if !key.accepts(token.signed.as_bytes(), &token.signature()?) {
        return Err(VerifyError::WrongSignature);
    }
    token.payload()
}

/// What of a header we read, and what we refuse to see in one.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(default)]
    crit: Present,
    #[serde(default)]
    b64: Present,
    #[serde(default)]
    jku: Present,
    #[serde(default)]
    jwk: Present,
    #[serde(default)]
    x5u: Present,
    #[serde(default)]
    x5c: Present,
}

impl Header {
    /// A token does not bring its own key, and there is no extension that we understand.
    fn check(&self) -> Result<(), VerifyError> {
        compact::forbid([
            ("crit", &self.crit),
            ("b64", &self.b64),
            ("jku", &self.jku),
            ("jwk", &self.jwk),
            ("x5u", &self.x5u),
            ("x5c", &self.x5c),
        ])
    }
}

/// Whether a token's `typ`, if it states one, is the expected one. [RFC 7515 §4.1.9]
pub(crate) fn is_type(typ: Option<&str>, expected: &str) -> bool {
    match typ {
        None => expected == NO_TYP,
        Some(typ) => !expected.is_empty() && bare(typ).eq_ignore_ascii_case(bare(expected)),
    }
}

/// A media type without `application/`, unless more slashes follow. [RFC 7515 §4.1.9]
fn bare(typ: &str) -> &str {
    match typ.split_once('/') {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application") && !rest.contains('/') => rest,
        _ => typ,
    }
}

#[cfg(test)]
mod tests;
