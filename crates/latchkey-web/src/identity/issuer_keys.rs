//! The keys that the issuers of federated credentials publish: found through their metadata, fetched when one is needed, kept, and asked for
//! again now and then.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use latchkey_identity::Timestamp;
use latchkey_identity::client::key::ClientKey;
use latchkey_identity::client::published_keys::{DOCUMENT_BYTES, PublishedKeys};
use quick_cache::sync::Cache;
use serde::Deserialize;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::app::App;

/// Issuers whose keys are kept at once. One that is used again comes back by two requests.
const CAPACITY: usize = 1_024;

/// What an issuer publishes.
const ACCEPT: &str = "application/json, application/jwk-set+json";

/// What is known of issuers' keys. One request at a time asks an issuer; others wait for its answer.
pub struct IssuerKeys(Cache<String, Arc<Mutex<PublishedKeys>>>);

impl Default for IssuerKeys {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

/// What of an issuer's metadata is read. [OpenID Connect Discovery §3]
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl App {
    /// The keys that an issuer publishes, for a token that was signed with the key of this name. Nothing that goes wrong is an error here:
    /// without the key nothing is verified.
    pub(crate) async fn issuer_keys(&self, issuer: &str, kid: Option<&str>, now: Timestamp) -> Vec<ClientKey> {
        let fresh = || Ok::<_, Infallible>(Arc::new(Mutex::new(PublishedKeys::at(issuer))));
        let Ok(known) = self.issuer_keys.0.get_or_insert_with(issuer, fresh);
        let mut known = known.lock().await;
        if known.is_due(kid, now) {
            let document = self.fetch_issuer_keys(issuer).await;
            known.took(document.as_deref(), Uuid::nil(), now);
        }
        known.keys(now).to_vec()
    }

    async fn fetch_issuer_keys(&self, issuer: &str) -> Option<Bytes> {
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let metadata =
            self.outbound.document(&format!("{base}/.well-known/openid-configuration"), ACCEPT, DOCUMENT_BYTES).await?;
        let Metadata { issuer: named, jwks_uri } = serde_json::from_slice(&metadata).ok()?;
        if named != issuer {
            tracing::info!(issuer, "the metadata of an issuer are those of another");
            return None;
        }
        self.outbound.document(&jwks_uri, ACCEPT, DOCUMENT_BYTES).await
    }
}
