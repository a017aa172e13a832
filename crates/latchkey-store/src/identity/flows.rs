//! Flows: authorization requests that wait for a person.

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorize::flow::{Flow, FlowId};
use latchkey_identity::client::ClientId;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::{BrowserHash, SessionId};

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};

const START: Sql = Sql::write(
    "flows.start",
    "INSERT INTO flow (id, browser, client, segment, origin, parameters, session, started_at, ended_at, device, rehearsed_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
)
.by_key();

const CHOOSE_SESSION: Sql =
    Sql::write("flows.choose_session", "UPDATE flow SET session = $2 WHERE id = $1 AND ended_at IS NULL").by_key();

const END: Sql = Sql::guarded("flows.end", "UPDATE flow SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL").by_key();

const MOVE: Sql =
    Sql::write("flows.move", "UPDATE flow SET browser = $2 WHERE browser = $1 AND ended_at IS NULL").by_owner();

const BY_ID: Sql = Sql::read(
    "flows.by_id",
    "SELECT id, browser, client, segment, origin, parameters, session, started_at, ended_at, device, rehearsed_by
       FROM flow WHERE id = $1",
)
.by_key();

pub(super) const ALL: &[&Sql] = &[&START, &CHOOSE_SESSION, &END, &MOVE, &BY_ID];

pub(super) fn start(changes: &mut Changes, flow: Flow) {
    let values = vec![
        flow.id.0.0.into(),
        flow.browser.0.0.into(),
        flow.client.0.into(),
        flow.segment.into(),
        flow.origin.into(),
        flow.parameters.into(),
        flow.session.map(|session| session.0).into(),
        flow.started_at.into(),
        flow.ended_at.into(),
        flow.device.map(|device| device.0).into(),
        flow.rehearsed_by.map(|account| account.0).into(),
    ];
    changes.write(&START, values);
}

pub(super) fn choose_session(changes: &mut Changes, flow: FlowId, session: SessionId) {
    changes.write(&CHOOSE_SESSION, vec![flow.0.0.into(), session.0.into()]);
}

pub(super) fn end(changes: &mut Changes, flow: FlowId, at: Timestamp) {
    changes.write(&END, vec![flow.0.0.into(), at.into()]);
}

/// Open flows of one browser become those of another.
pub(super) fn move_to(changes: &mut Changes, from: BrowserHash, to: BrowserHash) {
    changes.write(&MOVE, vec![from.0.0.into(), to.0.0.into()]);
}

impl Store {
    /// A flow, ended or not.
    pub async fn flow(&self, id: FlowId) -> Result<Option<Flow>, StoreError> {
        let Some(row) = self.read_one(&BY_ID, vec![id.0.0.into()]).await? else { return Ok(None) };
        Ok(Some(Flow {
            id: FlowId(TokenHash(row.array(0)?)),
            browser: BrowserHash(TokenHash(row.array(1)?)),
            client: ClientId(row.uuid(2)?),
            segment: row.text(3)?.to_owned(),
            origin: row.text(4)?.to_owned(),
            parameters: row.text(5)?.to_owned(),
            session: row.opt_uuid(6)?.map(SessionId),
            started_at: row.time(7)?,
            ended_at: row.opt_time(8)?,
            device: row.opt_array(9)?.map(TokenHash),
            rehearsed_by: row.opt_uuid(10)?.map(AccountId),
        }))
    }
}
