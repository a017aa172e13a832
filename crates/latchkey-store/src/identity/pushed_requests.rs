//! Authorization requests that clients pushed.

use latchkey_identity::Timestamp;
use latchkey_identity::authorize::pushed::PushedRequest;
use latchkey_identity::client::ClientId;
use latchkey_identity::secret::TokenHash;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};

const PUSH: Sql = Sql::write(
    "pushed_requests.push",
    "INSERT INTO pushed_request (hash, client, segment, parameters, pushed_at, used_at) VALUES ($1, $2, $3, $4, $5, $6)",
).by_key();

const USE: Sql =
    Sql::guarded("pushed_requests.use", "UPDATE pushed_request SET used_at = $2 WHERE hash = $1 AND used_at IS NULL")
        .by_key();

const BY_HASH: Sql = Sql::read(
    "pushed_requests.by_hash",
    "SELECT hash, client, segment, parameters, pushed_at, used_at FROM pushed_request WHERE hash = $1",
)
.by_key();

pub(super) const ALL: &[&Sql] = &[&PUSH, &USE, &BY_HASH];

pub(super) fn push(changes: &mut Changes, request: PushedRequest) {
    let values = vec![
        request.hash.0.into(),
        request.client.0.into(),
        request.segment.into(),
        request.parameters.into(),
        request.pushed_at.into(),
        request.used_at.into(),
    ];
    changes.write(&PUSH, values);
}

pub(super) fn use_up(changes: &mut Changes, request: TokenHash, at: Timestamp) {
    changes.write(&USE, vec![request.0.into(), at.into()]);
}

impl Store {
    /// A request that a client pushed, answered or not.
    pub async fn pushed_request(&self, hash: TokenHash) -> Result<Option<PushedRequest>, StoreError> {
        let Some(row) = self.read_one(&BY_HASH, vec![hash.0.into()]).await? else { return Ok(None) };
        Ok(Some(PushedRequest {
            hash: TokenHash(row.array(0)?),
            client: ClientId(row.uuid(1)?),
            segment: row.text(2)?.to_owned(),
            parameters: row.text(3)?.to_owned(),
            pushed_at: row.time(4)?,
            used_at: row.opt_time(5)?,
        }))
    }
}
