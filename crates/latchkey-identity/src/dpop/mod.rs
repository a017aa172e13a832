//! DPoP: whoever asks shows with each request that they hold a key, and a token that is bound to the key is worth nothing without it.
//! [RFC 9449]

pub mod nonce;
pub mod replay;
mod target;

use std::time::Duration;

use latchkey_jose::{Algorithm, verify_proof};
use serde::Deserialize;

use crate::client::fapi2;
use crate::client_auth::Spent;
use crate::dpop::nonce::Nonces;
use crate::dpop::replay::{Replayed, Replays};
use crate::error::OAuthError;
use crate::secret::{TokenHash, sha256};
use crate::time::Timestamp;
use crate::token::confirmation::{Confirmation, Thumbprint};

/// What proofs may be signed with: what FAPI 2.0 allows, since no client needs another for a key of its own.
pub const ALGORITHMS: [Algorithm; 3] = fapi2::ALGORITHMS;

/// The `typ` of a proof.
const TYP: &str = "dpop+jwt";
/// A proof is made for one request, so one that is older was kept back by somebody.
const OLDEST: Duration = Duration::from_secs(60);
/// Clocks differ.
const EARLIEST: Duration = Duration::from_secs(10);
/// Bytes of a `jti`: any identifier that clients make is shorter.
const JTI_BYTES: usize = 512;

/// The request that a proof has to be for.
#[derive(Clone, Copy, Debug)]
pub struct ProvenRequest<'a> {
    /// Its method.
    pub method: &'a str,
    /// The origin that it came to.
    pub origin: &'a str,
    /// Its path, without query.
    pub path: &'a str,
    /// The access token that it presents.
    pub access_token: Option<&'a str>,
    /// Whether a proof that anybody could have prepared is refused: then it carries a nonce of ours.
    pub nonce_required: bool,
}

/// Why a proof proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DpopError {
    /// It is missing, malformed, for another request, too old, or was used before.
    #[error("{0}")]
    Invalid(String),
    /// It has to carry the nonce that the answer brings. [RFC 9449 §8]
    #[error("the DPoP proof has to carry the nonce of this answer")]
    UseNonce,
    /// More proofs come in than can be remembered.
    #[error("too many DPoP proofs come in at once")]
    Busy,
}

impl DpopError {
    fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }

    /// It was used before, here or at another server.
    pub fn used_before() -> Self {
        Self::invalid("the DPoP proof was used before")
    }

    /// The registered code. [RFC 9449 §12.2]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_dpop_proof",
            Self::UseNonce => "use_dpop_nonce",
            Self::Busy => "temporarily_unavailable",
        }
    }
}

impl From<DpopError> for OAuthError {
    fn from(error: DpopError) -> Self {
        let description = error.to_string();
        match error {
            DpopError::Invalid(_) => Self::invalid_dpop_proof(description),
            DpopError::UseNonce => Self::use_dpop_nonce(description),
            DpopError::Busy => Self::temporarily_unavailable(description),
        }
    }
}

/// A proof that fits its request. It counts once: see [`Fitting::used`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fitting {
    key: Thumbprint,
    once: TokenHash,
}

/// Proof that whoever asks holds a key at this moment. Only [`Fitting::used`] makes one, and a handshake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProvenKey(Confirmation);

impl ProvenKey {
    /// The key of a certificate that signed the handshake of this request's connection. [RFC 8705 §3]
    pub fn of_certificate(certificate: Thumbprint) -> Self {
        Self(Confirmation::Certificate(certificate))
    }

    /// What a token is bound to by it.
    pub fn confirmation(self) -> Confirmation {
        self.0
    }
}

#[derive(Deserialize)]
struct Claims {
    htm: String,
    htu: String,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

/// Checks a proof against the request that brought it. [RFC 9449 §4.3]
pub fn check(proof: &str, request: ProvenRequest<'_>, nonces: &Nonces, now: Timestamp) -> Result<Fitting, DpopError> {
    let wrong = |error| DpopError::invalid(format!("the DPoP proof is not accepted: {error}"));
    let proof = verify_proof::<Claims>(proof, TYP, &ALGORITHMS).map_err(wrong)?;
    let (claims, registered) = (proof.claims(), proof.registered());
    let jti = registered.jti.as_deref().filter(|jti| (1..=JTI_BYTES).contains(&jti.len()));
    let jti = jti.ok_or_else(|| DpopError::invalid("the DPoP proof has no jti, or one that is too long"))?;
    let iat = registered.iat.ok_or_else(|| DpopError::invalid("the DPoP proof has no iat"))?;
    if claims.htm != request.method {
        return Err(DpopError::invalid("htm of the DPoP proof is not the method of the request"));
    }
    if !target::is_same(&claims.htu, request.origin, request.path) {
        return Err(DpopError::invalid("htu of the DPoP proof is not the URL of the request"));
    }
    match (request.access_token, &claims.ath) {
        (None, _) => {}
        (Some(token), Some(ath)) if Thumbprint::parse(ath) == Some(Thumbprint(sha256(token))) => {}
        (Some(_), _) => return Err(DpopError::invalid("ath of the DPoP proof is not the hash of the access token")),
    }
    if registered.nbf.is_some_and(|begins| begins > now + EARLIEST)
        || registered.exp.is_some_and(|ends| ends + EARLIEST <= now)
    {
        return Err(DpopError::invalid("the DPoP proof does not hold yet, or no longer"));
    }
    let made_at = match &claims.nonce {
        // It tells when the proof was made better than any clock of the client. [RFC 9449 §8]
        Some(nonce) => nonces.given_at(nonce, now).ok_or(DpopError::UseNonce)?,
        None if iat + OLDEST < now.floor_to_secs() || iat > now + EARLIEST => {
            return Err(DpopError::invalid("iat of the DPoP proof is not this moment"));
        }
        None if request.nonce_required => return Err(DpopError::UseNonce),
        None => iat,
    };
    if nonces.may_be_forgotten(made_at) {
        return Err(DpopError::UseNonce);
    }
    let key = Thumbprint::of(proof.key());
    Ok(Fitting { key, once: replay::once(key, jti) })
}

impl Fitting {
    /// The key of the proof.
    pub fn thumbprint(self) -> Thumbprint {
        self.key
    }

    /// What it spends where several servers share a database.
    pub fn spends(self, now: Timestamp) -> Spent {
        Spent { hash: self.once, until: now + Duration::from_secs(replay::KEEP_SECS.unsigned_abs()) }
    }

    /// Uses the proof up. Call it last: whoever is refused for another reason is not remembered. [RFC 9449 §11.1]
    pub fn used(self, replays: &mut Replays, now: Timestamp) -> Result<ProvenKey, DpopError> {
        match replays.note(self.once, now) {
            Ok(()) => Ok(ProvenKey(Confirmation::Key(self.key))),
            Err(Replayed::Before) => Err(DpopError::used_before()),
            Err(Replayed::Full) => Err(DpopError::Busy),
        }
    }
}

#[cfg(test)]
mod tests;
