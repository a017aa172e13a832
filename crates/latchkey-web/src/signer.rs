//! Signing, and checking what was signed, with the keys of this moment. What the token endpoints answer is in [`crate::token_response`].

use std::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, PoisonError, RwLock};

use latchkey_identity::Timestamp;
use latchkey_identity::key_rotation::ALWAYS;
use latchkey_identity::logout_notice::{self, LogoutTokenClaims};
use latchkey_identity::resource::ResourceServer;
use latchkey_identity::secret::{PurposeKey, Secret};
use latchkey_identity::token::access_token::AccessTokenClaims;
use latchkey_identity::token::app_token::AppIssue;
use latchkey_identity::token::{Issue, access_token};
use latchkey_jose::{Algorithm, VerifyError};
use latchkey_store::{Notice, Store};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Mutex, Notify};

use crate::app::StartError;
use crate::key_ring::KeyRing;
use crate::key_rotation;

/// Signs by any algorithm that apps register for, with the key that its [`KeyRing`] holds at that moment, and checks what it signed.
pub struct Signer {
    sealing: PurposeKey,
    ring: RwLock<Arc<KeyRing>>,
    /// How often keys stopped counting, and with them whatever they had signed.
    losses: AtomicU64,
    /// What is read later is newer: one reload at a time.
    reloading: Mutex<()>,
    changed: Arc<Notify>,
    /// How often it was told of keys, the first ones included.
    told: Arc<AtomicU64>,
    /// What it had been told of when it read those that it holds.
    taken: AtomicU64,
    made: AtomicU64,
    checked: AtomicU64,
}

/// Signatures since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signatures {
    /// Those that were made.
    pub made: u64,
    /// Those that were checked.
    pub checked: u64,
}

impl Signer {
    /// Reads the keys from the store, or makes the first ones and stores them.
    pub async fn load(store: &Store, sealing: &PurposeKey, now: Timestamp) -> Result<Self, StartError> {
        key_rotation::begin(store, &ALWAYS, sealing, now).await?;
        let signer = Self {
            sealing: sealing.clone(),
            ring: RwLock::default(),
            losses: AtomicU64::new(0),
            reloading: Mutex::default(),
            changed: Arc::default(),
            told: Arc::new(AtomicU64::new(1)),
            taken: AtomicU64::new(0),
            made: AtomicU64::new(0),
            checked: AtomicU64::new(0),
        };
        // Before they are read: of what changes in between it is told.
        let (changed, told) = (Arc::clone(&signer.changed), Arc::clone(&signer.told));
        store.feed().subscribe(move |notice| {
            if matches!(notice, Notice::Keys | Notice::Everything) {
                told.fetch_add(1, SeqCst);
                changed.notify_one();
            }
        });
        signer.reload(store).await?;
        Ok(signer)
    }

    /// Takes the keys as they are now. When this returns, nothing counts that a key signed which is not there any more.
    pub(crate) async fn reload(&self, store: &Store) -> Result<(), StartError> {
        let _turn = self.reloading.lock().await;
        // Before they are read: what changes meanwhile is not among them.
        let told = self.told.load(SeqCst);
        if self.taken.load(SeqCst) == told {
            // Somebody else has taken them while this one waited.
            return Ok(());
        }
        let ring = Arc::new(KeyRing::open(&store.signing_keys().await?, &self.sealing)?);
        let before = self.ring();
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&ring);
        if !before.is_within(&ring) {
            // After the keys: whoever reads the number and then the keys never has a newer number than keys.
            self.losses.fetch_add(1, SeqCst);
        }
        // Last of all: until then whoever needs a key waits for its turn here.
        self.taken.store(told, SeqCst);
        Ok(())
    }

    /// Whether somebody has changed the keys and they were not yet taken anew.
    pub(crate) fn is_behind(&self) -> bool {
        self.taken.load(SeqCst) != self.told.load(SeqCst)
    }

    /// Keys were found to have changed before anybody told: the next reload reads them.
    pub(crate) fn is_told(&self) {
        self.told.fetch_add(1, SeqCst);
    }

    /// Returns when somebody has changed the keys: they are to be taken anew.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The keys of this moment.
    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How often keys stopped counting: a token that was checked before the last time has to be checked again.
    pub(crate) fn losses(&self) -> u64 {
        self.losses.load(SeqCst)
    }

    /// The claims of an access token, if its signature is one of ours. What is for `resource` or for us is signed by one algorithm; only what is
    /// for an app may be by another. [RFC 8725 §3.1]
    pub fn access_token_claims(&self, text: &str, resource: &ResourceServer) -> Option<AccessTokenClaims> {
        self.checked.fetch_add(1, Relaxed);
        let (ring, types) = (self.ring(), [access_token::TYP]);
        match latchkey_jose::verify_whole(text, ring.access(), &types) {
            Err(VerifyError::UnknownKey) => {
                let claims = latchkey_jose::verify_whole::<AccessTokenClaims>(text, ring.identity(), &types);
                claims.ok().filter(|claims| claims.api(resource).is_some())
            }
            claims => claims.ok(),
        }
    }

    /// The claims of an ID token that comes back as a hint, if its signature is one of ours. What has no end is an answer of UserInfo, which
    /// the same keys sign. [RFC 8725 §3.11]
    pub fn id_token_claims<Claims: DeserializeOwned>(&self, text: &str) -> Option<Claims> {
        self.checked.fetch_add(1, Relaxed);
        let verified = latchkey_jose::verify::<Value>(text, self.ring().identity(), &["JWT"]).ok()?;
        let claims = verified.into_claims();
        claims.get("exp")?;
        serde_json::from_value(claims).ok()
    }

    /// How many signatures were made and checked so far.
    pub fn signatures(&self) -> Signatures {
        Signatures { made: self.made.load(Relaxed), checked: self.checked.load(Relaxed) }
    }

    /// Signs an access token.
    pub fn access_token(&self, issue: &Issue, resource: &ResourceServer) -> Option<String> {
        self.sign(issue.access_token_algorithm(), access_token::TYP, &issue.access_token_claims(resource))
    }

    /// Signs the access token of an app that acts by itself.
    pub fn app_token(&self, issue: &AppIssue, resource: &ResourceServer) -> Option<String> {
        self.sign(issue.algorithm(), access_token::TYP, &issue.access_token_claims(resource))
    }

    /// Signs an ID token: what goes with it is what it vouches for.
    pub fn id_token(&self, issue: &Issue, access_token: Option<&str>, code: Option<&Secret>) -> Option<String> {
        self.sign(issue.id_token_algorithm(), "JWT", &issue.id_token_claims(access_token, code))
    }

    /// Signs what an app is told of a session that ended.
    pub fn logout_token(&self, claims: &LogoutTokenClaims) -> Option<String> {
        self.sign(Algorithm::Rs256, logout_notice::TYP, claims)
    }

    /// Signs claims as a token of this type, if there is a key for the algorithm.
    pub fn sign(&self, algorithm: Algorithm, typ: &str, claims: &impl Serialize) -> Option<String> {
        self.made.fetch_add(1, Relaxed);
        self.ring().signing(algorithm)?.sign_jwt(typ, claims).ok()
    }
}
