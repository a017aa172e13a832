//! Password sign-in. Whoever is unknown, disabled or wrong hears the same.

use crate::account::{Account, AccountState};
use crate::authorize::flow::FlowId;
use crate::change::Change;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::Event;
use crate::limits;
use crate::session::{BrowserHash, Session, SessionId};
use crate::sign_in::context::AuthenticationContext;
use crate::time::Timestamp;

/// Proof that a password was compared with what is kept of it, on the hashing pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// It is the password.
    Matches,
    /// It is not, or there was nothing to compare with: an invented hash was.
    Differs,
}

/// Where a sign-in comes from and goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignInContext<'a> {
    /// The hash of the browser's cookie.
    pub browser: BrowserHash,
    /// The hash of the cookie that it gets now.
    pub renewed: BrowserHash,
    /// The flow it is for, if any.
    pub flow: Option<FlowId>,
    /// The address it comes from.
    pub address: &'a str,
    /// What the browser calls itself.
    pub user_agent: &'a str,
}

/// One neutral refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The email or the password is wrong.")]
pub struct SignInRefused;

/// Signs a person in: a new session in this browser, under a new cookie. `live` are the browser's sessions.
pub fn sign_in(
    account: Option<&Account>,
    comparison: Comparison,
    context: SignInContext<'_>,
    live: &[Session],
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Session, SignInRefused> {
    let Some(account) = account else { return Decision::refuse(SignInRefused) };
    if comparison == Comparison::Differs || account.state == AccountState::Disabled {
        return Decision::refuse(SignInRefused).and(Change::Record(Event::sign_in_failed(account, BY, now)));
    }
    let entrance = Entrance { account, authenticated_at: now, context: AuthenticationContext::Password, by: BY };
    let (session, changes) = entrance.enter(context, live, now, entropy);
    Decision::grant(session).and_all(changes)
}

/// How the record calls it.
const BY: &str = "password";

/// Somebody who has shown who they are, by whatever means.
#[derive(Clone, Copy, Debug)]
pub struct Entrance<'a> {
    /// Their account.
    pub account: &'a Account,
    /// When they showed it.
    pub authenticated_at: Timestamp,
    /// What they showed.
    pub context: AuthenticationContext,
    /// By what, for the record.
    pub by: &'a str,
}

impl Entrance<'_> {
    /// A new session in this browser, under a new cookie. `live` are the browser's sessions.
    pub fn enter(
        self,
        context: SignInContext<'_>,
        live: &[Session],
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> (Session, Vec<Change>) {
        let account = self.account;
        let session = Session {
            id: SessionId(entropy.uuid()),
            browser: context.renewed,
            account: account.id,
            tenant: account.tenant,
            authenticated_at: self.authenticated_at,
            context: self.context,
            used_at: now,
            ended_at: None,
            address: context.address.to_owned(),
            user_agent: context.user_agent.chars().filter(|c| !c.is_control()).take(200).collect(),
        };
        // The same account again in the same browser replaces its session; beyond ten accounts the oldest makes room.
        let mut others: Vec<&Session> = live.iter().filter(|other| other.account != account.id).collect();
        others.sort_by_key(|other| std::cmp::Reverse(other.used_at));
        let same = live.iter().filter(|other| other.account == account.id);
        let ended = same.chain(others.into_iter().skip(limits::SESSIONS_PER_BROWSER - 1));
        let mut changes: Vec<Change> = ended.map(|other| Change::EndSession { session: other.id, at: now }).collect();
        changes.push(Change::RenewBrowser { from: context.browser, to: context.renewed });
        changes.push(Change::StartSession(Box::new(session.clone())));
        changes.extend(context.flow.map(|flow| Change::ChooseSession { flow, session: session.id }));
        changes.push(Change::Record(Event::signed_in(account, &session, self.by)));
        (session, changes)
    }
}

/// Whether a new password is good enough: 12 to 1,024 bytes, and neither the address nor one repeated character.
pub fn check_new(password: &str, email: &str) -> Result<(), PasswordError> {
    let mut characters = password.chars();
    let first = characters.next();
    if !limits::PASSWORD_BYTES.contains(&password.len()) {
        return Err(PasswordError::Length);
    }
    if password.eq_ignore_ascii_case(email) || characters.all(|character| Some(character) == first) {
        return Err(PasswordError::TooEasy);
    }
    Ok(())
}

/// Why a new password is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("A password has 12 to 1,024 bytes.")]
    Length,
    /// The first thing anybody would try.
    #[error("This password is too easy to guess.")]
    TooEasy,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;
    use crate::secret::TokenHash;
    use crate::sign_in::tests::{a_session, an_account};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn context() -> SignInContext<'static> {
        let (browser, renewed) = (BrowserHash(TokenHash([1; 32])), BrowserHash(TokenHash([2; 32])));
        SignInContext { browser, renewed, flow: None, address: "127.0.0.1", user_agent: "test\n" }
    }

    fn attempt(
        account: Option<&Account>,
        comparison: Comparison,
        live: &[Session],
    ) -> Decision<Session, SignInRefused> {
        sign_in(account, comparison, context(), live, NOW, &mut Entropy::seeded(1))
    }

    #[test]
    fn the_browsers_cookie_is_renewed_at_every_sign_in() {
        let decision = attempt(Some(&an_account()), Comparison::Matches, &[]);
        assert_eq!(decision.answer.unwrap().browser, context().renewed);
        assert!(decision.changes.contains(&Change::RenewBrowser { from: context().browser, to: context().renewed }));
    }

    #[test]
    fn unknown_wrong_and_disabled_sound_the_same_and_known_ones_are_recorded() {
        let disabled = Account { state: AccountState::Disabled, ..an_account() };
        let answers = [
            attempt(None, Comparison::Differs, &[]),
            attempt(Some(&an_account()), Comparison::Differs, &[]),
            attempt(Some(&disabled), Comparison::Matches, &[]),
        ];
        assert!(answers.iter().all(|decision| decision.answer == Err(SignInRefused)));
        assert!(matches!(&answers[1].changes[..], [Change::Record(event)] if event.kind == EventKind::SignInFailed));
    }

    #[test]
    fn a_browser_holds_ten_accounts_and_each_once() {
        let mut live: Vec<Session> = (0..10)
            .map(|n| Session {
                id: SessionId(Uuid::from_u128(n)),
                account: crate::account::AccountId(Uuid::from_u128(n)),
                used_at: Timestamp::from_secs(n as i64),
                ..a_session()
            })
            .collect();
        let oldest = attempt(Some(&an_account()), Comparison::Matches, &live);
        assert!(oldest.changes.contains(&Change::EndSession { session: SessionId(Uuid::from_u128(0)), at: NOW }));
        live.truncate(1);
        live[0].account = an_account().id;
        let again = attempt(Some(&an_account()), Comparison::Matches, &live);
        assert_eq!(again.changes.iter().filter(|change| matches!(change, Change::EndSession { .. })).count(), 1);
    }

    #[test]
    fn a_new_password_is_long_enough_and_not_the_first_guess() {
        assert_eq!(check_new("correct horse battery", "ana@harbor.test"), Ok(()));
        assert_eq!(check_new("short", "ana@harbor.test"), Err(PasswordError::Length));
        assert_eq!(check_new("ana@harbor.test", "Ana@harbor.test"), Err(PasswordError::TooEasy));
        assert_eq!(check_new("aaaaaaaaaaaaaa", "ana@harbor.test"), Err(PasswordError::TooEasy));
    }
}
