//! Clients that describe themselves: their documents are fetched at the endpoints where new clients come in, kept, and asked for again now and
//! then. Everywhere else there is only the client. [Client ID Metadata Document §5]

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderMap};
use latchkey_identity::authorize::Untrusted;
use latchkey_identity::client::metadata_document::{
    self, ClientDocument, DOCUMENT_BYTES, Described, NO_SOONER_THAN, NotDescribed, Purpose, Standing,
};
use latchkey_identity::client::{Client, ClientId, ClientIdentifier, DocumentUrl};
use latchkey_identity::event::Event;
use latchkey_identity::tenant::{Audience, TenantId};
use latchkey_identity::throttle::Wait;
use latchkey_identity::{OAuthError, Timestamp};
use latchkey_store::StoreError;
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use crate::app::{App, entropy};
use crate::extract;
use crate::identity::problem::OAuthProblem;
use crate::outbound::OutboundError;

/// Clients of which it is remembered when their document came. One that is used again costs one read.
const CAPACITY: usize = 1_024;

/// What is known of the documents of clients. One request at a time asks for one of them; others wait for its answer.
pub struct ClientDocuments(Cache<ClientId, Arc<Mutex<Known>>>);

impl Default for ClientDocuments {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

#[derive(Default)]
struct Known {
    document: Option<ClientDocument>,
    tried_at: Option<Timestamp>,
}

/// Why nobody knows a client that describes itself.
#[derive(Debug, thiserror::Error)]
pub enum Undescribed {
    /// The tenant does not let such clients in, or none was named.
    #[error("apps that describe themselves are not let in here")]
    NotHere,
    /// Too many documents were asked for from one network.
    #[error("too many documents of apps were asked for from here")]
    TooMany(Duration),
    /// Nothing came.
    #[error("the document at client_id could not be fetched: {0}")]
    NotFetched(#[from] OutboundError),
    /// What came is not JSON, by its own word.
    #[error("the document at client_id is not served as JSON")]
    NotJson,
    /// What came does not stand for a client.
    #[error("the document at client_id is not acceptable: {0}")]
    NotTaken(#[from] NotDescribed),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Undescribed {
    /// Whether it is an outage, which ends by itself, and nothing that the client says.
    fn is_outage(&self) -> bool {
        match self {
            Self::NotFetched(OutboundError::Status(status)) => {
                !matches!(*status, StatusCode::NOT_FOUND | StatusCode::GONE) && !status.is_redirection()
            }
            Self::NotFetched(_) | Self::TooMany(_) => true,
            Self::NotHere | Self::NotJson | Self::NotTaken(_) | Self::Store(_) => false,
        }
    }

    /// What a person is told.
    pub fn untrusted(self) -> Result<Untrusted, StoreError> {
        match self {
            Self::NotHere => Ok(Untrusted::NoDescribedClients),
            Self::TooMany(_) | Self::NotFetched(_) => Ok(Untrusted::DocumentNotFetched),
            Self::NotJson | Self::NotTaken(_) => Ok(Untrusted::DocumentNotTaken),
            Self::Store(error) => Err(error),
        }
    }
}

impl From<Undescribed> for OAuthProblem {
    fn from(why: Undescribed) -> Self {
        match why {
            Undescribed::Store(error) => error.into(),
            Undescribed::TooMany(wait) => Self::too_much("too many documents of apps were asked for from here", wait),
            // What our own side of the network looks like is nobody's business.
            Undescribed::NotFetched(_) => {
                OAuthError::invalid_client("the document at client_id could not be fetched").into()
            }
            other => OAuthError::invalid_client(other.to_string()).into(),
        }
    }
}

/// Who comes in, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The tenant that was asked.
    pub audience: &'a Audience,
    /// What it is for.
    pub purpose: Purpose,
    /// The key that it signed something with, if it did.
    pub kid: Option<&'a str>,
    /// Where it comes from.
    pub address: IpAddr,
    /// The moment.
    pub now: Timestamp,
}

impl App {
    /// The client that a request means. One that describes itself is there once it was welcome.
    pub(crate) async fn client_called(
        &self,
        audience: &Audience,
        identifier: &ClientIdentifier,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        let id = match (identifier, audience) {
            (ClientIdentifier::Registered(id), _) => *id,
            (ClientIdentifier::Described(url), Audience::Tenant(tenant)) => {
                if !self.store.document_gate(tenant.id).await? {
                    return Ok(None);
                }
                url.client(tenant.id, &self.keys.client_secret)
            }
            (ClientIdentifier::Described(_), Audience::Anyone | Audience::WorkAccounts) => return Ok(None),
        };
        Ok(self.store.client(id).await?.filter(|client| client.is_called(identifier)))
    }

    /// Sees to it that a client which describes itself is what its document says: fetches it, where it is not known or not fresh. A client
    /// that was registered is welcome in any case.
    pub(crate) async fn welcome(&self, identifier: &ClientIdentifier, arrival: Arrival<'_>) -> Result<(), Undescribed> {
        let ClientIdentifier::Described(url) = identifier else { return Ok(()) };
        let Arrival { purpose, now, .. } = arrival;
        let Audience::Tenant(tenant) = arrival.audience else { return Err(Undescribed::NotHere) };
        if !self.store.document_gate(tenant.id).await? {
            return Err(Undescribed::NotHere);
        }
        let id = url.client(tenant.id, &self.keys.client_secret);
        let Ok(known) =
            self.client_documents.0.get_or_insert_with(&id, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let mut known = known.lock().await;
        let client = self.store.client(id).await?;
        let is_fresh = known.document.as_ref().is_some_and(|document| document.is_fresh(purpose, now));
        if client.is_none() || !is_fresh {
            // Another node may have fetched it, or it was forgotten because nobody used it.
            known.document = self.store.client_document(id).await?;
        }
        let is_new_key = |kid| {
            let keys = client.iter().filter(|client| client.jwks_uri().is_none());
            keys.flat_map(|client| &client.authentication.keys).all(|key| key.kid() != kid)
        };
        let is_due = match &known.document {
            None => purpose == Purpose::Request,
            Some(document) => !document.is_fresh(purpose, now) || arrival.kid.is_some_and(is_new_key),
        };
        let is_tried = known.document.is_some() && known.tried_at.is_some_and(|at| now < at + NO_SOONER_THAN);
        if !is_due || is_tried {
            let counts = known.document.as_ref().is_none_or(|document| document.counts(purpose, now));
            return if counts { Ok(()) } else { Err(Undescribed::NotFetched(OutboundError::NotReachable)) };
        }
        known.tried_at = Some(now);
        match Box::pin(self.fetch_description(url, id, tenant.id, arrival)).await {
            Ok(document) => {
                known.document = Some(document);
                Ok(())
            }
            Err(error) => {
                tracing::info!(%url, %error, "the document of a client was not taken");
                let last = known.document.as_ref().filter(|last| last.counts(purpose, now));
                // What a person is to approve is not what its client took back.
                let goes_on = purpose == Purpose::Token || error.is_outage();
                if last.is_some() && goes_on { Ok(()) } else { Err(error) }
            }
        }
    }

    async fn fetch_description(
        &self,
        url: &DocumentUrl,
        id: ClientId,
        tenant: TenantId,
        arrival: Arrival<'_>,
    ) -> Result<ClientDocument, Undescribed> {
        let Arrival { address, now, .. } = arrival;
        self.begin_fetch(address, now).map_err(|Wait(wait)| Undescribed::TooMany(wait))?;
        let target = self.outbound.target(url.as_str()).map_err(OutboundError::from)?;
        let fetched = self.outbound.fetch(&target, "application/json", DOCUMENT_BYTES).await?;
        if !is_json(&fetched.headers) {
            return Err(Undescribed::NotJson);
        }
        let described = metadata_document::read(url, &fetched.body, &self.resource, now, &mut entropy())?;
        let cache_control = fetched.headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
        let fresh_until = metadata_document::fresh_until(cache_control, now);
        let place = Place { id, tenant, fresh_until };
        self.take_description(&described, place, &address.to_string(), now).await?;
        Ok(self.store.client_document(id).await?.ok_or(NotDescribed::Full)?)
    }

    async fn take_description(
        &self,
        described: &Described,
        Place { id, tenant, fresh_until }: Place,
        address: &str,
        now: Timestamp,
    ) -> Result<(), Undescribed> {
        let taken: Result<Client, NotDescribed> = self
            .decide_apps(|| async {
                let (client, document) = (self.store.client(id).await?, self.store.client_document(id).await?);
                let known = client.as_deref().zip(document.as_ref());
                let (described_before, unused) = match known {
                    Some(_) => (0, None),
                    None => (
                        self.store.count_described_clients(tenant).await?,
                        self.store.unused_described_client(tenant).await?,
                    ),
                };
                let standing = Standing { tenant, id, described: described_before, unused, fresh_until };
                Ok(metadata_document::take(described.clone(), known, standing, now).seen_from(address))
            })
            .await?;
        taken.map(drop).map_err(Undescribed::from)
    }

    /// Decides whether apps that describe themselves are let in to a tenant.
    pub async fn set_document_gate(&self, tenant: TenantId, open: bool, event: Event) -> Result<(), StoreError> {
        let Ok(()) =
            self.store.decide(|| async { Ok(metadata_document::set_gate(tenant, open, event.clone())) }).await?;
        // Metadata says whether apps can describe themselves.
        self.documents.renew(&self.signer);
        Ok(())
    }

    /// The event of such a decision, with nobody in it yet.
    pub fn document_event(&self, tenant: TenantId) -> Event {
        self.registration_event(tenant)
    }
}

/// Where a description is kept.
#[derive(Clone, Copy)]
struct Place {
    id: ClientId,
    tenant: TenantId,
    fresh_until: Timestamp,
}

/// Whether it is JSON, by its own word: what people upload to a server is seldom served so. [Client ID Metadata Document §4]
fn is_json(headers: &HeaderMap) -> bool {
    let named = extract::media_type(headers).to_ascii_lowercase();
    named == "application/json" || (named.starts_with("application/") && named.ends_with("+json"))
}
