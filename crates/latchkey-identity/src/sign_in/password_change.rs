//! A person changes their password: they show the one before, and whoever else is signed in as them is so no more.

use crate::account::Account;
use crate::authorization::{Authorization, revoke};
use crate::change::Change;
use crate::decision::Decision;
use crate::event::{Event, EventKind};
use crate::session::{BrowserHash, Session, SessionId, end_others};
use crate::time::Timestamp;

/// A change that a person asks for.
#[derive(Clone, Copy, Debug)]
pub struct PasswordChange<'a> {
    /// Whose password it is.
    pub account: &'a Account,
    /// The session in which they ask. It goes on.
    pub session: SessionId,
    /// The cookie that its browser came with. Whoever copied it holds nothing from now on.
    pub cookie: BrowserHash,
    /// The cookie that its browser gets.
    pub next_cookie: BrowserHash,
    /// What was kept of the password that they showed, a PHC string.
    pub shown: &'a str,
    /// What is kept of the new one.
    pub new: &'a str,
}

/// There is another password than the one that was shown: somebody was first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the password that was shown is the password no more")]
pub struct NotThePassword;

/// Changes a password. `kept` is what is kept of it now, `sessions` are all of the person's, and `revoked` what they take back with it from
/// services: whoever had the password may have given it.
pub fn change(
    change: PasswordChange<'_>,
    kept: Option<&str>,
    sessions: &[Session],
    revoked: &[Authorization],
    now: Timestamp,
) -> Decision<(), NotThePassword> {
    let PasswordChange { account, session, cookie, next_cookie, shown, new } = change;
    if kept != Some(shown) {
        return Decision::refuse(NotThePassword);
    }
    let event = Event::new(EventKind::PasswordChanged, account.tenant, now, account.email.as_str());
    let replace = Change::ReplacePassword { account: account.id, from: shown.to_owned(), to: new.to_owned(), at: now };
    // What is given for the time of a session ends with it, and could not be revoked after that.
    let taken_back = revoked.iter().flat_map(|given| revoke(Some(given), account.id, session, now).changes);
    Decision::grant(())
        .and(Change::Record(event.by(account.id).within(session)))
        .and(replace)
        .and_all(taken_back)
        .and_all(end_others(sessions, account.id, session, now).changes)
        .and(Change::RenewBrowser { from: cookie, to: next_cookie })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::tests::an_authorization;
    use crate::secret::TokenHash;
    use crate::sign_in::tests::{a_session, an_account};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const COOKIE: BrowserHash = BrowserHash(TokenHash([1; 32]));
    const NEXT_COOKIE: BrowserHash = BrowserHash(TokenHash([2; 32]));

    fn changed(kept: Option<&str>, revoked: &[Authorization]) -> Decision<(), NotThePassword> {
        let account = an_account();
        let elsewhere = Session { id: SessionId(Uuid::from_u128(7)), ..a_session() };
        let asked = PasswordChange {
            account: &account,
            session: a_session().id,
            cookie: COOKIE,
            next_cookie: NEXT_COOKIE,
            shown: "$argon2id$1",
            new: "$argon2id$2",
        };
        change(asked, kept, &[a_session(), elsewhere], revoked, NOW)
    }

    #[test]
    fn a_changed_password_ends_every_other_session_and_renews_the_cookie_of_this_one() {
        let decision = changed(Some("$argon2id$1"), &[]);
        assert_eq!(decision.answer, Ok(()));
        let (from, to) = ("$argon2id$1".to_owned(), "$argon2id$2".to_owned());
        assert!(decision.changes.contains(&Change::ReplacePassword { account: an_account().id, from, to, at: NOW }));
        let ended = |id: u128| Change::EndSession { session: SessionId(Uuid::from_u128(id)), at: NOW };
        assert!(decision.changes.contains(&ended(7)) && !decision.changes.contains(&ended(0x5e)));
        assert!(decision.changes.contains(&Change::RenewBrowser { from: COOKIE, to: NEXT_COOKIE }));
        let recorded = |change: &Change| matches!(change, Change::Record(event) if event.kind == EventKind::PasswordChanged && event.actor == Some(an_account().id));
        assert!(decision.changes.iter().any(recorded));
    }

    #[test]
    fn what_services_may_do_is_taken_back_with_it_if_the_person_says_so() {
        let given = an_authorization();
        let ends = |decision: &Decision<(), NotThePassword>| {
            decision.changes.iter().any(|change| matches!(change, Change::EndAuthorization { .. }))
        };
        assert!(!ends(&changed(Some("$argon2id$1"), &[])));
        assert!(ends(&changed(Some("$argon2id$1"), &[given])));
    }

    #[test]
    fn a_password_that_was_changed_meanwhile_is_not_changed_by_the_one_before() {
        for kept in [None, Some("$argon2id$3")] {
            let decision = changed(kept, &[]);
            assert_eq!((decision.answer, decision.changes), (Err(NotThePassword), vec![]));
        }
    }
}
