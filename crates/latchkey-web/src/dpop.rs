//! DPoP proofs as requests bring them, and nonces as answers do. [RFC 9449]

use std::sync::{Mutex, PoisonError};

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use latchkey_identity::client::{Client, Profile};
use latchkey_identity::dpop::nonce::Nonces;
use latchkey_identity::dpop::replay::Replays;
use latchkey_identity::dpop::{self, DpopError, Fitting, ProvenKey, ProvenRequest};
use latchkey_identity::secret::PurposeKey;
use latchkey_identity::{OAuthError, Timestamp};
use latchkey_store::Store;

use crate::app::App;
use crate::identity::problem::OAuthProblem;
use crate::settings::Origin;
use crate::visitor::CameToAlias;

/// What a proof comes in.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");
/// What a nonce comes in.
pub const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The proofs of the last minutes, and the nonces for the next ones.
pub struct Proofs {
    nonces: Nonces,
    replays: Mutex<Replays>,
}

impl Proofs {
    /// With nonces that are derived with this key, from when the server starts.
    pub fn new(key: &PurposeKey, now: Timestamp) -> Self {
        Self { nonces: Nonces::new(key.clone(), now), replays: Mutex::default() }
    }

    /// The proof that a request brings, if it brings one and it fits. It does not count until it is [used](Self::used).
    ///
    /// `client` is who asks, as far as that is known: some have to prove with a nonce of ours.
    pub fn fitting(
        &self,
        parts: &Parts,
        access_token: Option<&str>,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<Option<Fitting>, DpopError> {
        let Some(proof) = proof(&parts.headers)? else { return Ok(None) };
        let alias = parts.extensions.get::<CameToAlias>().map(|CameToAlias(url)| url);
        let origin = alias.or(parts.extensions.get::<Origin>().map(|origin| &origin.url)).map_or("", |url| url);
        let request = ProvenRequest {
            method: parts.method.as_str(),
            origin,
            path: parts.uri.path(),
            access_token,
            nonce_required: client.is_some_and(|client| client.profile == Profile::Fapi2),
        };
        dpop::check(proof, request, &self.nonces, now).map(Some)
    }

    /// Uses up a proof that a client shows beside its credential to get something, at every server that shares the database. [RFC 9449 §11.1]
    pub async fn used_everywhere(
        &self,
        store: &Store,
        proof: Fitting,
        now: Timestamp,
    ) -> Result<ProvenKey, OAuthProblem> {
        let key = self.used(proof, now).map_err(OAuthError::from)?;
        if store.is_shared() && store.spend(proof.spends(now)).await?.is_none() {
            return Err(OAuthError::from(DpopError::used_before()).into());
        }
        Ok(key)
    }

    /// Uses a proof up at this server.
    pub fn used(&self, proof: Fitting, now: Timestamp) -> Result<ProvenKey, DpopError> {
        proof.used(&mut self.replays.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

/// The one proof in the headers.
fn proof(headers: &HeaderMap) -> Result<Option<&str>, DpopError> {
    let mut all = headers.get_all(DPOP).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(proof), None) => {
            proof.to_str().map(Some).map_err(|_| DpopError::Invalid("the DPoP proof is not text".into()))
        }
        (Some(_), Some(_)) => Err(DpopError::Invalid("there is more than one DPoP proof".into())),
    }
}

/// Gives whoever proves with DPoP the nonce of this moment. [RFC 9449 §8.2]
pub fn offer_nonce(app: &App, asked: &HeaderMap, answer: &mut HeaderMap, now: Timestamp) {
    if asked.contains_key(DPOP)
        && let Ok(nonce) = HeaderValue::from_str(&app.proofs.nonces.current(now))
    {
        answer.insert(NONCE, nonce);
    }
}

/// What proofs may be signed with, as challenges list it. [RFC 9449 §7.1]
pub fn algorithms() -> String {
    dpop::ALGORITHMS.map(latchkey_jose::Algorithm::name).join(" ")
}
