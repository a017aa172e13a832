//! Sessions: the sign-ins of a browser. A browser may hold several accounts.

use std::convert::Infallible;
use std::fmt;

use uuid::Uuid;

use crate::account::AccountId;
use crate::change::Change;
use crate::decision::Decision;
use crate::event::{Event, EventKind};
use crate::limits;
use crate::secret::TokenHash;
use crate::sign_in::context::AuthenticationContext;
use crate::tenant::TenantId;
use crate::time::Timestamp;

/// The id of a session. Apps know it by a `sid` of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SessionId(pub Uuid);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// What we keep of a browser's cookie. It is renewed at every sign-in and sign-out, so a cookie planted before is worth nothing after.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BrowserHash(pub TokenHash);

/// One account signed in in one browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The browser that holds it.
    pub browser: BrowserHash,
    /// Who signed in.
    pub account: AccountId,
    /// The tenant of that account.
    pub tenant: TenantId,
    /// When the person last proved who they are: the `auth_time` claim. Never reset by reuse, approval or refresh.
    pub authenticated_at: Timestamp,
    /// What they showed.
    pub context: AuthenticationContext,
    /// When it was last used, to the minute.
    pub used_at: Timestamp,
    /// Set when it was ended before its time.
    pub ended_at: Option<Timestamp>,
    /// Where the sign-in came from.
    pub address: String,
    /// What the browser called itself, cut to 200 characters.
    pub user_agent: String,
}

impl Session {
    /// Whether it still counts: not ended, not idle too long, not too old.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at()
    }

    /// When it ends if nobody uses it again.
    pub fn expires_at(&self) -> Timestamp {
        (self.used_at + limits::SESSION_IDLE).min(self.authenticated_at + limits::SESSION_LIFETIME)
    }
}

/// There is no such session among the person's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no such session")]
pub struct NoSuchSession;

/// Ends one session of a person, who asks for it in the session `within`. Ending an ended one is no error.
pub fn end_session(
    session: Option<&Session>,
    by: AccountId,
    within: SessionId,
    now: Timestamp,
) -> Decision<(), NoSuchSession> {
    let Some(session) = session.filter(|session| session.account == by) else {
        return Decision::refuse(NoSuchSession);
    };
    Decision::grant(()).and_all(end(session, within, now))
}

/// Ends every session of a person but the one they ask in. The answer is how many ended.
pub fn end_others(
    sessions: &[Session],
    by: AccountId,
    within: SessionId,
    now: Timestamp,
) -> Decision<usize, Infallible> {
    let others =
        || sessions.iter().filter(|session| session.account == by && session.id != within && session.is_live(now));
    Decision::grant(others().count()).and_all(others().flat_map(|session| end(session, within, now)))
}

fn end(session: &Session, within: SessionId, now: Timestamp) -> Vec<Change> {
    if session.ended_at.is_some() {
        return Vec::new();
    }
    let event = Event::new(EventKind::SessionEnded, session.tenant, now, session.id.to_string());
    let event = event.by(session.account).within(within);
    vec![Change::EndSession { session: session.id, at: now }, Change::Record(event)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn a_session(id: u128, start: Timestamp) -> Session {
        Session {
            id: SessionId(Uuid::from_u128(id)),
            browser: BrowserHash(TokenHash([0; 32])),
            account: AccountId(Uuid::nil()),
            tenant: TenantId(Uuid::nil()),
            authenticated_at: start,
            context: AuthenticationContext::Password,
            used_at: start,
            ended_at: None,
            address: String::new(),
            user_agent: String::new(),
        }
    }

    fn ended<T, E>(decision: &Decision<T, E>) -> Vec<u128> {
        let ended = decision.changes.iter().filter_map(|change| match change {
            Change::EndSession { session, .. } => Some(session.0.as_u128()),
            _ => None,
        });
        ended.collect()
    }

    #[test]
    fn only_the_person_whose_it_is_ends_a_session() {
        let now = Timestamp::from_secs(1_000);
        let (session, here) = (a_session(1, now), SessionId(Uuid::from_u128(2)));
        let decision = end_session(Some(&session), session.account, here, now);
        assert_eq!((decision.answer, ended(&decision)), (Ok(()), vec![1]));
        let recorded =
            |change: &Change| matches!(change, Change::Record(event) if event.kind == EventKind::SessionEnded);
        assert!(decision.changes.iter().any(recorded));
        let stranger = end_session(Some(&session), AccountId(Uuid::from_u128(9)), here, now);
        assert_eq!((stranger.answer, stranger.changes), (Err(NoSuchSession), vec![]));
    }

    #[test]
    fn a_session_that_has_ended_does_not_end_again() {
        let now = Timestamp::from_secs(1_000);
        let session = Session { ended_at: Some(now), ..a_session(1, now) };
        let decision = end_session(Some(&session), session.account, session.id, now);
        assert_eq!((decision.answer, decision.changes), (Ok(()), vec![]));
    }

    #[test]
    fn ending_all_others_keeps_the_session_one_is_in() {
        let now = Timestamp::from_secs(1_000_000);
        let stranger = Session { account: AccountId(Uuid::from_u128(9)), ..a_session(4, now) };
        let old = a_session(5, Timestamp::from_secs(0));
        let sessions = [a_session(1, now), a_session(2, now), a_session(3, now), stranger, old];
        let decision = end_others(&sessions, AccountId(Uuid::nil()), SessionId(Uuid::from_u128(2)), now);
        assert_eq!((decision.answer, ended(&decision)), (Ok(2), vec![1, 3]));
    }

    #[test]
    fn a_session_ends_by_idleness_by_age_and_by_decision() {
        let start = Timestamp::from_secs(1_000);
        let session = a_session(0, start);
        assert!(session.is_live(start + limits::SESSION_IDLE - Duration::from_secs(1)));
        assert!(!session.is_live(start + limits::SESSION_IDLE));
        let used = Session { used_at: start + limits::SESSION_LIFETIME, ..session.clone() };
        assert!(!used.is_live(start + limits::SESSION_LIFETIME));
        let ended = Session { ended_at: Some(start), ..session };
        assert!(!ended.is_live(start));
    }
}
