//! Who is to be told that a session ended: apps that somebody signed in to within it, first as its companions, then as notices that wait.

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::client::ClientId;
use latchkey_identity::logout_notice::SignedInTo;
use latchkey_identity::session::SessionId;
use latchkey_identity::tenant::TenantId;

use super::purge::Old;
use super::{counted, sessions};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::{Row, Value};

const JOIN: Sql = Sql::write(
    "logout_notices.join",
    "INSERT INTO session_client (session, client, tenant, account, origin, joined_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (session, client, tenant) DO UPDATE SET origin = $5, joined_at = $6",
);

const OF_SESSION: Sql = Sql::read(
    "logout_notices.of_session",
    "SELECT session, client, tenant, account, origin FROM session_client WHERE session = $1",
)
.by_key();

/// What the companions of a session become when it ends.
const QUEUE: Sql = Sql::write(
    "logout_notices.queue",
    "INSERT INTO logout_notice (session, client, tenant, account, origin, queued_at, next_at, attempts)
     SELECT session, client, tenant, account, origin, $2, $2, 0 FROM session_client WHERE session = $1
         ON CONFLICT (session, client, tenant) DO NOTHING",
);

const FORGET: Sql = Sql::write("logout_notices.forget", "DELETE FROM session_client WHERE session = $1").by_key();

/// What the companions of all sessions of an account become.
const QUEUE_ALL_OF: Sql = Sql::write(
    "logout_notices.queue_all_of",
    "INSERT INTO logout_notice (session, client, tenant, account, origin, queued_at, next_at, attempts)
     SELECT session, client, tenant, account, origin, $2, $2, 0 FROM session_client WHERE account = $1
         ON CONFLICT (session, client, tenant) DO NOTHING",
);

const FORGET_ALL_OF: Sql =
    Sql::write("logout_notices.forget_all_of", "DELETE FROM session_client WHERE account = $1").by_owner();

/// Those that were tried least come first. All have been tried at least no times, which is what finds them by their index.
const DUE: Sql = Sql::read(
    "logout_notices.due",
    "SELECT session, client, tenant, account, origin, queued_at, next_at, attempts
       FROM logout_notice WHERE attempts >= 0 AND next_at <= $1 ORDER BY attempts, next_at LIMIT $2",
)
.of_server();

/// Touches no row when another node has taken it.
const CLAIM: Sql = Sql::guarded(
    "logout_notices.claim",
    "UPDATE logout_notice SET next_at = $5, attempts = attempts + 1
      WHERE session = $1 AND client = $2 AND tenant = $3 AND next_at = $4",
);

const PUT_OFF: Sql = Sql::write(
    "logout_notices.put_off",
    "UPDATE logout_notice SET next_at = $4 WHERE session = $1 AND client = $2 AND tenant = $3",
);

/// Whoever has read one of them cannot claim it any more.
const SKIP: Sql =
    Sql::write("logout_notices.skip", "UPDATE logout_notice SET next_at = $3 WHERE client = $1 AND next_at <= $2")
        .by_owner();

const DONE: Sql =
    Sql::write("logout_notices.done", "DELETE FROM logout_notice WHERE session = $1 AND client = $2 AND tenant = $3");

/// Nobody is told any more of what ended long ago.
pub(super) const OLD: Old = Old {
    found: Sql::sweep(
        "logout_notices.old",
        "SELECT session, client, tenant FROM logout_notice WHERE queued_at <= $1 LIMIT $2",
    )
    .of_server(),
    delete: DONE,
};

pub(super) const ALL: &[&Sql] = &[
    &JOIN,
    &OF_SESSION,
    &QUEUE,
    &FORGET,
    &QUEUE_ALL_OF,
    &FORGET_ALL_OF,
    &DUE,
    &CLAIM,
    &PUT_OFF,
    &SKIP,
    &DONE,
    &OLD.found,
];

/// A notice that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogoutNotice {
    /// Who is told, and of what.
    pub about: SignedInTo,
    /// When the session ended.
    pub queued_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    next_at: Timestamp,
}

/// Somebody signed in to an app within a session, which goes on.
pub(super) fn join(changes: &mut Changes, about: SignedInTo, at: Timestamp) {
    sessions::must_go_on(changes, about.session);
    let SignedInTo { session, client, tenant, account, origin } = about;
    let values = vec![session.0.into(), client.0.into(), tenant.0.into(), account.0.into(), origin.into(), at.into()];
    changes.write(&JOIN, values);
}

/// A session has ended: its companions are told.
pub(super) fn queue(changes: &mut Changes, session: SessionId, at: Timestamp) {
    changes.write(&QUEUE, vec![session.0.into(), at.into()]);
    forget(changes, session);
}

/// All sessions of an account have ended.
pub(super) fn queue_all_of(changes: &mut Changes, account: AccountId, at: Timestamp) {
    changes.write(&QUEUE_ALL_OF, vec![account.0.into(), at.into()]).write(&FORGET_ALL_OF, vec![account.0.into()]);
}

/// A session ran out, which nobody is told of: the app's own sign-in runs by its own clock.
pub(super) fn forget(changes: &mut Changes, session: SessionId) {
    changes.write(&FORGET, vec![session.0.into()]);
}

fn from_row(row: &Row) -> Result<SignedInTo, StoreError> {
    Ok(SignedInTo {
        session: SessionId(row.uuid(0)?),
        client: ClientId(row.uuid(1)?),
        tenant: TenantId(row.uuid(2)?),
        account: AccountId(row.uuid(3)?),
        origin: row.text(4)?.to_owned(),
    })
}

/// What finds a notice.
fn key(notice: &LogoutNotice) -> Vec<Value> {
    let SignedInTo { session, client, tenant, .. } = &notice.about;
    vec![session.0.into(), client.0.into(), tenant.0.into()]
}

impl Store {
    /// The apps that somebody signed in to within a session, and that want to hear of its end.
    pub async fn signed_in_to(&self, session: SessionId) -> Result<Vec<SignedInTo>, StoreError> {
        self.read(&OF_SESSION, vec![session.0.into()]).await?.iter().map(from_row).collect()
    }

    /// The notices that are to be tried now, at most so many.
    pub async fn logout_notices_due(&self, now: Timestamp, most: u32) -> Result<Vec<LogoutNotice>, StoreError> {
        let rows = self.read(&DUE, vec![now.into(), most.into()]).await?;
        let read = |row: &Row| {
            Ok(LogoutNotice {
                about: from_row(row)?,
                queued_at: row.time(5)?,
                next_at: row.time(6)?,
                attempts: counted(row, 7, "number of tries")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Takes a notice until then; `false` when another node was first.
    pub async fn claim_logout_notice(&self, notice: &LogoutNotice, until: Timestamp) -> Result<bool, StoreError> {
        let mut changes = Changes::none();
        let mut values = key(notice);
        values.extend([notice.next_at.into(), until.into()]);
        changes.write(&CLAIM, values);
        self.commit_if_first(changes).await
    }

    /// Tries a notice again then.
    pub async fn put_off_logout_notice(&self, notice: &LogoutNotice, until: Timestamp) -> Result<(), StoreError> {
        let mut changes = Changes::none();
        let mut values = key(notice);
        values.push(until.into());
        changes.write(&PUT_OFF, values);
        self.commit_anyway(&changes).await
    }

    /// Leaves an app alone until then: none of its notices that are due now is tried before.
    pub async fn skip_logout_notices(
        &self,
        client: ClientId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut changes = Changes::none();
        changes.write(&SKIP, vec![client.0.into(), now.into(), until.into()]);
        self.commit_anyway(&changes).await
    }

    /// Is done with a notice.
    pub async fn end_logout_notice(&self, notice: &LogoutNotice) -> Result<(), StoreError> {
        let mut changes = Changes::none();
        changes.write(&DONE, key(notice));
        self.commit_anyway(&changes).await
    }
}
