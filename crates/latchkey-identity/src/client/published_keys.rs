//! Keys that a client publishes at its `jwks_uri`, so that it changes them without asking anybody. [OpenID Connect Registration §2],
//! [OpenID Connect Core §10.1.1]

use std::time::Duration;

use latchkey_jose::JwkSet;
use latchkey_jose::certificate::KeyOrCertificate;
use uuid::Uuid;

use crate::client::key::{ClientKey, Thumbprints};
use crate::client::registration::Client;
use crate::client_auth::Credential;
use crate::time::Timestamp;

/// Bytes of a document with keys: a hundred of the largest would not need more.
pub const DOCUMENT_BYTES: usize = 65_536;
/// Keys of a document that are looked at.
const KEYS: usize = 16;
/// What was fetched is fetched again after this long, so that a key that was taken away is noticed.
const FRESH_FOR: Duration = Duration::from_secs(15 * 60);
/// Where nothing comes any more, what came last counts for this long.
const COUNTS_FOR: Duration = Duration::from_secs(6 * 3_600);
/// However many unknown keys are named, and however often nothing came, nobody is asked more often than this.
const NO_SOONER_THAN: Duration = Duration::from_secs(30);

/// What is known of the keys at one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublishedKeys {
    uri: String,
    keys: Vec<ClientKey>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl Client {
    /// Where it publishes its keys.
    pub fn jwks_uri(&self) -> Option<&str> {
        self.metadata.jwks_uri.as_deref()
    }

    /// What stands for whatever keys it publishes: tokens that it gets with one in its own name end when it publishes them elsewhere.
    pub fn published_credential(&self) -> Option<Credential> {
        let uri = self.jwks_uri()?;
        Some(Credential::for_keys_named(&format!("jwks_uri {} {uri}", self.id)))
    }
}

impl PublishedKeys {
    /// Nothing is known yet.
    pub fn at(uri: &str) -> Self {
        Self { uri: uri.to_owned(), keys: Vec::new(), fetched_at: None, tried_at: None }
    }

    /// The address.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The keys, as long as they count.
    pub fn keys(&self, now: Timestamp) -> &[ClientKey] {
        match self.fetched_at {
            Some(fetched) if now < fetched + COUNTS_FOR => &self.keys,
            _ => &[],
        }
    }

    /// Whether the address is to be asked, for an assertion that may name a key.
    pub fn is_due(&self, kid: Option<&str>, now: Timestamp) -> bool {
        if self.tried_at.is_some_and(|tried| now < tried + NO_SOONER_THAN) {
            return false;
        }
        let is_fresh = self.fetched_at.is_some_and(|fetched| now < fetched + FRESH_FOR);
        let is_known = kid.is_none_or(|kid| self.keys.iter().any(|key| key.kid() == kid));
        !is_fresh || !is_known
    }

    /// The address was asked, and gave this, or nothing. Keys that we cannot use are passed over.
    pub fn took(&mut self, document: Option<&[u8]>, credential: Uuid, now: Timestamp) {
        self.tried_at = Some(now);
        let Some(keys) = document.and_then(|document| JwkSet::published(document).ok()) else { return };
        let key = |key: KeyOrCertificate| {
            let (jwk, certificate) = key.into_parts();
            ClientKey::stored(credential, jwk, certificate.map(Thumbprints::from), now, now + COUNTS_FOR)
        };
        self.keys = keys.into_iter().filter_map(key).take(KEYS).collect();
        self.fetched_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Metadata;
    use crate::client::registration::tests::a_client;

    const KEYS_DOCUMENT: &[u8] = br#"{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"},{"kty":"oct","k":"c2VjcmV0"}]}"#;
    const START: Timestamp = Timestamp::from_secs(10_000);

    fn fetched() -> PublishedKeys {
        let mut known = PublishedKeys::at("https://client.test/keys");
        assert!(known.is_due(None, START) && known.keys(START).is_empty());
        known.took(Some(KEYS_DOCUMENT), Uuid::nil(), START);
        known
    }

    #[test]
    fn keys_are_kept_for_a_while_and_fetched_again_for_one_that_is_not_known() {
        let known = fetched();
        assert_eq!(known.keys(START).len(), 1, "a symmetric key is no key of ours");
        let later = START + NO_SOONER_THAN;
        assert!(!known.is_due(Some("1"), later) && !known.is_due(None, later));
        assert!(known.is_due(Some("2"), later), "a new key");
        assert!(known.is_due(Some("1"), START + FRESH_FOR));
    }

    #[test]
    fn however_many_unknown_keys_are_named_the_address_is_asked_now_and_then() {
        let mut known = fetched();
        assert!(!known.is_due(Some("2"), START));
        known.took(None, Uuid::nil(), START + NO_SOONER_THAN);
        assert!(!known.is_due(Some("3"), START + NO_SOONER_THAN));
        let mut nothing = PublishedKeys::at("https://client.test/keys");
        nothing.took(None, Uuid::nil(), START);
        assert!(!nothing.is_due(None, START), "that nothing came is kept, too");
        assert!(nothing.is_due(None, START + NO_SOONER_THAN));
    }

    #[test]
    fn what_came_last_counts_until_it_is_too_old() {
        let mut known = fetched();
        known.took(None, Uuid::nil(), START + FRESH_FOR);
        known.took(Some(b"<html>"), Uuid::nil(), START + FRESH_FOR);
        assert_eq!(known.keys(START + FRESH_FOR).len(), 1);
        assert!(known.keys(START + COUNTS_FOR).is_empty());
        known.took(Some(br#"{"keys":[]}"#), Uuid::nil(), START + FRESH_FOR);
        assert!(known.keys(START + FRESH_FOR).is_empty(), "a key that was taken away is gone");
    }

    #[test]
    fn what_stands_for_the_keys_changes_with_their_address() {
        let with = |uri: &str| {
            let metadata = Metadata { jwks_uri: Some(uri.to_owned()), ..Metadata::default() };
            Client { metadata, ..a_client() }.published_credential().unwrap().id
        };
        assert_eq!(with("https://a.test/keys"), with("https://a.test/keys"));
        assert_ne!(with("https://a.test/keys"), with("https://b.test/keys"));
        assert!(a_client().published_credential().is_none());
    }
}
