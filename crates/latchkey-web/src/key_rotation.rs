//! What is done with the signing keys, by themselves and by whoever runs the server. The rules are those of the identity half.

use std::time::Duration;

use latchkey_identity::Timestamp;
use latchkey_identity::key_rotation::{self, FreshKey, Key, KeyProblem, Rotation};
use latchkey_identity::secret::PurposeKey;
use latchkey_jose::Algorithm;
use latchkey_store::{Store, StoreError};

use crate::app::{App, StartError};
use crate::key_ring;

/// How long to wait before keys that could not be read are read again.
const RELOAD_AGAIN: Duration = Duration::from_millis(300);

/// Why nothing came of an order about keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The rules refuse it.
    #[error(transparent)]
    Refused(#[from] KeyProblem),
    /// A key could not be made, read or stored.
    #[error(transparent)]
    Failed(#[from] StartError),
    /// It is done and stored, and this process could not do what follows from it. Servers do that by themselves.
    #[error("it is done, and not everything that follows from it: {0}")]
    Unfinished(#[source] StartError),
}

impl KeysError {
    /// The same, after what was ordered has been stored.
    fn afterwards(self) -> Self {
        match self {
            Self::Failed(error) => Self::Unfinished(error),
            other => other,
        }
    }
}

impl From<StoreError> for KeysError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl App {
    /// Every signing key, oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<Key>, StoreError> {
        self.store.signing_keys().await
    }

    /// Does what is due by itself: successors are published and go to work, and what has served goes.
    pub async fn advance_keys(&self) -> Result<(), KeysError> {
        // Twice: a key that goes to work leaves its place to another one.
        for _ in 0..2 {
            let due = key_rotation::without_successor(&self.store.signing_keys().await?);
            let fresh = make(due, &self.keys.key_encryption).await?;
            advance(&self.store, fresh, self.now()).await?;
        }
        self.reload_keys().await
    }

    /// Makes sure that something can be signed with an algorithm.
    pub async fn begin_to_sign_with(&self, algorithm: Algorithm) -> Result<(), StoreError> {
        if self.signer.ring().signing(algorithm).is_some() {
            return Ok(());
        }
        let begun = begin(&self.store, &[algorithm], &self.keys.key_encryption, self.now()).await;
        let taken = match begun {
            Ok(()) => {
                // Another server may have made the key, and word of it be on its way.
                self.signer.is_told();
                self.reload_keys().await
            }
            Err(error) => Err(error.into()),
        };
        taken.map_err(|error| {
            tracing::error!(%error, %algorithm, "there is no key to sign with");
            StoreError::Unavailable("signing key".into())
        })
    }

    /// Rotates the keys, or those of one algorithm: at once where the successor has been published for long enough, otherwise by one that is
    /// published now.
    pub async fn rotate_keys(&self, only: Option<Algorithm>, from: &str) -> Result<Vec<Rotation>, KeysError> {
        let young = key_rotation::with_young_successor(&self.store.signing_keys().await?, only, self.now());
        let fresh = make(young, &self.keys.key_encryption).await?;
        // So that there is a successor to every key.
        self.advance_keys().await?;
        let now = self.now();
        let decide = async || {
            let keys = self.store.signing_keys().await?;
            Ok(key_rotation::rotate(&keys, only, fresh.clone(), now).seen_from(from))
        };
        let rotations = self.store.decide(decide).await??;
        // And another one to each that went to work.
        self.advance_keys().await.map_err(KeysError::afterwards)?;
        Ok(rotations)
    }

    /// Revokes a key: when this returns, nothing that it signed is accepted and it is not published any more.
    pub async fn revoke_key(&self, kid: &str, from: &str) -> Result<(), KeysError> {
        let due = key_rotation::without_successor(&self.store.signing_keys().await?);
        let (fresh, now) = (make(due, &self.keys.key_encryption).await?, self.now());
        self.store
            .decide(async || {
                let keys = self.store.signing_keys().await?;
                Ok(key_rotation::revoke(&keys, kid, fresh.clone(), now).seen_from(from))
            })
            .await??;
        self.reload_keys().await.map_err(KeysError::afterwards)?;
        self.advance_keys().await.map_err(KeysError::afterwards)
    }

    /// Takes the keys whenever somebody has changed them, for as long as this runs. Until it has them it tries again: what a revoked key
    /// signed is not accepted for longer because a database was away for a moment.
    pub async fn follow_keys(&self) {
        loop {
            self.signer.changed().await;
            while let Err(error) = self.reload_keys().await {
                tracing::warn!(%error, "the signing keys could not be taken anew, which is tried again at once");
                tokio::time::sleep(RELOAD_AGAIN).await;
            }
        }
    }

    /// Takes the keys as they are now: for signing, for checking, and into the published set.
    pub async fn reload_keys(&self) -> Result<(), KeysError> {
        self.signer.reload(&self.store).await?;
        self.documents.renew(&self.signer);
        Ok(())
    }
}

/// Makes the keys that nothing can be signed without.
pub(crate) async fn begin(
    store: &Store,
    algorithms: &[Algorithm],
    sealing: &PurposeKey,
    now: Timestamp,
) -> Result<(), StartError> {
    let lacking = key_rotation::without_key(&store.signing_keys().await?, algorithms);
    if lacking.is_empty() {
        return Ok(());
    }
    let fresh = make(lacking, sealing).await?;
    let Ok(()) =
        store.decide(async || Ok(key_rotation::begin(&store.signing_keys().await?, fresh.clone(), now))).await?;
    Ok(())
}

async fn advance(store: &Store, fresh: Vec<FreshKey>, now: Timestamp) -> Result<(), StartError> {
    let decide = async || Ok(key_rotation::advance(&store.signing_keys().await?, fresh.clone(), now));
    let Ok(()) = store.decide(decide).await?;
    Ok(())
}

/// Fresh keys, made on a thread where nothing else has to wait for them.
async fn make(algorithms: Vec<Algorithm>, sealing: &PurposeKey) -> Result<Vec<FreshKey>, StartError> {
    if algorithms.is_empty() {
        return Ok(Vec::new());
    }
    let sealing = sealing.clone();
    let made = move || algorithms.into_iter().map(|algorithm| key_ring::make(algorithm, &sealing)).collect();
    tokio::task::spawn_blocking(made).await.map_err(|_| StartError::Provider)?
}
