//! The keys that clients publish at their `jwks_uri`: fetched when one is needed, kept, and asked for again now and then.

use std::sync::Arc;

use latchkey_identity::Timestamp;
use latchkey_identity::client::key::ClientKey;
use latchkey_identity::client::published_keys::{DOCUMENT_BYTES, PublishedKeys};
use latchkey_identity::client::{Client, ClientId};
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use crate::app::App;

/// Clients whose keys are kept at once. One that is used again comes back by one request.
const CAPACITY: usize = 1_024;

/// What is known of published keys, by client. One request at a time asks for those of a client; others wait for its answer.
pub struct PublishedKeysOfClients(Cache<ClientId, Arc<Mutex<PublishedKeys>>>);

impl Default for PublishedKeysOfClients {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl App {
    /// The keys that a client publishes, for something it signed with the key of this name. Nothing that goes wrong is an error here:
    /// without the key nothing is verified.
    pub(crate) async fn published_keys(&self, client: &Client, kid: Option<&str>, now: Timestamp) -> Vec<ClientKey> {
        let (Some(uri), Some(credential)) = (client.jwks_uri(), client.published_credential()) else {
            return Vec::new();
        };
        let fresh = || Ok::<_, std::convert::Infallible>(Arc::new(Mutex::new(PublishedKeys::at(uri))));
        let Ok(known) = self.published_keys.0.get_or_insert_with(&client.id, fresh);
        let mut known = known.lock().await;
        if known.uri() != uri {
            *known = PublishedKeys::at(uri);
        }
        if known.is_due(kid, now) {
            let document =
                self.outbound.document(uri, "application/jwk-set+json, application/json", DOCUMENT_BYTES).await;
            known.took(document.as_deref(), credential.id, now);
        }
        known.keys(now).to_vec()
    }
}
