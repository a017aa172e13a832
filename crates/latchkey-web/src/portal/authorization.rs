//! One authorization, with everything known about it.

use latchkey_identity::Timestamp;
use latchkey_identity::authorization::narrow::NarrowError;
use latchkey_identity::authorization::{Authorization, AuthorizationId, EndReason, Lifetime};
use latchkey_identity::client::{ClientKind, Profile};
use latchkey_identity::token::family::TokenFamily;
use latchkey_identity::token::issuer;
use latchkey_store::identity::{RefusedOfDay, UseOfDay};

use super::problem::Problem;
use super::use_by_day::Calls;
use super::visit::{Answer, Visit, moment};
use super::{authorizations, deeds, narrow, places, scopes, timeline};
use crate::identity::apis;
use crate::pages::authorization::{Authorization as AuthorizationPage, Ended, LiveKey, RefusedCalls};
use crate::pages::{AppFace, Remaining};

/// How many events of the record are shown.
const MOST_EVENTS: u32 = 100;
/// How many kinds of refused calls are shown.
const MOST_REFUSED: usize = 50;

/// `GET /profile/authorizations/{id}`
pub(super) async fn show(visit: Visit) -> Answer {
    let id = AuthorizationId(visit.id("id")?);
    visit.show(&read(&visit, id, None).await?)
}

/// The same page, after a narrowing that could not be accepted.
pub(super) async fn show_again(visit: &Visit, id: AuthorizationId, problem: NarrowError) -> Answer {
    visit.show_again(&read(visit, id, Some(problem)).await?)
}

/// All that is known of one of the person's authorizations, ended or not.
async fn read(visit: &Visit, id: AuthorizationId, problem: Option<NarrowError>) -> Result<AuthorizationPage, Problem> {
    let store = &visit.app.store;
    let listed = visit.authorization(id).await?;
    let families = store.families_of(id).await?;
    let client = store.client(listed.authorization.client).await?;
    let kind = client.as_ref().map_or(ClientKind::Web, |client| client.kind);
    let authorization = &listed.authorization;
    let issuer = issuer(&visit.visitor.origin.url, authorization.tenant);
    let recorded = store.audit_events_about(authorization.tenant.0, id.0, None, MOST_EVENTS).await?;
    let refused = store.refusals_of(id).await?;
    let uses = store.uses_of(id).await?;
    let deeds = deeds::of(visit, id, &uses).await?;
    let ended = ended(authorization, visit.now());
    let narrow = match &ended {
        None => Some(narrow::offered(visit, authorization, problem).await?),
        Some(_) => None,
    };
    Ok(AuthorizationPage {
        frame: visit.frame(),
        id: id.to_string(),
        app: AppFace::of(&listed.client_name, &listed.publisher),
        kind: authorizations::kind_of(listed.profile),
        email: visit.account().email.clone(),
        sign_in_at: client.and_then(|client| client.metadata.sign_in_at(&issuer)),
        may: scopes::in_full(&authorization.scopes, apis::calls(&visit.app, &authorization.scopes).await?),
        places: places::in_words(store, &authorization.places).await?,
        since: moment(authorization.created_at),
        until: authorization.expires_at.map(moment),
        for_session: authorization.lifetime == Lifetime::ThisSession,
        paused: authorization.paused_at.map(moment),
        ended,
        done: (visit.asked("done") == Some("narrowed"))
            .then(|| "It was narrowed. That counts from its next call on.".to_owned()),
        narrow,
        last_use: authorizations::last_use(visit, &listed),
        keys: keys(&families, (kind, listed.profile), authorization.expires_at, visit.now()),
        events: timeline::of(authorization, &recorded, &families),
        used_for: deeds.used_for,
        changes: deeds.changes,
        by_day: by_day(&uses, &refused).until(visit.now()),
        refused: refused.iter().take(MOST_REFUSED).map(refused_calls).collect(),
    })
}

/// When and why it ended, if it has.
pub(super) fn ended(authorization: &Authorization, now: Timestamp) -> Option<Ended> {
    let ran_out = authorization.expires_at.filter(|end| *end <= now);
    let (at, why) = match (authorization.ended, ran_out) {
        // It ran out first, and was ended as such later.
        (Some((at, EndReason::Replaced)), Some(end)) => (end.min(at), "Its time was over."),
        (Some((at, reason)), _) => (at, end_in_words(reason)),
        (None, Some(end)) => (end, "Its time was over."),
        (None, None) => return None,
    };
    Some(Ended { at: moment(at), why })
}

const fn end_in_words(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Revoked => "You revoked it.",
        EndReason::RevokedByAdministrator => "An administrator revoked it.",
        EndReason::SessionEnded => "The session that you gave it for has ended.",
        EndReason::AppDeleted => "The app was deleted.",
        EndReason::Replaced => "You approved the app anew.",
    }
}

/// The tokens that work now, for as long as they and their authorization do.
fn keys(
    families: &[TokenFamily],
    app: (ClientKind, Profile),
    until: Option<Timestamp>,
    now: Timestamp,
) -> Vec<LiveKey> {
    let key = |kind: &str, family: &TokenFamily, end: Timestamp| {
        let end = until.map_or(end, |until| end.min(until));
        let left = u32::try_from(end.since(now).as_secs()).unwrap_or(u32::MAX);
        (left > 0).then(|| LiveKey { kind: kind.to_owned(), issued: moment(family.rotated_at), left: Remaining(left) })
    };
    let of_family = |family: &TokenFamily| {
        let refresh =
            family.refreshable.then(|| key("Refresh token", family, family.expires_at(app.0, app.1))).flatten();
        [key("Access token", family, family.access_expires_at), refresh]
    };
    families.iter().flat_map(of_family).flatten().collect()
}

fn refused_calls(refused: &RefusedOfDay) -> RefusedCalls {
    RefusedCalls {
        wanted: refused.operation.clone(),
        why: why(&refused.reason),
        count: u32::try_from(refused.count).unwrap_or(u32::MAX),
        last: moment(refused.last_at),
    }
}

/// Why a call was refused, for the person whose rights and whose approval bound it. The checks go by their codes.
fn why(check: &str) -> &'static str {
    match check {
        "scope" => "you did not approve that",
        "limits" => "the place is not part of what you approved",
        "organization_membership" => "you do not belong to the organization",
        "project_membership" => "you do not belong to the project",
        "access_level" => "your access level does not include it",
        "permission" => "you do not have the permission yourself",
        "organization_policy" => "the organization does not let it in",
        _ => "it may not",
    }
}

/// Calls by day, answered and refused.
fn by_day(uses: &[UseOfDay], refused: &[RefusedOfDay]) -> Calls {
    let mut calls = Calls::default();
    uses.iter().for_each(|one| calls.answered(one.day, one.count));
    refused.iter().for_each(|one| calls.refused(one.day, one.count));
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_that_keeps_somebody_out_is_put_in_words() {
        use latchkey_devops::access::Check;
        for check in [
            Check::Scope,
            Check::Limits,
            Check::OrganizationMembership,
            Check::ProjectMembership,
            Check::AccessLevel,
            Check::Permission,
            Check::OrganizationPolicy,
        ] {
            assert_ne!(why(check.code()), "it may not", "{check:?}");
        }
    }
}
