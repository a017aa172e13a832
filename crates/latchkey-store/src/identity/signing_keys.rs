//! Signing keys. Whoever reads the database finds them sealed.

use latchkey_identity::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};

const ADD: Sql = Sql::write(
    "signing_keys.add",
    "INSERT INTO signing_key (kid, algorithm, sealed, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (kid) DO NOTHING",
);

const EVERY: Sql = Sql::sweep(
    "signing_keys.every",
    "SELECT kid, algorithm, sealed, created_at FROM signing_key ORDER BY created_at, kid",
);

pub(super) const ALL: &[&Sql] = &[&ADD, &EVERY];

/// A signing key as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredKey {
    /// Its thumbprint: the `kid` of what it signs.
    pub kid: String,
    /// The name of its algorithm: `ES256`.
    pub algorithm: String,
    /// The private key, encrypted.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Store {
    /// Every signing key, oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let rows = self.read(&EVERY, vec![]).await?;
        let key = |row: &crate::Row| {
            Ok(StoredKey {
                kid: row.text(0)?.to_owned(),
                algorithm: row.text(1)?.to_owned(),
                sealed: row.blob(2)?.to_vec(),
                created_at: row.time(3)?,
            })
        };
        rows.iter().map(key).collect()
    }

    /// Keeps a signing key. One that is there already stays as it is.
    pub async fn add_signing_key(&self, key: StoredKey) -> Result<(), StoreError> {
        let mut changes = Changes::none();
        let values = vec![key.kid.into(), key.algorithm.into(), key.sealed.into(), key.created_at.into()];
        changes.write(&ADD, values).notice(Notice::Keys);
        self.keep_books(&changes).await
    }
}
