//! Manage authorizations: the list, and taking keys back.

use std::collections::BTreeSet;

use latchkey_devops::ids::OrganizationId;
use latchkey_devops::sunset_notice::{Reader, notice};
use latchkey_identity::authorization::{AuthorizationId, Lifetime, NotYours, revoke};
use latchkey_identity::client::Profile;
use latchkey_identity::{Decision, Timestamp};
use latchkey_store::StoreError;
use latchkey_store::identity::ListedAuthorization;
use uuid::Uuid;

use super::problem::Problem;
use super::use_by_day::{Calls, by_authorization};
use super::visit::{Answer, Visit, count, moment};
use super::{approval_requests, legacy_app, places, scopes, use_by_day};
use crate::legacy::notice::organizations_of;
use crate::pages::AppFace;
use crate::pages::authorizations::{AuthorizationKind, AuthorizationRow, Authorizations, IDLE_DAYS, LastUse};
use crate::pages::legacy_app::Notice;
use crate::pages::revoke::{Revoke, Revoked, Which};

/// `GET /profile/authorizations`
pub(super) async fn list(visit: Visit) -> Answer {
    let unused = visit.asked("unused").and_then(|days| days.parse().ok());
    let unused = unused.filter(|days| Authorizations::UNUSED.contains(days));
    let live = live(&visit).await?;
    let all = count(live.len());
    let idle = count(live.iter().filter(|listed| is_unused(&visit, listed, IDLE_DAYS)).count());
    let calls = visit.app.store.calls_of(visit.account().id, use_by_day::since(visit.now())).await?;
    let mut calls = by_authorization(&calls);
    let mut rows = Vec::new();
    for listed in live.into_iter().filter(|listed| unused.is_none_or(|days| is_unused(&visit, listed, days))) {
        let calls = calls.remove(&listed.authorization.id).unwrap_or_default();
        rows.push(row(&visit, listed, &calls).await?);
    }
    let try_at = visit.app.settings.demo.then(|| "/demo".to_owned());
    let asked = approval_requests::of_person(&visit).await?;
    visit.show(&Authorizations { frame: visit.frame(), rows, all, unused, idle, try_at, asked })
}

async fn row(visit: &Visit, listed: ListedAuthorization, calls: &Calls) -> Result<AuthorizationRow, StoreError> {
    let last_use = last_use(visit, &listed);
    let sunset = sunset(visit, &listed).await?;
    let ListedAuthorization { authorization, client_name, publisher, profile, .. } = listed;
    Ok(AuthorizationRow {
        id: authorization.id.to_string(),
        app: AppFace::of(&client_name, &publisher),
        kind: kind_of(profile),
        may: scopes::in_short(&authorization.scopes),
        places: places::in_short(&visit.app.store, &authorization.places).await?,
        since: moment(authorization.created_at),
        until: authorization.expires_at.map(moment),
        for_session: authorization.lifetime == Lifetime::ThisSession,
        paused: authorization.paused_at.map(moment),
        last_use,
        by_day: calls.until(visit.now()),
        sunset,
    })
}

/// What the person is told of the end of the older kind, in each organization that such an authorization reaches.
async fn sunset(visit: &Visit, listed: &ListedAuthorization) -> Result<Vec<Notice>, StoreError> {
    let mut notices = Vec::new();
    if listed.profile == Profile::Legacy {
        for id in organizations_of(&listed.authorization) {
            let facts = visit.app.store.organization_by_id(OrganizationId(id)).await?;
            let told = facts.and_then(|facts| {
                let organization = &facts.organization;
                notice(organization.policy.sunset, organization.name.as_str(), Reader::Person, visit.now())
            });
            notices.extend(told.map(legacy_app::shown));
        }
    }
    Ok(notices)
}

/// How an authorization of an app of this profile came to be.
pub(super) const fn kind_of(profile: Profile) -> AuthorizationKind {
    match profile {
        Profile::Legacy => AuthorizationKind::Legacy,
        Profile::Standard | Profile::Microsoft | Profile::Fapi2 => AuthorizationKind::OpenIdConnect,
    }
}

/// The person's authorizations that are live, newest use first.
pub(super) async fn live(visit: &Visit) -> Result<Vec<ListedAuthorization>, StoreError> {
    let mut listed = visit.app.store.authorizations_of(visit.account().id).await?;
    listed.retain(|one| one.authorization.is_live(visit.now()));
    Ok(listed)
}

/// When and from where an authorization last acted: what is written, or what is still gathered in memory.
pub(super) fn last_used(visit: &Visit, listed: &ListedAuthorization) -> Option<(Timestamp, String)> {
    let gathered = visit.app.uses.last_use(listed.authorization.id);
    let gathered = gathered.map(|(at, address)| (at, address.to_string()));
    [listed.last_used.clone(), gathered].into_iter().flatten().max_by_key(|(at, _)| *at)
}

/// The same, as pages show it.
pub(super) fn last_use(visit: &Visit, listed: &ListedAuthorization) -> Option<LastUse> {
    last_used(visit, listed).map(|(at, address)| LastUse { when: visit.ago(at), address })
}

/// Whether nothing was done with an authorization for so many days, and the person did not change it.
fn is_unused(visit: &Visit, listed: &ListedAuthorization, days: u16) -> bool {
    let used = last_used(visit, listed).map(|(at, _)| at);
    listed.authorization.is_unused(used, visit.now(), days)
}

/// Which authorizations are to be revoked.
enum Meant {
    One(AuthorizationId),
    All,
    /// Those that were not used for long, of those that the page showed as such.
    Unused(BTreeSet<AuthorizationId>),
}

impl Meant {
    fn is(&self, visit: &Visit, listed: &ListedAuthorization) -> bool {
        let id = &listed.authorization.id;
        match self {
            Self::One(one) => one == id,
            Self::All => true,
            Self::Unused(shown) => shown.contains(id) && is_unused(visit, listed, IDLE_DAYS),
        }
    }
}

/// `GET /profile/authorizations/revoke`: asks before one (`?authorization=`), those not used for long (`?unused=`) or all are revoked.
pub(super) async fn ask(visit: Visit) -> Answer {
    let one = visit.asked("authorization").map(id).transpose()?;
    let idle = one.is_none() && visit.asked("unused").is_some();
    let mut chosen = live(&visit).await?;
    chosen.retain(|listed| match one {
        Some(one) => listed.authorization.id == one,
        None => !idle || is_unused(&visit, listed, IDLE_DAYS),
    });
    if chosen.is_empty() {
        return if one.is_some() { Err(Problem::NotFound) } else { visit.go_to("/profile/authorizations") };
    }
    let which = match one {
        Some(one) => Which::One(one.to_string()),
        None if idle => Which::Unused(chosen.iter().map(|listed| listed.authorization.id.to_string()).collect()),
        None => Which::All,
    };
    let apps = chosen.into_iter().map(|listed| listed.client_name).collect();
    visit.show(&Revoke { frame: visit.frame(), which, apps })
}

/// `POST /profile/authorizations/revoke`: revokes one, those not used for long, or all, and says what has ended.
pub(super) async fn end(visit: Visit) -> Answer {
    let meant = match visit.posted("authorization") {
        Some("all") => Meant::All,
        Some("unused") => Meant::Unused(visit.all_posted("shown").map(id).collect::<Result<_, _>>()?),
        Some(text) => Meant::One(id(text)?),
        None => return Err(Problem::NotFound),
    };
    let decided: Result<Vec<Ended>, NotYours> = visit
        .app
        .store
        .decide(|| async {
            let mut ended = Vec::new();
            let mut changes = Vec::new();
            for listed in live(&visit).await?.into_iter().filter(|listed| meant.is(&visit, listed)) {
                let (by, within) = (visit.account().id, visit.current.session.id);
                let decision = revoke(Some(&listed.authorization), by, within, visit.now());
                if let Err(refused) = decision.answer {
                    return Ok(Decision::refuse(refused));
                }
                changes.extend(decision.changes);
                ended.push(Ended::read(&visit, listed).await?);
            }
            let decision: Decision<_, NotYours> = Decision::grant(ended).and_all(changes);
            Ok(decision.seen_from(&visit.address()))
        })
        .await?;
    match decided {
        Ok(ended) if !ended.is_empty() => visit.show(&revoked(&visit, &ended)),
        // It ended before, or there was none: the list shows what is true now.
        Ok(_) => match meant {
            Meant::One(id) => already_ended(&visit, id).await,
            Meant::All | Meant::Unused(_) => visit.go_to("/profile/authorizations"),
        },
        Err(NotYours) => Err(Problem::NotFound),
    }
}

async fn already_ended(visit: &Visit, id: AuthorizationId) -> Answer {
    let authorization = visit.app.store.authorization(id).await?;
    match authorization.filter(|authorization| authorization.account == visit.account().id) {
        Some(_) => visit.go_to("/profile/authorizations"),
        None => Err(Problem::NotFound),
    }
}

pub(super) fn id(text: &str) -> Result<AuthorizationId, Problem> {
    Uuid::try_parse(text).map(AuthorizationId).map_err(|_| Problem::NotFound)
}

/// What ended with one authorization.
struct Ended {
    app: String,
    refresh_tokens: usize,
    /// When each access token that was still running would have ended by itself.
    access_tokens: Vec<Timestamp>,
}

impl Ended {
    async fn read(visit: &Visit, listed: ListedAuthorization) -> Result<Self, StoreError> {
        let (store, now) = (&visit.app.store, visit.now());
        let client = store.client(listed.authorization.client).await?;
        let families = store.families_of(listed.authorization.id).await?;
        let refreshes = |(kind, profile)| {
            families.iter().filter(|family| family.refreshable && now < family.expires_at(kind, profile)).count()
        };
        Ok(Self {
            app: listed.client_name,
            refresh_tokens: client.map(|client| (client.kind, client.profile)).map_or(0, refreshes),
            access_tokens: families.iter().map(|family| family.access_expires_at).filter(|end| now < *end).collect(),
        })
    }
}

fn revoked(visit: &Visit, ended: &[Ended]) -> Revoked {
    let running = || ended.iter().flat_map(|one| &one.access_tokens);
    Revoked {
        frame: visit.frame(),
        apps: ended.iter().map(|one| one.app.clone()).collect(),
        at: moment(visit.now()),
        refresh_tokens: count(ended.iter().map(|one| one.refresh_tokens).sum()),
        access_tokens: count(running().count()),
        offline_until: running().max().copied().map(moment),
    }
}
