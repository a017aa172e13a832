//! Every service that holds a key to an organization, for its administrators, who can stop one for everybody.

use std::collections::BTreeMap;

use latchkey_devops::access::Action;
use latchkey_devops::ids::AppId;
use latchkey_devops::policy::OrganizationPolicy;
use latchkey_identity::authorization::Lifetime;
use latchkey_identity::client::{ClientId, Profile};
use latchkey_store::devops::OrganizationFacts;
use latchkey_store::identity::OrganizationAuthorization;
use uuid::Uuid;

use super::organization::Entered;
use super::problem::Problem;
use super::use_by_day::Calls;
use super::visit::{Answer, Visit, moment};
use super::{authorizations, organization_policy, places, scopes, use_by_day};
use crate::pages::AppFace;
use crate::pages::confirm::Confirm;
use crate::pages::organization_services::{OrganizationServices, Service, ServiceAuthorization};
use crate::pages::use_by_day::UseByDay;

/// How many services can be stopped in one organization: every call looks for its app among them.
const MOST_STOPPED: usize = 1_000;
/// So many authorizations of a service are listed: those that were used last.
const MOST_LISTED: u32 = 100;

/// `GET /organizations/{organization}/services`
pub(super) async fn show(visit: Visit) -> Answer {
    let entered = Entered::read(&visit).await?;
    entered.may(&visit, Action::AdministerOrganization)?;
    let store = &visit.app.store;
    let blocked = &entered.facts.organization.policy.blocked_apps;
    let mut services: BTreeMap<ClientId, Service> = BTreeMap::new();
    for (given, of_the_app) in store.authorizations_into(entered.facts.id(), visit.now(), MOST_LISTED).await? {
        let client = given.listed.authorization.client;
        let app = AppFace::of(&given.listed.client_name, &given.listed.publisher);
        let legacy = given.listed.profile == Profile::Legacy;
        let service = services.entry(client).or_insert_with(|| service(client, app, legacy, false));
        service.more = of_the_app.saturating_sub(MOST_LISTED);
        service.authorizations.push(row(&visit, &entered.facts, given));
    }
    // One that is stopped stays in sight when the last key to it is gone: it can be allowed again.
    for AppId(app) in blocked {
        let client = ClientId(*app);
        match (services.get_mut(&client), store.client(client).await?) {
            (Some(service), _) => service.stopped = true,
            (None, Some(found)) => {
                let face = AppFace::of(&found.name, &found.publisher);
                services.insert(client, service(client, face, found.is_legacy(), true));
            }
            (None, None) => {}
        }
    }
    let mut calls: BTreeMap<ClientId, Calls> = BTreeMap::new();
    for one in store.calls_in(entered.facts.id(), use_by_day::since(visit.now())).await? {
        calls.entry(one.app).or_default().answered(one.day, one.count);
    }
    for (app, calls) in calls {
        if let Some(service) = services.get_mut(&app) {
            service.by_day = calls.until(visit.now());
        }
    }
    let mut services: Vec<Service> = services.into_values().collect();
    services.sort_by(|one, other| (&one.app.name, &one.client_id).cmp(&(&other.app.name, &other.client_id)));
    let done = done(&visit, &services);
    visit.show(&OrganizationServices { frame: visit.frame(), name: entered.name().to_owned(), done, services })
}

fn service(client: ClientId, app: AppFace, legacy: bool, stopped: bool) -> Service {
    Service {
        client_id: client.to_string(),
        app,
        legacy,
        stopped,
        by_day: UseByDay(Vec::new()),
        authorizations: Vec::new(),
        more: 0,
    }
}

fn row(visit: &Visit, facts: &OrganizationFacts, given: OrganizationAuthorization) -> ServiceAuthorization {
    let authorization = &given.listed.authorization;
    ServiceAuthorization {
        may: scopes::in_short_to_others(&authorization.scopes),
        projects: places::inside(facts, &authorization.places),
        since: moment(authorization.created_at),
        until: authorization.expires_at.map(moment),
        for_session: authorization.lifetime == Lifetime::ThisSession,
        paused: authorization.is_paused(),
        last_used: authorizations::last_used(visit, &given.listed).map(|(at, _)| visit.ago(at)),
        person: given.account_name,
    }
}

fn done(visit: &Visit, services: &[Service]) -> Option<String> {
    let name = |id: &str| services.iter().find(|one| one.client_id == id).map(|one| one.app.name.as_str());
    let stopped = visit.asked("stopped").map(|id| match name(id) {
        Some(name) => format!("{name} was stopped. None of its keys work in this organization any more."),
        None => "The service was stopped.".to_owned(),
    });
    let allowed = || {
        visit.asked("allowed").map(|id| match name(id) {
            Some(name) => format!("{name} is allowed again. Keys that people gave it work again."),
            None => "The service is allowed again.".to_owned(),
        })
    };
    stopped.or_else(allowed)
}

/// `POST /organizations/{organization}/services/stop`: asks first, and then stops the service for everybody.
pub(super) async fn stop(visit: Visit) -> Answer {
    let client = posted_client(&visit)?;
    if visit.posted("sure").is_none() {
        return ask(&visit, client).await;
    }
    let entered = Entered::read(&visit).await?;
    entered.may(&visit, Action::AdministerOrganization)?;
    let blocked = &entered.facts.organization.policy.blocked_apps;
    if blocked.len() >= MOST_STOPPED {
        let reason = format!("At most {MOST_STOPPED} services can be stopped. Allow one again first.");
        return Err(Problem::Forbidden { reason });
    }
    let both = with_partner(&visit, client).await?;
    let edit = |policy: &OrganizationPolicy| {
        let mut policy = policy.clone();
        policy.blocked_apps.extend(&both);
        policy
    };
    let entered = organization_policy::change(&visit, edit).await?;
    visit.go_to(&format!("/organizations/{}/services?stopped={client}", entered.name()))
}

async fn ask(visit: &Visit, client: ClientId) -> Answer {
    let entered = Entered::read(visit).await?;
    entered.may(visit, Action::AdministerOrganization)?;
    let app = visit.app.store.client(client).await?.ok_or(Problem::NotFound)?;
    let name = entered.name();
    let partner = visit.app.store.legacy_move_partner(client).await?.map(|_| {
        "It is one service with the app of the older kind that it took over from, or that it moved to: both are stopped.".to_owned()
    });
    visit.show(&Confirm {
        frame: visit.frame(),
        heading: format!("Stop {} for everybody?", app.name),
        consequences: vec![
            format!("Whoever gave it a key: within a second it reaches nothing in {name} any more."),
            format!("Nobody can authorize it for {name} until an administrator allows it again."),
            "What it may do in other organizations stays as it is.".into(),
        ]
        .into_iter()
        .chain(partner)
        .collect(),
        action: format!("/organizations/{name}/services/stop"),
        fields: vec![("client".into(), client.to_string()), ("sure".into(), "yes".into())],
        button: "Stop".into(),
        back: format!("/organizations/{name}/services"),
    })
}

/// `POST /organizations/{organization}/services/allow`
pub(super) async fn allow(visit: Visit) -> Answer {
    let client = posted_client(&visit)?;
    let both = with_partner(&visit, client).await?;
    let edit = |policy: &OrganizationPolicy| {
        let mut policy = policy.clone();
        policy.blocked_apps.retain(|app| !both.contains(app));
        policy
    };
    let entered = organization_policy::change(&visit, edit).await?;
    visit.go_to(&format!("/organizations/{}/services?allowed={client}", entered.name()))
}

/// An app, and the one that it moved to or took over from: they are one service, and are stopped and allowed together.
async fn with_partner(visit: &Visit, client: ClientId) -> Result<Vec<AppId>, Problem> {
    let partner = visit.app.store.legacy_move_partner(client).await?;
    Ok([client].into_iter().chain(partner).map(|client| AppId(client.0)).collect())
}

fn posted_client(visit: &Visit) -> Result<ClientId, Problem> {
    let client = visit.posted("client").and_then(|client| Uuid::try_parse(client).ok());
    client.map(ClientId).ok_or(Problem::NotFound)
}
