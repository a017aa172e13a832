//! `Pause` and `Resume`: a person stops a service for a while, and lets it go on.

use latchkey_identity::Decision;
use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::pause::{pause, resume};
use latchkey_identity::authorization::{Authorization, NotChanged};
use latchkey_identity::session::SessionId;

use super::authorizations;
use super::problem::Problem;
use super::visit::{Answer, Visit};

/// One of the two rules.
type Rule = fn(Option<&Authorization>, AccountId, SessionId, Timestamp) -> Decision<(), NotChanged>;

/// `POST /profile/authorizations/pause`
pub(super) async fn begin(visit: Visit) -> Answer {
    change(&visit, pause).await
}

/// `POST /profile/authorizations/resume`
pub(super) async fn end(visit: Visit) -> Answer {
    change(&visit, resume).await
}

/// Goes back to the page whose button it was: the list, or the details.
async fn change(visit: &Visit, rule: Rule) -> Answer {
    let id = authorizations::id(visit.posted("authorization").ok_or(Problem::NotFound)?)?;
    let decided = visit
        .app
        .store
        .decide(|| async {
            let (by, within) = (visit.account().id, visit.current.session.id);
            let listed = visit.app.store.authorization_of(by, id).await?;
            let authorization = listed.as_ref().map(|listed| &listed.authorization);
            Ok(rule(authorization, by, within, visit.now()).seen_from(&visit.address()))
        })
        .await?;
    match decided {
        Err(NotChanged::NotYours) => Err(Problem::NotFound),
        // It ended before: its page says so.
        Err(NotChanged::Ended) => visit.go_to(&format!("/profile/authorizations/{id}")),
        Ok(()) if visit.posted("from") == Some("details") => visit.go_to(&format!("/profile/authorizations/{id}")),
        Ok(()) => visit.go_to("/profile/authorizations"),
    }
}
