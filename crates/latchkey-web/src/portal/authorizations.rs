//! Manage authorizations: the list, and taking keys back.

use latchkey_devops::ids::OrganizationId;
use latchkey_devops::sunset_notice::{Reader, notice};
use latchkey_identity::Decision;
use latchkey_identity::authorization::{AuthorizationId, NotYours, revoke};
use latchkey_identity::client::{Profile, Publisher};
use latchkey_identity::{Change, Timestamp};
use latchkey_store::StoreError;
use latchkey_store::identity::ListedAuthorization;
use uuid::Uuid;

use super::problem::Problem;
use super::visit::{Answer, Visit, count, moment};
use super::{approval_requests, legacy_app, places, scopes};
use crate::legacy::notice::organizations_of;
use crate::pages::AppFace;
use crate::pages::authorizations::{AuthorizationKind, AuthorizationRow, Authorizations, LastUse};
use crate::pages::legacy_app::Notice;
use crate::pages::revoke::{Revoke, Revoked};

/// `GET /profile/authorizations`
pub(super) async fn list(visit: Visit) -> Answer {
    let mut rows = Vec::new();
    for listed in live(&visit).await? {
        rows.push(row(&visit, listed).await?);
    }
    let try_at = visit.app.settings.demo.then(|| "/demo".to_owned());
    let asked = approval_requests::of_person(&visit).await?;
    visit.show(&Authorizations { frame: visit.frame(), rows, try_at, asked })
}

async fn row(visit: &Visit, listed: ListedAuthorization) -> Result<AuthorizationRow, StoreError> {
    let last_use = last_use(visit, &listed);
    let sunset = sunset(visit, &listed).await?;
    let ListedAuthorization { authorization, client_name, publisher, profile, .. } = listed;
    Ok(AuthorizationRow {
        id: authorization.id.to_string(),
        app: face(client_name, &publisher),
        kind: kind_of(profile),
        may: scopes::in_short(&authorization.scopes),
        places: places::in_words(&visit.app.store, &authorization.places).await?,
        since: moment(authorization.created_at),
        until: authorization.expires_at.map(moment),
        last_use,
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
        Profile::Standard | Profile::Microsoft => AuthorizationKind::OpenIdConnect,
    }
}

/// The person's authorizations that are live, newest use first.
pub(super) async fn live(visit: &Visit) -> Result<Vec<ListedAuthorization>, StoreError> {
    let mut listed = visit.app.store.authorizations_of(visit.account().id).await?;
    listed.retain(|one| one.authorization.is_live(visit.now()));
    Ok(listed)
}

/// How these pages show an app.
pub(super) fn face(name: String, publisher: &Publisher) -> AppFace {
    match publisher {
        Publisher::Unverified => AppFace { name, publisher: "an unknown publisher".into(), verified: false },
        Publisher::Verified(domain) => AppFace { name, publisher: domain.clone(), verified: true },
    }
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

/// `GET /profile/authorizations/revoke`: asks before one (`?authorization=`) or all are revoked.
pub(super) async fn ask(visit: Visit) -> Answer {
    let one = visit.asked("authorization").map(id).transpose()?;
    let chosen: Vec<_> = live(&visit).await?.into_iter().filter(|listed| is_meant(listed, one)).collect();
    match (one, chosen.is_empty()) {
        (Some(_), true) => Err(Problem::NotFound),
        (None, true) => visit.go_to("/profile/authorizations"),
        (_, false) => visit.show(&Revoke {
            frame: visit.frame(),
            authorization: one.map(|id| id.to_string()),
            apps: chosen.into_iter().map(|listed| listed.client_name).collect(),
        }),
    }
}

/// `POST /profile/authorizations/revoke`: revokes one or all, and says what has ended.
pub(super) async fn end(visit: Visit) -> Answer {
    let one = match visit.posted("authorization") {
        Some("all") => None,
        Some(text) => Some(id(text)?),
        None => return Err(Problem::NotFound),
    };
    let decided: Result<Vec<Ended>, NotYours> = visit
        .app
        .store
        .decide(|| async {
            let mut ended = Vec::new();
            let mut changes = Vec::new();
            for listed in live(&visit).await?.into_iter().filter(|listed| is_meant(listed, one)) {
                let (by, within) = (visit.account().id, visit.current.session.id);
                let decision = revoke(Some(&listed.authorization), by, within, visit.now());
                if let Err(refused) = decision.answer {
                    return Ok(Decision::refuse(refused));
                }
                changes.extend(decision.changes);
                ended.push(Ended::read(&visit, listed).await?);
            }
            Ok(granted(ended, changes).seen_from(&visit.address()))
        })
        .await?;
    match decided {
        Ok(ended) if !ended.is_empty() => visit.show(&revoked(&visit, &ended)),
        // It ended before, or there was none: the list shows what is true now.
        Ok(_) => match one {
            Some(id) => already_ended(&visit, id).await,
            None => visit.go_to("/profile/authorizations"),
        },
        Err(NotYours) => Err(Problem::NotFound),
    }
}

fn granted(ended: Vec<Ended>, changes: Vec<Change>) -> Decision<Vec<Ended>, NotYours> {
    Decision::grant(ended).and_all(changes)
}

async fn already_ended(visit: &Visit, id: AuthorizationId) -> Answer {
    let authorization = visit.app.store.authorization(id).await?;
    match authorization.filter(|authorization| authorization.account == visit.account().id) {
        Some(_) => visit.go_to("/profile/authorizations"),
        None => Err(Problem::NotFound),
    }
}

fn id(text: &str) -> Result<AuthorizationId, Problem> {
    Uuid::try_parse(text).map(AuthorizationId).map_err(|_| Problem::NotFound)
}

fn is_meant(listed: &ListedAuthorization, one: Option<AuthorizationId>) -> bool {
    one.is_none_or(|id| listed.authorization.id == id)
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
