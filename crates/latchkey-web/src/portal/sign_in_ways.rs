//! How a person signs in, and linking their account to who they are at a provider of their directory.

use latchkey_identity::Decision;
use latchkey_identity::account::email_key;
use latchkey_identity::sign_in::upstream::link::{LinkProblem, unlink};
use latchkey_identity::sign_in::upstream::passwords_count;
use latchkey_identity::sign_in::upstream::pending::{Freshness, Purpose};
use uuid::Uuid;

use super::authorizations;
use super::problem::Problem;
use super::visit::{Answer, Visit, count, moment};
use crate::identity::sign_in::shows_password;
use crate::identity::upstream::{Errand, NotSent, send};
use crate::pages::sign_in::SignInTrouble;
use crate::pages::sign_in_ways::{LinkRow, PasswordWay, SignInWays};

/// `GET /profile/sign-in`
pub(super) async fn show(visit: Visit) -> Answer {
    let (store, account) = (&visit.app.store, visit.account());
    let upstreams = store.upstreams_of(account.tenant).await?;
    let password = match has_password(&visit).await? {
        true if passwords_count(account, &upstreams) => PasswordWay::Counts,
        true => PasswordWay::DoesNotCount,
        false => PasswordWay::None,
    };
    let name = |issuer: &str| {
        let named = upstreams.iter().find(|upstream| upstream.issuer == issuer);
        named.map_or_else(|| issuer.to_owned(), |upstream| upstream.name.clone())
    };
    let links = store.upstream_links_of(account.id).await?;
    let is_linked = |issuer: &str| links.iter().any(|link| link.issuer == issuer);
    let others = upstreams.iter().filter(|upstream| !is_linked(&upstream.issuer));
    let providers = others.map(|upstream| (upstream.id.to_string(), upstream.name.clone())).collect();
    visit.show(&SignInWays {
        frame: visit.frame(),
        done: visit.asked("done").and_then(done),
        password,
        email: account.email.clone(),
        services: count(authorizations::live(&visit).await?.len()),
        links: links
            .into_iter()
            .map(|link| LinkRow {
                name: name(&link.issuer),
                issuer: link.issuer,
                subject: link.subject,
                since: moment(link.linked_at),
            })
            .collect(),
        providers,
    })
}

/// `POST /profile/sign-in/link`: after a password that is shown once more, and a sign-in there that is made anew.
pub(super) async fn link(visit: Visit) -> Answer {
    let account = visit.account();
    let wanted = visit.posted("upstream").and_then(|id| Uuid::try_parse(id).ok()).ok_or(Problem::NotFound)?;
    let upstream = visit.app.upstream(account.tenant, wanted).await?.ok_or(Problem::NotFound)?;
    let password = visit.posted("password").unwrap_or_default().to_owned();
    match shows_password(&visit.app, &visit.visitor, account, password).await? {
        Ok(Some(_)) => {}
        Ok(None) => return visit.go_to("/profile/sign-in?done=password"),
        Err(SignInTrouble::Throttled(_)) => return visit.go_to("/profile/sign-in?done=throttled"),
        Err(_) => return visit.go_to("/profile/sign-in?done=busy"),
    }
    let errand = Errand {
        upstream: &upstream,
        purpose: Purpose::Link { account: account.id },
        freshness: Freshness { anew: true, max_age: None },
        login_hint: None,
    };
    match send(&visit.app, &visit.visitor, errand).await {
        Ok(response) => Ok(response),
        Err(NotSent::Answer(response)) => Ok(*response),
        Err(NotSent::Unreachable) => visit.go_to("/profile/sign-in?done=unreachable"),
    }
}

/// `POST /profile/sign-in/unlink`
pub(super) async fn end(visit: Visit) -> Answer {
    let (store, account) = (&visit.app.store, visit.account());
    let (issuer, subject) = (visit.posted("issuer").unwrap_or_default(), visit.posted("subject").unwrap_or_default());
    let decided: Result<(), LinkProblem> = store
        .decide(|| async {
            let present = store.upstream_links_of(account.id).await?;
            let (has_password, session) = (has_password(&visit).await?, visit.current.session.id);
            let decision: Decision<(), LinkProblem> =
                unlink(account, session, &present, (issuer, subject), has_password, visit.now());
            Ok(decision.seen_from(&visit.address()))
        })
        .await?;
    visit.go_to(match decided {
        Ok(()) => "/profile/sign-in?done=unlinked",
        Err(LinkProblem::LastWay) => "/profile/sign-in?done=last",
        Err(_) => return Err(Problem::NotFound),
    })
}

async fn has_password(visit: &Visit) -> Result<bool, latchkey_store::StoreError> {
    let found = visit.app.store.credentials(&email_key(&visit.account().email)).await?;
    Ok(found.is_some_and(|(_, password)| password.is_some()))
}

fn done(what: &str) -> Option<(bool, &'static str)> {
    Some(match what {
        "linked" => (true, "Your account is linked. From now on you can sign in by it."),
        "unlinked" => (
            true,
            "It is linked no more. Where you are signed in by it you stay so, until you end that under Sessions.",
        ),
        "changed" => (
            true,
            "Your password was changed. Wherever else you were signed in, you are so no more; services that you authorized go on, except those that you allowed in another session for as long as it lasts.",
        ),
        "changed-and-revoked" => (
            true,
            "Your password was changed. Wherever else you were signed in, you are so no more, and no service may do anything for you until you authorize it again.",
        ),
        "length" => (false, "A new password has 12 to 1,024 bytes: a sentence is fine. Nothing was changed."),
        "easy" => (false, "The new password is too easy to guess. Nothing was changed."),
        "unequal" => (false, "The new password was not typed the same twice. Nothing was changed."),
        "same" => (false, "That is the password you have. Nothing was changed."),
        "another" => (false, "Who signed in there is linked to another account here. Nothing was changed."),
        "refused" => (
            false,
            "Your account could not be linked: it has too many links, or is not one of the directory that this is for.",
        ),
        "last" => (false, "It is the only way in to your account, which has no password. Nothing was changed."),
        "password" => (false, "That was not your password. Nothing was changed."),
        "throttled" => (false, "There were too many attempts. Wait a few minutes and try again."),
        "busy" => (false, "Many people are signing in right now. Please try again in a moment."),
        "unreachable" => {
            (false, "The sign-in of your organization does not answer right now. Please try again in a moment.")
        }
        _ => return None,
    })
}
