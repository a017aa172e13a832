//! Registering providers, by page, command and admin API alike: secrets are encrypted before a rule sees them.

use latchkey_identity::account::Account;
use latchkey_identity::key_rotation::Sealed;
use latchkey_identity::sign_in::upstream::pending::redirect_uri;
use latchkey_identity::sign_in::upstream::registration::{
    Facts, NewSecret, Registration, UpstreamProblem, add, change, check_secret, fresh_id, remove, sealing_context,
};
use latchkey_identity::sign_in::upstream::{Upstream, UpstreamId};
use latchkey_identity::{Decision, Timestamp};
use latchkey_store::StoreError;

use crate::app::{App, entropy};

/// Who registers, when, and how the record calls where they are.
pub struct Registrar<'a> {
    /// Who, of the tenant that it is about.
    pub by: &'a Account,
    /// When.
    pub now: Timestamp,
    /// Puts on record where it came from.
    pub seen: &'a (dyn Fn(Decision<Upstream, UpstreamProblem>) -> Decision<Upstream, UpstreamProblem> + Sync),
}

/// What becomes of the secret, as it was typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypedSecret<'a> {
    /// It stays as it is.
    Keep,
    /// There is none.
    OwnKey,
    /// This one.
    Is(&'a str),
}

impl<'a> TypedSecret<'a> {
    /// As it was typed, in a form or a document; `otherwise` if nothing was.
    pub fn read(typed: Option<&'a str>, otherwise: Self) -> Self {
        typed.filter(|typed| !typed.is_empty()).map_or(otherwise, Self::Is)
    }
}

impl App {
    /// Where a provider sends people back to, one at each of our origins: what is registered there.
    pub fn redirect_uris_of(&self, upstream: UpstreamId) -> Vec<String> {
        self.settings.origins.iter().map(|origin| redirect_uri(&origin.url, upstream)).collect()
    }

    /// Adds a provider to the registrar's tenant. Without a secret we sign with a key of our own there.
    pub async fn add_upstream(
        &self,
        typed: &Registration,
        secret: TypedSecret<'_>,
        registrar: Registrar<'_>,
    ) -> Result<Result<Upstream, UpstreamProblem>, StoreError> {
        let Registrar { by, now, .. } = registrar;
        let id = fresh_id(&mut entropy());
        let secret = match self.sealed(id, secret) {
            Ok(NewSecret::Sealed(sealed)) => Some(sealed),
            Ok(NewSecret::Keep | NewSecret::OwnKey) => None,
            Err(problem) => return Ok(Err(problem)),
        };
        self.decide_upstream(registrar, |facts| add(typed, id, secret.clone(), facts, by, now)).await
    }

    /// Changes a provider of the registrar's tenant.
    pub async fn change_upstream(
        &self,
        id: UpstreamId,
        typed: &Registration,
        secret: TypedSecret<'_>,
        registrar: Registrar<'_>,
    ) -> Result<Result<Upstream, UpstreamProblem>, StoreError> {
        let Registrar { by, now, .. } = registrar;
        let secret = match self.sealed(id, secret) {
            Ok(secret) => secret,
            Err(problem) => return Ok(Err(problem)),
        };
        self.decide_upstream(registrar, |facts| change(typed, id, secret.clone(), facts, by, now)).await
    }

    /// Removes a provider of the registrar's tenant.
    pub async fn remove_upstream(
        &self,
        id: UpstreamId,
        registrar: Registrar<'_>,
    ) -> Result<Result<Upstream, UpstreamProblem>, StoreError> {
        let Registrar { by, now, seen } = registrar;
        self.store.decide(async || Ok(seen(remove(id, &self.store.upstreams_of(by.tenant).await?, by, now)))).await
    }

    /// Decides about a provider of the registrar's tenant by what is there.
    async fn decide_upstream(
        &self,
        registrar: Registrar<'_>,
        rule: impl Fn(Facts<'_>) -> Decision<Upstream, UpstreamProblem>,
    ) -> Result<Result<Upstream, UpstreamProblem>, StoreError> {
        let Registrar { by, seen, .. } = registrar;
        let origins = self.settings.origin_urls();
        let Some(tenant) = self.store.tenant(by.tenant).await? else { return Ok(Err(UpstreamProblem::NotYours)) };
        self.store
            .decide(async || {
                let present = self.store.upstreams_of(tenant.id).await?;
                Ok(seen(rule(Facts { tenant: &tenant, present: &present, origins: &origins })))
            })
            .await
    }

    fn sealed(&self, id: UpstreamId, secret: TypedSecret<'_>) -> Result<NewSecret, UpstreamProblem> {
        Ok(match secret {
            TypedSecret::Keep => NewSecret::Keep,
            TypedSecret::OwnKey => NewSecret::OwnKey,
            TypedSecret::Is(secret) => {
                check_secret(secret)?;
                let sealed = self.keys.upstream.seal(secret.as_bytes(), &sealing_context(id));
                NewSecret::Sealed(Sealed(sealed.ok_or(UpstreamProblem::Secret)?))
            }
        })
    }
}
