//! `Narrow` on the details of an authorization: what can be taken from it, and taking it.

use std::collections::BTreeSet;

use latchkey_devops::ids::{OrganizationId, ProjectId, RepositoryId};
use latchkey_devops::scope::Scope;
use latchkey_identity::Decision;
use latchkey_identity::authorization::narrow::{NarrowError, Narrowing, earlier_ends, fixed, narrow};
use latchkey_identity::authorization::{Authorization, AuthorizationId, Branch, NotChanged, Place, Places};
use latchkey_identity::scope::ScopeSet;
use latchkey_store::StoreError;
use latchkey_store::devops::OrganizationFacts;
use uuid::Uuid;

use super::problem::Problem;
use super::visit::{Answer, Visit};
use super::{authorization, scopes};
use crate::identity::apis;
use crate::pages::authorization::{Narrow, NarrowScope};
use crate::pages::consent::{OrganizationChoice, ProjectChoice, RepositoryChoice};

/// The scopes that the app of an authorization cannot do without.
async fn required(visit: &Visit, authorization: &Authorization) -> Result<ScopeSet, StoreError> {
    let client = visit.app.store.client(authorization.client).await?;
    Ok(client.map(|client| client.required_scopes.clone()).unwrap_or_default())
}

/// What can be taken from an authorization. `problem` is why what was taken could not be.
pub(super) async fn offered(
    visit: &Visit,
    authorization: &Authorization,
    problem: Option<NarrowError>,
) -> Result<Narrow, StoreError> {
    let fixed = fixed(authorization, &required(visit, authorization).await?);
    let scope = |scope: &Scope| NarrowScope {
        value: scope.name().to_owned(),
        label: scopes::in_words(*scope),
        required: fixed.contains(scope.name()),
        high_privilege: scope.is_high_privilege(),
    };
    let held = Scope::ALL.iter().filter(|scope| authorization.scopes.contains(scope.name()));
    let calls = apis::calls(&visit.app, &authorization.scopes).await?.into_iter().map(|call| NarrowScope {
        required: fixed.contains(&call.scope),
        high_privilege: false,
        value: call.scope,
        label: call.label,
    });
    let organizations = branches(visit, &authorization.places).await?.into_iter().map(organization).collect();
    Ok(Narrow {
        version: authorization.version,
        scopes: held.map(scope).chain(calls).collect(),
        organizations,
        days: earlier_ends(authorization, visit.now()).collect(),
        problem: problem.map(|problem| problem.to_string()),
    })
}

/// `POST /profile/authorizations/{id}/narrow`
pub(super) async fn save(visit: Visit) -> Answer {
    let id = AuthorizationId(visit.id("id")?);
    let decided: Result<(), NarrowError> = visit
        .app
        .store
        .decide(|| async {
            let (by, within) = (visit.account().id, visit.current.session.id);
            let Some(listed) = visit.app.store.authorization_of(by, id).await? else {
                return Ok(Decision::refuse(NarrowError::NotChanged(NotChanged::NotYours)));
            };
            let given = &listed.authorization;
            let Some(narrowing) = posted(&visit, given).await? else {
                return Ok(Decision::refuse(NarrowError::Wider));
            };
            let required = required(&visit, given).await?;
            Ok(narrow(Some(given), &required, &narrowing, by, within, visit.now()).seen_from(&visit.address()))
        })
        .await?;
    match decided {
        Ok(()) => visit.go_to(&format!("/profile/authorizations/{id}?done=narrowed")),
        Err(NarrowError::NotChanged(NotChanged::NotYours)) => Err(Problem::NotFound),
        // Its page says so.
        Err(NarrowError::NotChanged(NotChanged::Ended)) => visit.go_to(&format!("/profile/authorizations/{id}")),
        Err(problem) => authorization::show_again(&visit, id, problem).await,
    }
}

/// What the form leaves; `None` if it names what was not there to be ticked.
async fn posted(visit: &Visit, given: &Authorization) -> Result<Option<Narrowing>, StoreError> {
    let mut ticked = BTreeSet::new();
    for name in ["organization", "project", "repository"] {
        for value in visit.all_posted(name) {
            let Ok(id) = Uuid::try_parse(value) else { return Ok(None) };
            ticked.insert(id);
        }
    }
    let days = match visit.posted("days").unwrap_or_default() {
        "" => None,
        days => match days.parse() {
            Ok(days) => Some(days),
            Err(_) => return Ok(None),
        },
    };
    let branches = branches(visit, &given.places).await?;
    let known: BTreeSet<Uuid> = branches.iter().flat_map(Branch::ids).collect();
    if !ticked.is_subset(&known) {
        return Ok(None);
    }
    Ok(Some(Narrowing {
        // What is no version is none that was ever shown.
        version: visit.posted("version").and_then(|version| version.parse().ok()).unwrap_or(0),
        scopes: visit.all_posted("scope").collect(),
        places: branches.iter().flat_map(|branch| branch.chosen(&ticked)).collect(),
        days,
    }))
}

/// The places of an authorization as they can be ticked: of what is approved as a whole, what the person reaches in it.
async fn branches(visit: &Visit, places: &Places) -> Result<Vec<Branch>, StoreError> {
    let mut branches = Vec::new();
    let organizations: BTreeSet<Uuid> = places.iter().map(|place| place.organization).collect();
    for id in organizations {
        let place = Place { organization: id, project: None, repository: None };
        let whole = places.contains(&place);
        let facts = visit.app.store.organization_by_id(OrganizationId(id)).await?;
        let mut projects: BTreeSet<Uuid> =
            places.iter().filter(|one| one.organization == id).filter_map(|one| one.project).collect();
        if let Some(facts) = facts.as_deref().filter(|_| whole) {
            let member = visit.app.store.member(facts.id(), visit.person()).await?;
            let reaches = |project| member.as_ref().is_some_and(|member| member.reaches(&facts.organization, project));
            projects.extend(facts.projects().filter(|project| reaches(project.id)).map(|project| project.id.0));
        }
        let inside = projects
            .into_iter()
            .map(|project| of_project(facts.as_deref(), places, whole, Place { project: Some(project), ..place }));
        let name = facts.as_ref().map_or("An organization that is gone", |facts| facts.organization.name.as_str());
        branches.push(Branch { place, name: name.to_owned(), whole, inside: inside.collect() });
    }
    Ok(branches)
}

fn of_project(facts: Option<&OrganizationFacts>, places: &Places, in_whole: bool, place: Place) -> Branch {
    let id = ProjectId(place.project.unwrap_or_default());
    let whole = in_whole || places.contains(&place);
    let chosen = places.iter().filter(|one| one.organization == place.organization && one.project == place.project);
    let mut repositories: BTreeSet<Uuid> = chosen.filter_map(|one| one.repository).collect();
    if let Some(facts) = facts.filter(|_| whole) {
        repositories.extend(facts.repositories_of(id).map(|repository| repository.id.0));
    }
    repositories.remove(&Place::NO_REPOSITORY);
    let repository = |repository: Uuid| {
        let found = facts.and_then(|facts| facts.repository_by_id(RepositoryId(repository)));
        let name = found.map_or("a repository that is gone", |found| found.name.as_str()).to_owned();
        Branch { place: Place { repository: Some(repository), ..place }, name, whole: true, inside: Vec::new() }
    };
    let name =
        facts.and_then(|facts| facts.project_by_id(id)).map_or("a project that is gone", |found| found.name.as_str());
    Branch { place, name: name.to_owned(), whole, inside: repositories.into_iter().map(repository).collect() }
}

fn organization(branch: Branch) -> OrganizationChoice {
    OrganizationChoice {
        id: branch.id().to_string(),
        name: branch.name,
        ticked: true,
        obstacle: None,
        projects: branch.inside.into_iter().map(project).collect(),
    }
}

fn project(branch: Branch) -> ProjectChoice {
    let repository = |one: Branch| RepositoryChoice { id: one.id().to_string(), name: one.name, ticked: true };
    ProjectChoice {
        id: branch.id().to_string(),
        name: branch.name,
        ticked: true,
        hidden: false,
        repositories: branch.inside.into_iter().map(repository).collect(),
    }
}
