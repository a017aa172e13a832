//! An app of the older OAuth kind, for those who may change it: who still comes by it, and the way out.

use std::collections::BTreeSet;

use latchkey_devops::ids::OrganizationId;
use latchkey_devops::sunset::Sunset;
use latchkey_devops::sunset_notice::{Reader, SunsetNotice, UNSEEN, notice};
use latchkey_identity::account::AccountId;
use latchkey_identity::client::registration::RegistrationError;
use latchkey_identity::client::{Client, ClientId, ClientState};
use latchkey_identity::legacy::LegacyApp;
use latchkey_identity::legacy::moving::{self, MoveError, Moved, Moving, move_app};
use latchkey_identity::{Decision, Timestamp};
use latchkey_store::StoreError;
use latchkey_store::identity::OrganizationAuthorization;
use uuid::Uuid;

use super::app::{self, own};
use super::legacy_guide::{self, SideBySide};
use super::problem::Problem;
use super::visit::{Answer, Visit, count, moment};
use super::{authorizations, registration};
use crate::app::entropy;
use crate::pages::confirm::Confirm;
use crate::pages::legacy_app::{
    Elsewhere, LegacyAppDetails, LegacyMoved, MovedApp, Notice, OldWayRow, OrganizationEnd,
};
use crate::pages::{Problems, capitalized};

/// How many people are named on the page.
const MOST_PEOPLE: usize = 100;

/// The page of an app of the older kind.
pub(super) async fn details(
    visit: &Visit,
    client: &Client,
    done: Option<&str>,
    problems: Problems,
) -> Result<LegacyAppDetails, Problem> {
    let store = &visit.app.store;
    let app = store.legacy_app(client.id).await?.ok_or(Problem::NotFound)?;
    let owner = match client.owner {
        Some(owner) => store.account(owner).await?.map(|person| person.account.name.clone()),
        None => None,
    };
    let newer = newer(visit, client.id).await?;
    let (people, known) = people(visit, client, newer.as_ref().map(|(newer, _)| newer.id)).await?;
    let Ends { notices, seen, elsewhere } = ends(visit, &app).await?;
    let moved = match &newer {
        Some((newer, at)) => Some(moved_app(visit, &app, newer, *at).await?),
        None => None,
    };
    Ok(LegacyAppDetails {
        frame: visit.frame(),
        done: done.map(str::to_owned),
        problems,
        client_id: client.id.to_string(),
        name: client.name.clone(),
        suspended: client.state == ClientState::Suspended,
        owner: owner.unwrap_or_else(|| "the administrators of its directory".to_owned()),
        imported: moment(client.created_at),
        redirect_uris: client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
        scopes: app.scopes.iter().map(str::to_owned).collect(),
        notices,
        ends: seen,
        elsewhere,
        people,
        known,
        secrets: client.secrets.iter().map(|secret| app::row(secret, visit)).collect(),
        moved,
        left_behind: left_behind(visit, client, &app),
        company: app.company,
        website: app.website,
        description: app.description,
    })
}

/// The app that one of the older kind moved to, if it did.
async fn newer(visit: &Visit, older: ClientId) -> Result<Option<(std::sync::Arc<Client>, Timestamp)>, StoreError> {
    let Some((id, at)) = visit.app.store.legacy_app_moved_to(older).await? else { return Ok(None) };
    Ok(visit.app.store.client(id).await?.map(|client| (client, at)))
}

async fn moved_app(visit: &Visit, app: &LegacyApp, newer: &Client, at: Timestamp) -> Result<MovedApp, StoreError> {
    let both = SideBySide { origin: &visit.visitor.origin.url, older: app.client, app, newer };
    Ok(MovedApp {
        client_id: newer.id.to_string(),
        at: moment(at),
        people: visit.app.store.count_authorizations_for(newer.id).await?,
        changes: legacy_guide::changes(&both),
    })
}

/// What of an app does not move along.
fn left_behind(visit: &Visit, client: &Client, app: &LegacyApp) -> Vec<String> {
    let (_, uris) = moving::redirect_uris(client);
    let (_, scopes) = moving::scopes(app, &visit.app.resource.scopes);
    uris.into_iter().chain(scopes.iter().map(str::to_owned)).collect()
}

/// How many people come by the older way, and those of them that this person may see: who acts in an organization that both belong to.
async fn people(visit: &Visit, client: &Client, newer: Option<ClientId>) -> Result<(u32, Vec<OldWayRow>), StoreError> {
    let store = &visit.app.store;
    let shared: BTreeSet<Uuid> =
        store.organizations_of(visit.person()).await?.iter().map(|facts| facts.id().0).collect();
    let approved: BTreeSet<AccountId> = match newer {
        Some(newer) => {
            let all = store.authorizations_for(newer).await?;
            let live = all.iter().map(|one| &one.listed.authorization).filter(|one| one.is_live(visit.now()));
            live.map(|one| one.account).collect()
        }
        None => BTreeSet::new(),
    };
    let mut all = store.authorizations_for(client.id).await?;
    all.retain(|one| one.listed.authorization.is_live(visit.now()));
    let is_seen = |one: &&OrganizationAuthorization| {
        one.listed.authorization.places.iter().any(|place| shared.contains(&place.organization))
    };
    let row = |one: &OrganizationAuthorization| OldWayRow {
        name: one.account_name.clone(),
        email: one.account_email.clone(),
        since: moment(one.listed.authorization.created_at),
        last_used: authorizations::last_used(visit, &one.listed).map(|(at, _)| visit.ago(at)),
        moved: approved.contains(&one.listed.authorization.account),
    };
    Ok((count(all.len()), all.iter().filter(is_seen).take(MOST_PEOPLE).map(row).collect()))
}

/// The ends of the older kind where an app acts.
struct Ends {
    /// What is to be told of them.
    notices: Vec<Notice>,
    /// When they are, in organizations that the person belongs to.
    seen: Vec<OrganizationEnd>,
    /// What can be said of the other organizations.
    elsewhere: Elsewhere,
}

/// The ends in each organization that took the app over. Those that the person does not belong to are counted and not named.
async fn ends(visit: &Visit, app: &LegacyApp) -> Result<Ends, StoreError> {
    let store = &visit.app.store;
    let own: BTreeSet<OrganizationId> =
        store.organizations_of(visit.person()).await?.iter().map(|facts| facts.id()).collect();
    let (mut notices, mut seen) = (Vec::new(), Vec::new());
    let (mut unseen, mut soonest) = (0, Sunset::NONE);
    for id in app.organizations.iter().map(|id| OrganizationId(*id)) {
        let Some(facts) = store.organization_by_id(id).await? else { continue };
        let (name, sunset) = (facts.organization.name.as_str(), facts.organization.policy.sunset);
        if !own.contains(&id) {
            unseen += 1;
            soonest = soonest.or_sooner(sunset);
            continue;
        }
        notices.extend(notice(sunset, name, Reader::Owner, visit.now()).map(shown));
        seen.push(OrganizationEnd {
            organization: name.to_owned(),
            warn_from: sunset.warn_from().map(moment),
            refuse_from: sunset.refuse_from().map(moment),
            over: sunset.refuses(visit.now()),
        });
    }
    let of_unseen = notice(soonest, UNSEEN, Reader::Owner, visit.now());
    notices.extend(of_unseen.map(|notice| shown(SunsetNotice { sentence: capitalized(&notice.sentence), ..notice })));
    let elsewhere = Elsewhere { organizations: unseen, first_end: soonest.refuse_from().map(moment) };
    Ok(Ends { notices, seen, elsewhere })
}

/// A notice, as pages show it.
pub(super) fn shown(notice: SunsetNotice) -> Notice {
    Notice { urgent: notice.urgent, sentence: notice.sentence }
}

/// `POST /apps/{id}/move`: makes the new app beside the older one.
pub(super) async fn move_it(visit: Visit) -> Answer {
    let (store, older) = (&visit.app.store, own(&visit).await?);
    let Some(app) = store.legacy_app(older.id).await? else { return Err(Problem::NotFound) };
    let decided: Result<Moved, MoveError> = visit
        .app
        .decide_apps(|| async {
            let Some(client) = store.client(older.id).await? else {
                return Ok(Decision::refuse(RegistrationError::NotYours.into()));
            };
            let owner = client.owner.unwrap_or(visit.account().id);
            let name = visit.posted("name").map(str::trim).filter(|name| !name.is_empty()).unwrap_or(&client.name);
            let moving = Moving {
                client: &client,
                app: &app,
                name,
                moved_to: store.legacy_app_moved_to(client.id).await?.map(|(id, _)| id),
                owned: store.count_clients_owned_by(owner).await?,
                known_scopes: &visit.app.resource.scopes,
            };
            let key = &visit.app.keys.client_secret;
            Ok(move_app(moving, visit.account(), key, visit.now(), &mut entropy()).seen_from(&visit.address()))
        })
        .await?;
    match decided {
        Ok(Moved { client: newer, secret, secret_expires_at }) => visit.show(&LegacyMoved {
            frame: visit.frame(),
            name: newer.name.clone(),
            older: older.id.to_string(),
            moved: moved_app(&visit, &app, &newer, visit.now()).await?,
            secret: secret.reveal().to_owned(),
            expires: moment(secret_expires_at),
            left_behind: left_behind(&visit, &older, &app),
        }),
        Err(MoveError::Already(_)) => visit.go_to(&format!("/apps/{}?done=moved-before", older.id)),
        Err(error) => {
            let field = match error {
                MoveError::Registration(RegistrationError::Name | RegistrationError::ReservedName) => "new-name",
                _ => "move",
            };
            let problems = registration::at(field, error.to_string());
            visit.show_again(&details(&visit, &older, None, problems).await?)
        }
    }
}

/// `GET /apps/{id}/retire`: asks first.
pub(super) async fn ask_to_retire(visit: Visit) -> Answer {
    let client = own(&visit).await?;
    if !client.is_legacy() {
        return Err(Problem::NotFound);
    }
    let people = match visit.app.store.count_authorizations_for(client.id).await? {
        0 => "Nobody has a live authorization for it any more.".to_owned(),
        1 => "One person still has an authorization for it, which ends at once.".to_owned(),
        people => format!("{people} people still have an authorization for it; all of them end at once."),
    };
    visit.show(&Confirm {
        frame: visit.frame(),
        heading: format!("Retire the old {}?", client.name),
        consequences: vec![
            people,
            "Its secrets stop working, and its client id is never used again. The new app goes on.".into(),
            "This cannot be taken back.".into(),
        ],
        action: format!("/apps/{}/retire", client.id),
        fields: Vec::new(),
        button: "Retire the old one".into(),
        back: format!("/apps/{}", client.id),
    })
}

/// `POST /apps/{id}/retire`
pub(super) async fn retire(visit: Visit) -> Answer {
    let id = ClientId(visit.id("id")?);
    let newer = newer(&visit, id).await?;
    let decided = visit.decide_client(id, |client| moving::retire(client, visit.account(), visit.now())).await?;
    match (decided, newer) {
        (Ok(()), Some((newer, _))) => visit.go_to(&format!("/apps/{}?done=retired", newer.id)),
        (Ok(()), None) => visit.go_to("/apps?deleted=1"),
        (Err(_), _) => Err(Problem::NotFound),
    }
}
