//! One authorization, with everything known about it.

use std::collections::BTreeMap;
use std::time::Duration;

use latchkey_identity::Timestamp;
use latchkey_identity::authorization::{Authorization, AuthorizationId};
use latchkey_identity::client::ClientKind;
use latchkey_identity::token::family::TokenFamily;
use latchkey_store::identity::UseOfDay;

use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use super::{authorizations, places, scopes};
use crate::pages::Remaining;
use crate::pages::authorization::{Authorization as AuthorizationPage, DayOfUse, Event, LiveKey};
use crate::pages::authorizations::AuthorizationKind;

/// A day.
const DAY: Duration = Duration::from_secs(86_400);
/// How many days of use are shown.
const DAYS: usize = 30;

/// `GET /profile/authorizations/{id}`
pub(super) async fn show(visit: Visit) -> Answer {
    let (store, id) = (&visit.app.store, AuthorizationId(visit.id("id")?));
    let listed = authorizations::live(&visit).await?.into_iter().find(|listed| listed.authorization.id == id);
    let listed = listed.ok_or(Problem::NotFound)?;
    let families = store.families_of(id).await?;
    let kind = store.client(listed.authorization.client).await?.map_or(ClientKind::Web, |client| client.kind);
    let authorization = &listed.authorization;
    visit.show(&AuthorizationPage {
        frame: visit.frame(),
        id: id.to_string(),
        app: authorizations::face(listed.client_name.clone(), &listed.publisher),
        kind: AuthorizationKind::OpenIdConnect,
        email: visit.account().email.clone(),
        may: scopes::in_full(&authorization.scopes),
        places: places::in_words(store, &authorization.places).await?,
        since: moment(authorization.created_at),
        until: authorization.expires_at.map(moment),
        last_use: authorizations::last_use(&visit, &listed),
        keys: keys(&families, kind, visit.now()),
        events: events(authorization, &families),
        days: days(&store.uses_of(id).await?, visit.now()),
    })
}

/// The tokens that work now.
fn keys(families: &[TokenFamily], kind: ClientKind, now: Timestamp) -> Vec<LiveKey> {
    let key = |kind: &str, family: &TokenFamily, end: Timestamp| {
        let left = u32::try_from(end.since(now).as_secs()).unwrap_or(u32::MAX);
        (left > 0).then(|| LiveKey { kind: kind.to_owned(), issued: moment(family.rotated_at), left: Remaining(left) })
    };
    let of_family = |family: &TokenFamily| {
        let refresh = family.refreshable.then(|| key("Refresh token", family, family.expires_at(kind))).flatten();
        [key("Access token", family, family.access_expires_at), refresh]
    };
    families.iter().flat_map(of_family).flatten().collect()
}

/// What is known to have happened, the newest first.
fn events(authorization: &Authorization, families: &[TokenFamily]) -> Vec<Event> {
    let mut events = vec![(authorization.created_at, "You approved it.")];
    if authorization.changed_at > authorization.created_at {
        events.push((authorization.changed_at, "You approved it anew, or approved more."));
    }
    for family in families {
        events.push((family.created_at, "It got its keys."));
        if family.rotated_at > family.created_at {
            events.push((family.rotated_at, "It renewed its keys."));
        }
    }
    // What happened later stands further up, also within one moment.
    events.reverse();
    events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    events.into_iter().map(|(at, sentence)| Event { at: moment(at), sentence: sentence.to_owned() }).collect()
}

/// The calls of the last days, the oldest first; none at all if there were no calls in them.
fn days(uses: &[UseOfDay], now: Timestamp) -> Vec<DayOfUse> {
    let mut calls: BTreeMap<Timestamp, i64> = BTreeMap::new();
    for one in uses {
        let sum = calls.entry(one.day).or_default();
        *sum = sum.saturating_add(one.count);
    }
    let micros = i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX);
    let today = Timestamp::from_micros(now.as_micros().div_euclid(micros).saturating_mul(micros));
    let shown: Vec<Timestamp> = std::iter::successors(Some(today), |day| Some(*day - DAY)).take(DAYS).collect();
    if !shown.iter().any(|day| calls.contains_key(day)) {
        return Vec::new();
    }
    let row = |day: Timestamp| {
        let calls = calls.get(&day).copied().unwrap_or_default();
        DayOfUse { day: moment(day), calls: u32::try_from(calls).unwrap_or(u32::MAX) }
    };
    shown.into_iter().rev().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(100 * 86_400 + 5_000);

    fn used(day: i64, operation: &str, count: i64) -> UseOfDay {
        let day = Timestamp::from_secs(day * 86_400);
        UseOfDay { day, operation: operation.into(), project: None, count, last_at: day }
    }

    #[test]
    fn thirty_days_are_shown_with_those_on_which_nothing_happened() {
        let shown =
            days(&[used(100, "work items: read", 2), used(100, "git: clone", 1), used(98, "git: clone", 7)], NOW);
        assert_eq!(shown.len(), DAYS);
        let calls: Vec<u32> = shown.iter().rev().take(4).map(|day| day.calls).collect();
        assert_eq!(calls, [3, 0, 7, 0]);
    }

    #[test]
    fn an_authorization_that_was_not_used_for_thirty_days_shows_no_days() {
        assert!(days(&[], NOW).is_empty());
        assert!(days(&[used(20, "git: clone", 7)], NOW).is_empty());
    }
}
