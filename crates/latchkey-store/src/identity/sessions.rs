//! Sessions: the sign-ins of browsers.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::{BrowserHash, Session, SessionId};
use latchkey_identity::sign_in::context::AuthenticationContext;
use latchkey_identity::tenant::TenantId;

use super::{authorizations, logout_notices};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};
use crate::value::Row;

const START: Sql = Sql::write(
    "sessions.start",
    "INSERT INTO session (id, browser, account, tenant, authenticated_at, used_at, ended_at, address, user_agent, methods)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);

const MOVE: Sql =
    Sql::write("sessions.move", "UPDATE session SET browser = $2 WHERE browser = $1 AND ended_at IS NULL").by_owner();

const END: Sql =
    Sql::guarded("sessions.end", "UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL").by_key();

const END_ALL_OF: Sql =
    Sql::write("sessions.end_all_of", "UPDATE session SET ended_at = $2 WHERE account = $1 AND ended_at IS NULL")
        .by_owner();

/// Finds the session going on, and keeps it from ending until the commit.
const GOES_ON: Sql =
    Sql::guarded("sessions.goes_on", "SELECT id FROM session WHERE id = $1 AND ended_at IS NULL FOR SHARE").by_key();

const TOUCH: Sql =
    Sql::write("sessions.touch", "UPDATE session SET used_at = $2 WHERE id = $1 AND used_at < $2 AND ended_at IS NULL")
        .by_key();

/// Sessions, in the columns that [`from_row`] reads.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, browser, account, tenant, authenticated_at, used_at, ended_at, address, user_agent, methods
               FROM session WHERE ",
            $condition
        )
    };
}

const BY_ID: Sql = Sql::read("sessions.by_id", select!("id = $1")).by_key();

const IN_BROWSER: Sql = Sql::read("sessions.in_browser", select!("browser = $1 AND ended_at IS NULL")).by_owner();

const OF_ACCOUNT: Sql = Sql::read("sessions.of_account", select!("account = $1 AND ended_at IS NULL")).by_owner();

pub(super) const ALL: &[&Sql] = &[&START, &MOVE, &END, &END_ALL_OF, &GOES_ON, &TOUCH, &BY_ID, &IN_BROWSER, &OF_ACCOUNT];

pub(super) fn start(changes: &mut Changes, session: Session) {
    let values = vec![
        session.id.0.into(),
        session.browser.0.0.into(),
        session.account.0.into(),
        session.tenant.0.into(),
        session.authenticated_at.into(),
        session.used_at.into(),
        session.ended_at.into(),
        session.address.into(),
        session.user_agent.into(),
        session.context.stored().into(),
    ];
    changes.write(&START, values).notice(Notice::Browser(session.browser.0.0));
}

/// Sessions of one browser become those of another.
pub(super) fn move_to(changes: &mut Changes, from: BrowserHash, to: BrowserHash) {
    let moved = changes.write(&MOVE, vec![from.0.0.into(), to.0.0.into()]);
    moved.notice(Notice::Browser(from.0.0)).notice(Notice::Browser(to.0.0));
}

pub(super) fn end(changes: &mut Changes, session: SessionId, at: Timestamp) {
    changes.write(&END, vec![session.0.into(), at.into()]).notice(Notice::Session(session.0));
    authorizations::end_those_for(changes, session, at);
    logout_notices::queue(changes, session, at);
}

/// Ends all sessions of an account. The caches hear of the account.
pub(super) fn end_all_of(changes: &mut Changes, account: AccountId, at: Timestamp) {
    changes.write(&END_ALL_OF, vec![account.0.into(), at.into()]);
    logout_notices::queue_all_of(changes, account, at);
}

/// What follows needs the session to go on.
pub(super) fn must_go_on(changes: &mut Changes, session: SessionId) {
    changes.write(&GOES_ON, vec![session.0.into()]);
}

pub(super) fn from_row(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: SessionId(row.uuid(0)?),
        browser: BrowserHash(TokenHash(row.array(1)?)),
        account: AccountId(row.uuid(2)?),
        tenant: TenantId(row.uuid(3)?),
        authenticated_at: row.time(4)?,
        used_at: row.time(5)?,
        ended_at: row.opt_time(6)?,
        address: row.text(7)?.to_owned(),
        user_agent: row.text(8)?.to_owned(),
        context: AuthenticationContext::from_stored(row.opt_int(9)?),
    })
}

/// Those of the rows that are live, latest sign-in first.
fn live(rows: &[Row], now: Timestamp) -> Result<Vec<Session>, StoreError> {
    let mut sessions = rows.iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
    sessions.retain(|session| session.is_live(now));
    sessions.sort_by_key(|session| (Reverse(session.authenticated_at), session.id));
    Ok(sessions)
}

impl Store {
    /// A session, ended or not.
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.read_one(&BY_ID, vec![id.0.into()]).await?.as_ref().map(from_row).transpose()
    }

    /// The live sessions of a browser, latest sign-in first.
    pub async fn sessions_in_browser(&self, browser: BrowserHash, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        live(&self.read(&IN_BROWSER, vec![browser.0.0.into()]).await?, now)
    }

    /// The same, of those that are remembered. A browser that is unknown is read each time. When a session was last used may be behind: one
    /// that seems to have been idle for too long is looked at again.
    pub async fn remembered_sessions_in_browser(
        &self,
        browser: BrowserHash,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let load = async || self.sessions_in_browser(browser, now).await.map(Arc::new);
        let known = |sessions: &Arc<Vec<Session>>| !sessions.is_empty();
        let sessions = self.memory.browsers.get_or_load_if(browser, known, load).await?;
        let sessions = match sessions.iter().all(|session| session.is_live(now)) {
            true => sessions,
            false => self.memory.browsers.load(browser, load).await?,
        };
        Ok(Arc::unwrap_or_clone(sessions))
    }

    /// The live sessions of an account, latest sign-in first.
    pub async fn sessions_of(&self, account: AccountId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        live(&self.read(&OF_ACCOUNT, vec![account.0.into()]).await?, now)
    }

    /// Notes when sessions were last used.
    pub async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        let mut latest: BTreeMap<SessionId, Timestamp> = BTreeMap::new();
        for (session, at) in used {
            let known = latest.entry(*session).or_insert(*at);
            *known = (*known).max(*at);
        }
        let mut changes = Changes::none();
        for (session, at) in latest {
            changes.write(&TOUCH, vec![session.0.into(), at.into()]);
        }
        self.commit_anyway(&changes).await
    }

    /// Whether a session was ended. Remembered until the feed tells of it.
    pub(super) async fn session_is_over(&self, id: SessionId) -> Result<bool, StoreError> {
        let load = async || Ok(self.session(id).await?.is_none_or(|session| session.ended_at.is_some()));
        self.memory.sessions.get_or_load(id, load).await
    }
}
