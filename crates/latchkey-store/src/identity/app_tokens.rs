//! Access tokens of apps that act by themselves, which were given back one by one. The others need no row.

use std::time::Instant;

use latchkey_identity::Timestamp;
use latchkey_identity::time::AccessTokenLifetime;
use latchkey_identity::token::app_token::AppTokenId;
use latchkey_identity::token::family::FamilyId;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};

/// It may have ended before.
const END: Sql = Sql::write(
    "app_tokens.end",
    "INSERT INTO ended_app_token (id, client, ended_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
)
.by_key();

/// Those that ended within `$1` of the last one that did: at least all that ended within `$1` of now.
pub(super) const RECENTLY_ENDED: Sql = Sql::sweep(
    "app_tokens.recently_ended",
    "SELECT id FROM ended_app_token WHERE ended_at >= (SELECT max(ended_at) FROM ended_app_token) - $1",
)
.of_server();

pub(super) const ALL: &[&Sql] = &[&END, &RECENTLY_ENDED];

pub(super) fn end(changes: &mut Changes, token: AppTokenId, at: Timestamp) {
    changes.write(&END, vec![token.unique.into(), token.client.0.into(), at.into()]);
    // It is a family of its own: what hears of ended families hears of it.
    changes.notice(Notice::TokenFamily(token.unique));
}

impl Store {
    /// Whether a token of an app that acts by itself was given back, by what is unique of its id. Answered from memory.
    pub fn app_token_ended(&self, unique: Uuid) -> bool {
        self.family_ended(FamilyId(unique))
    }

    /// Brings back what [`Self::app_token_ended`] knew before a restart.
    pub(crate) async fn recall_ended_app_tokens(&self) -> Result<(), StoreError> {
        let longest = AccessTokenLifetime::LONGEST.as_duration();
        let longest = i64::try_from(longest.as_micros()).unwrap_or(i64::MAX);
        let now = Instant::now();
        for row in self.read(&RECENTLY_ENDED, vec![longest.into()]).await? {
            self.memory.ended_families.add(FamilyId(row.uuid(0)?), now);
        }
        Ok(())
    }
}
