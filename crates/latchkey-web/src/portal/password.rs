//! A person changes their password, on the page that says how they sign in.

use latchkey_identity::account::email_key;
use latchkey_identity::sign_in::password::{PasswordError, check_new};
use latchkey_identity::sign_in::password_change::{NotThePassword, PasswordChange, change};
use latchkey_store::{Decided, StoreError};

use super::authorizations::live;
use super::problem::Problem;
use super::visit::{Answer, Visit};
use crate::app::random;
use crate::identity::sign_in::shows_password;
use crate::mail;
use crate::pages::sign_in::SignInTrouble;
use crate::reply;
use crate::visitor::Visitor;

/// `POST /profile/sign-in/password`: after the password before, which is asked for once more.
pub(super) async fn save(visit: Visit) -> Answer {
    let posted = |name| visit.posted(name).unwrap_or_default();
    let (shown, new) = (posted("current_password"), posted("new_password"));
    let told = |what: &str| visit.go_to(&format!("/profile/sign-in?done={what}"));
    let refused = match check_new(new, &visit.account().email) {
        Err(PasswordError::Length) => Some("length"),
        Err(PasswordError::TooEasy) => Some("easy"),
        Ok(()) if new != posted("repeated_password") => Some("unequal"),
        Ok(()) if new == shown => Some("same"),
        Ok(()) => None,
    };
    if let Some(refused) = refused {
        return told(refused);
    }
    let kept = match shows_password(&visit.app, &visit.visitor, visit.account(), shown.to_owned()).await? {
        Ok(Some(kept)) => kept,
        Ok(None) => return told("password"),
        Err(SignInTrouble::Throttled(_)) => return told("throttled"),
        Err(_) => return told("busy"),
    };
    let Ok(hashed) = visit.app.hashing.hash(new.to_owned(), random()).await else { return told("busy") };
    let revoked = visit.posted("revoke_services").is_some();
    let renewed = visit.visitor.browser.renewed();
    let change = PasswordChange {
        account: visit.account(),
        session: visit.current.session.id,
        cookie: visit.visitor.browser.hash(),
        next_cookie: renewed.hash(),
        shown: &kept,
        new: &hashed,
    };
    if commit(&visit, change, revoked).await?.is_err() {
        return told("password");
    }
    let visitor = Visitor { browser: renewed, ..visit.visitor };
    let done = if revoked { "changed-and-revoked" } else { "changed" };
    Ok(reply::see_other(&visitor, &format!("/profile/sign-in?done={done}")))
}

/// Decides with what is true at that moment, and tells the person by mail.
async fn commit(
    visit: &Visit,
    asked: PasswordChange<'_>,
    revoked: bool,
) -> Result<Result<(), NotThePassword>, Problem> {
    let (store, now) = (&visit.app.store, visit.now());
    let decide = async || -> Result<_, StoreError> {
        let kept = store.credentials(&email_key(&asked.account.email)).await?.and_then(|(_, kept)| kept);
        let sessions = store.sessions_of(asked.account.id, now).await?;
        let given = if revoked { live(visit).await? } else { Vec::new() };
        let given: Vec<_> = given.into_iter().map(|listed| listed.authorization).collect();
        let decision = change(asked, kept.as_deref(), &sessions, &given, now).seen_from(&visit.address());
        let is_changed = decision.answer.is_ok();
        let (answer, mut changes) = decision.into_parts();
        changes.letters.extend(is_changed.then(|| mail::own_password_changed(&visit.app, asked.account, now)));
        Ok((answer, changes))
    };
    Ok(store.decide(decide).await?)
}
