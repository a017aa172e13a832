//! Signing keys. Whoever reads the database finds them sealed.

use latchkey_identity::key_rotation::{Key, KeyChange, KeyState, Sealed};

use super::meaningless;
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};
use crate::value::{Row, Value};

/// An index lets no two keys of one algorithm sign, or wait to.
const PUBLISH: Sql = Sql::guarded(
    "signing_keys.publish",
    "INSERT INTO signing_key (kid, algorithm, state, sealed, created_at, active_from, stopped_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
)
.of_server();

const ACTIVATE: Sql = Sql::guarded(
    "signing_keys.activate",
    "UPDATE signing_key SET state = 'active', active_from = $2 WHERE kid = $1 AND state = 'next'",
)
.of_server();

const HASTEN: Sql = Sql::guarded(
    "signing_keys.hasten",
    "UPDATE signing_key SET active_from = $2 WHERE kid = $1 AND state = 'next' AND active_from <> $2",
)
.of_server();

const WITHDRAW: Sql =
    Sql::guarded("signing_keys.withdraw", "DELETE FROM signing_key WHERE kid = $1 AND state = 'next'").of_server();

const RETIRE: Sql = Sql::guarded(
    "signing_keys.retire",
    "UPDATE signing_key SET state = 'retiring', stopped_at = $2 WHERE kid = $1 AND state = 'active'",
)
.of_server();

/// The private part goes with it.
const REVOKE: Sql = Sql::guarded(
    "signing_keys.revoke",
    "UPDATE signing_key SET state = 'revoked', stopped_at = $2, sealed = $3 WHERE kid = $1 AND state <> 'revoked'",
)
.of_server();

const DROP: Sql =
    Sql::write("signing_keys.drop", "DELETE FROM signing_key WHERE kid = $1 AND state IN ('retiring', 'revoked')")
        .of_server();

const EVERY: Sql = Sql::sweep(
    "signing_keys.every",
    "SELECT kid, algorithm, state, sealed, created_at, active_from, stopped_at FROM signing_key ORDER BY created_at, kid",
).of_server();

pub(super) const ALL: &[&Sql] = &[&PUBLISH, &ACTIVATE, &HASTEN, &WITHDRAW, &RETIRE, &REVOKE, &DROP, &EVERY];

pub(super) fn change(changes: &mut Changes, change: KeyChange) {
    let (sql, values) = match change {
        KeyChange::Publish(key) => (&PUBLISH, row_of(*key)),
        KeyChange::Activate { kid, at } => (&ACTIVATE, vec![kid.into(), at.into()]),
        KeyChange::Hasten { kid, active_from } => (&HASTEN, vec![kid.into(), active_from.into()]),
        KeyChange::Withdraw { kid } => (&WITHDRAW, vec![kid.into()]),
        KeyChange::Retire { kid, at } => (&RETIRE, vec![kid.into(), at.into()]),
        KeyChange::Revoke { kid, at } => (&REVOKE, vec![kid.into(), at.into(), Vec::<u8>::new().into()]),
        KeyChange::Drop { kid } => (&DROP, vec![kid.into()]),
    };
    changes.write(sql, values).notice(Notice::Keys);
}

fn row_of(key: Key) -> Vec<Value> {
    vec![
        key.kid.into(),
        key.algorithm.name().into(),
        key.state.name().into(),
        key.sealed.0.into(),
        key.published_at.into(),
        key.active_from.into(),
        key.stopped_at.into(),
    ]
}

fn from_row(row: &Row) -> Result<Key, StoreError> {
    let (algorithm, state) = (row.text(1)?, row.text(2)?);
    Ok(Key {
        kid: row.text(0)?.to_owned(),
        algorithm: algorithm.parse().map_err(|_| meaningless("algorithm", algorithm))?,
        state: KeyState::named(state).ok_or_else(|| meaningless("state of a key", state))?,
        sealed: Sealed(row.blob(3)?.to_vec()),
        published_at: row.time(4)?,
        active_from: row.time(5)?,
        stopped_at: row.opt_time(6)?,
    })
}

impl Store {
    /// Every signing key, oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<Key>, StoreError> {
        self.read(&EVERY, vec![]).await?.iter().map(from_row).collect()
    }
}
