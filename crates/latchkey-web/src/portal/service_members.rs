//! Apps that are members of an organization by themselves: shown, accepted as what they became, and removed by its administrators. Adding one
//! is in [`adding`].

mod adding;

use std::collections::{BTreeMap, BTreeSet};

use latchkey_devops::access::Action;
use latchkey_devops::group::ProjectGroup;
use latchkey_devops::ids::{PersonId, ProjectId};
use latchkey_devops::membership::{AcceptedService, Member};
use latchkey_devops::scope::Scope;
use latchkey_identity::client::{Client, ClientId};
use latchkey_jose::base64url;
use latchkey_jose::digest::sha256;
use latchkey_store::devops::OrganizationFacts;
use latchkey_store::devops::members::{self, ListedService};
use latchkey_store::{Changes, StoreError};

use adding::Typed;
pub(super) use adding::add;

use super::organization::Entered;
use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use crate::identity::offer::as_service;
use crate::pages::authorizations::LastUse;
use crate::pages::confirm::Confirm;
use crate::pages::service_members::{ChangedService, ServiceMember, ServiceMembers};
use crate::pages::{Problem as Wrong, Problems};

/// How many apps can be members by themselves: more than anybody looks over.
const MOST_SERVICES: u32 = 500;

/// `GET /organizations/{organization}/service-members`
pub(super) async fn show(visit: Visit) -> Answer {
    let entered = Entered::read(&visit).await?;
    visit.show(&page(&visit, &entered, &Typed::default(), Problems::default()).await?)
}

async fn page(visit: &Visit, entered: &Entered, typed: &Typed, problems: Problems) -> Result<ServiceMembers, Problem> {
    let access = entered.may(visit, Action::AdministerOrganization)?;
    let store = &visit.app.store;
    let mut shown = Vec::new();
    for listed in store.services(&access, MOST_SERVICES).await? {
        let service = listed.app;
        let Some(member) = store.member(entered.facts.id(), service).await? else { continue };
        let client = store.client(ClientId(service.0)).await?;
        shown.push(ServiceMember {
            client_id: service.to_string(),
            access_level: member.access_level.to_string(),
            scopes: client.as_deref().map(|client| accepted_scopes(&member, client)).unwrap_or_default(),
            changed: client.as_deref().and_then(|client| changed(&member, client)),
            last_use: last_use(visit, entered, &listed),
            app: client.map(|client| client.name.clone()),
            projects: projects(&entered.facts, &member.projects),
            since: moment(listed.added_at),
        });
    }
    shown.sort_by(|one, other| (&one.app, &one.client_id).cmp(&(&other.app, &other.client_id)));
    let named = |query: &str| {
        let id = visit.asked(query)?;
        let member = shown.iter().find(|member| member.client_id == id);
        Some(member.and_then(|member| member.app.clone()).unwrap_or_else(|| "The service".to_owned()))
    };
    let accepted = named("accepted").map(|name| format!("{name} is accepted as it is now."));
    let removed =
        || visit.asked("removed").map(|_| "The service is no member any more. It reaches nothing here.".to_owned());
    let done = named("added").map(|name| format!("{name} is a member now.")).or(accepted).or_else(removed);
    Ok(ServiceMembers {
        frame: visit.frame(),
        name: entered.name().to_owned(),
        done,
        problems,
        members: shown,
        form: typed.form(&entered.facts),
    })
}

/// `lighthouse (Readers)`
fn projects(facts: &OrganizationFacts, of: &BTreeMap<ProjectId, BTreeSet<ProjectGroup>>) -> Vec<String> {
    let within =
        |groups: &BTreeSet<ProjectGroup>| groups.iter().map(|group| group.name()).collect::<Vec<_>>().join(", ");
    let known = of.iter().filter_map(|(id, groups)| Some((facts.project_by_id(*id)?, groups)));
    known.map(|(project, groups)| format!("{} ({})", project.name, within(groups))).collect()
}

/// What it registered of the DevOps side. By name: the words of the approval page speak to a person of what is theirs.
fn own_scopes(client: &Client) -> Vec<String> {
    client.scopes.resource().iter().map(str::to_owned).collect()
}

/// What an app may do here: what it registered, as far as that was accepted.
fn accepted_scopes(member: &Member, client: &Client) -> Vec<String> {
    let counts = |name: &String| Scope::parse(name).is_some_and(|scope| member.accepts(scope));
    own_scopes(client).into_iter().filter(counts).collect()
}

/// What an app became since it was accepted, if an administrator has to be asked about it.
fn changed(member: &Member, client: &Client) -> Option<ChangedService> {
    let (before, now) = (member.service?, as_service(client));
    let shown = now.shown?;
    before.differs_from(now.scopes, shown).then(|| ChangedService {
        shown: fingerprint(now),
        more: now
            .scopes
            .iter()
            .filter(|scope| !before.scopes.implies(*scope))
            .map(|scope| scope.name().to_owned())
            .collect(),
        other: before.shown.is_some_and(|before| before != shown),
    })
}

/// Digest of all that an acceptance stands for.
fn fingerprint(service: AcceptedService) -> String {
    let shown = service.shown.map(|shown| shown.0).unwrap_or_default();
    base64url::encode(sha256([shown.as_slice(), service.scopes.to_string().as_bytes()].concat()))
}

/// When an app last acted by itself: what is written, or what is still gathered in memory.
fn last_use(visit: &Visit, entered: &Entered, listed: &ListedService) -> Option<LastUse> {
    let gathered = visit.app.uses.last_use_by_itself(entered.facts.id(), listed.app);
    let gathered = gathered.map(|(at, address)| (at, address.to_string()));
    let last = [listed.last_used.clone(), gathered].into_iter().flatten().max_by_key(|(at, _)| *at);
    last.map(|(at, address)| LastUse { when: visit.ago(at), address })
}

/// What became of an acceptance.
enum Acceptance {
    /// What the app is now counts.
    Accepted,
    /// The app is not what the page said that it is.
    ChangedAgain,
    /// There is no such member, or it is not this person's to say.
    NotThere,
}

/// `POST /organizations/{organization}/service-members/accept`: what an app registered since counts from now on, as the page said it.
pub(super) async fn accept(visit: Visit) -> Answer {
    let service = visit.posted("client").and_then(ClientId::parse).ok_or(Problem::NotFound)?;
    let entered = Entered::read(&visit).await?;
    entered.may(&visit, Action::AdministerOrganization)?;
    match accepted(&visit, service).await? {
        Acceptance::Accepted => {
            visit.go_to(&format!("/organizations/{}/service-members?accepted={service}", entered.name()))
        }
        Acceptance::ChangedAgain => {
            let problems = about_the_app("The app changed again since you looked at it. Please read it again.");
            visit.show_again(&page(&visit, &entered, &Typed::default(), problems).await?)
        }
        Acceptance::NotThere => Err(Problem::NotFound),
    }
}

async fn accepted(visit: &Visit, service: ClientId) -> Result<Acceptance, StoreError> {
    let store = &visit.app.store;
    store
        .decide(|| async {
            let nothing = |acceptance| Ok((acceptance, Changes::none()));
            let Ok((entered, _)) = Entered::administered(visit).await? else { return nothing(Acceptance::NotThere) };
            let member = store.member(entered.facts.id(), PersonId(service.0)).await?;
            let member = member.filter(|member| member.service.is_some());
            let (Some(member), Some(client)) = (member, store.client(service).await?) else {
                return nothing(Acceptance::NotThere);
            };
            let now = as_service(&client);
            if visit.posted("shown") != Some(fingerprint(now).as_str()) {
                return nothing(Acceptance::ChangedAgain);
            }
            let changes = members::accept_service(&entered.facts.organization, member.person, now, &visit.author());
            Ok((Acceptance::Accepted, changes))
        })
        .await
}

/// What is wrong with the app that was named.
fn about_the_app(sentence: &str) -> Problems {
    Problems(vec![Wrong { field: "client".into(), sentence: sentence.to_owned() }])
}

/// `POST /organizations/{organization}/service-members/remove`: asks first, and then ends its membership.
pub(super) async fn remove(visit: Visit) -> Answer {
    let service = visit.posted("client").and_then(ClientId::parse).map(|client| PersonId(client.0));
    let service = service.ok_or(Problem::NotFound)?;
    let entered = Entered::read(&visit).await?;
    entered.may(&visit, Action::AdministerOrganization)?;
    let (store, name) = (&visit.app.store, entered.name());
    if visit.posted("sure").is_none() {
        let member = store.member(entered.facts.id(), service).await?.filter(|member| member.service.is_some());
        let member = member.ok_or(Problem::NotFound)?;
        let client = store.client(ClientId(member.person.0)).await?;
        let app = client.map_or_else(|| "the deleted app".to_owned(), |client| client.name.clone());
        return visit.show(&Confirm {
            frame: visit.frame(),
            heading: format!("Remove {app} from {name}?"),
            consequences: vec![
                format!("Within a second it reaches nothing in {name} by itself."),
                "What people authorized it for in their own names stays as it is.".into(),
            ],
            action: format!("/organizations/{name}/service-members/remove"),
            fields: vec![("client".into(), service.to_string()), ("sure".into(), "yes".into())],
            button: "Remove".into(),
            back: format!("/organizations/{name}/service-members"),
        });
    }
    let removed = store
        .decide(|| async {
            let Ok((entered, _)) = Entered::administered(&visit).await? else { return Ok((false, Changes::none())) };
            let member = store.member(entered.facts.id(), service).await?;
            if member.is_none_or(|member| member.service.is_none()) {
                return Ok((false, Changes::none()));
            }
            Ok((true, members::remove(&entered.facts.organization, service, &visit.author())))
        })
        .await?;
    match removed {
        true => visit.go_to(&format!("/organizations/{name}/service-members?removed={service}")),
        false => Err(Problem::NotFound),
    }
}
