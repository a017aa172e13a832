//! Sessions: the sign-ins of a browser. A browser may hold several accounts.

use std::fmt;

use uuid::Uuid;

use crate::account::AccountId;
use crate::limits;
use crate::secret::TokenHash;
use crate::tenant::TenantId;
use crate::time::Timestamp;

/// The id of a session: the `sid` claim.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_session_ends_by_idleness_by_age_and_by_decision() {
        let start = Timestamp::from_secs(1_000);
        let session = Session {
            id: SessionId(Uuid::nil()),
            browser: BrowserHash(TokenHash([0; 32])),
            account: AccountId(Uuid::nil()),
            tenant: TenantId(Uuid::nil()),
            authenticated_at: start,
            used_at: start,
            ended_at: None,
            address: String::new(),
            user_agent: String::new(),
        };
        assert!(session.is_live(start + limits::SESSION_IDLE - Duration::from_secs(1)));
        assert!(!session.is_live(start + limits::SESSION_IDLE));
        let used = Session { used_at: start + limits::SESSION_LIFETIME, ..session.clone() };
        assert!(!used.is_live(start + limits::SESSION_LIFETIME));
        let ended = Session { ended_at: Some(start), ..session };
        assert!(!ended.is_live(start));
    }
}
