//! Rich authorization requests, [RFC 9396]: which places the names of one mean, and how places that were granted are named.

use latchkey_devops::ids::{PersonId, ProjectId, RepositoryId};
use latchkey_identity::OAuthError;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Place, Places};
use latchkey_identity::authorize::authorization_details::{AuthorizationDetails, Detail, Located};
use latchkey_identity::client_auth::AuthenticatedClient;
use latchkey_identity::parameters::Parameters;
use latchkey_store::StoreError;
use latchkey_store::devops::OrganizationFacts;
use uuid::Uuid;

use super::problem::OAuthProblem;
use crate::app::App;

/// The parameter.
const NAME: &str = "authorization_details";

/// What a name that means nothing stands for: a place that no authorization has.
const NOWHERE: Place = Place { organization: Uuid::nil(), project: None, repository: None };

/// The places that a request names, if the person reaches them all.
pub(super) async fn reached(
    app: &App,
    details: &AuthorizationDetails,
    account: AccountId,
) -> Result<Option<Places>, StoreError> {
    let mut all = Places::new();
    for detail in &details.objects {
        let Some(facts) = app.store.organization(&detail.organization).await? else { return Ok(None) };
        let Some(member) = app.store.member(facts.id(), PersonId(account.0)).await? else { return Ok(None) };
        let Some(places) = places(&facts, detail, |project| member.reaches(&facts.organization, project)) else {
            return Ok(None);
        };
        all.extend(places);
    }
    Ok(Some(all))
}

/// What is not there and what is out of reach is one answer. [RFC 9396 §5]
pub(super) fn out_of_reach() -> OAuthError {
    OAuthError::invalid_authorization_details("authorization_details names a place that is out of reach")
}

/// What a token request names of that which was granted. Nothing was looked at yet that the request shows for it, so what is not there goes the
/// same way as what is out of reach.
pub(super) async fn located(
    app: &App,
    client: &AuthenticatedClient<'_>,
    form: &Parameters,
) -> Result<Option<Located>, OAuthProblem> {
    let Some(text) = form.get(NAME) else { return Ok(None) };
    let AuthorizationDetails { objects, scopes } =
        AuthorizationDetails::parse(text, &client.client().scopes, &app.resource)?;
    let mut all = Places::new();
    for detail in &objects {
        let facts = app.store.organization(&detail.organization).await?;
        let found = facts.and_then(|facts| places(&facts, detail, |_| true));
        all.extend(found.unwrap_or_else(|| [NOWHERE].into()));
    }
    Ok(Some(Located { places: all, scopes }))
}

/// Refuses a request of a kind that is not narrowed in this way.
pub(super) fn has_no_place_in(form: &Parameters) -> Result<(), OAuthError> {
    match form.get(NAME) {
        None => Ok(()),
        Some(_) => {
            Err(OAuthError::invalid_authorization_details("authorization_details has no place beside this grant_type"))
        }
    }
}

/// Puts names in the place of ids, as clients ask by names. What has gone meanwhile keeps its id.
pub(super) async fn name(app: &App, details: &mut [Detail]) {
    for detail in details {
        let Ok(Some(facts)) = app.store.organization(&detail.organization).await else { continue };
        facts.organization.name.as_str().clone_into(&mut detail.organization);
        let project = |id| facts.project_by_id(ProjectId(id)).map(|project| project.name.to_string());
        let repository = |id| facts.repository_by_id(RepositoryId(id)).map(|repository| repository.name.to_string());
        each(&mut detail.projects, project);
        each(&mut detail.repositories, repository);
    }
}

fn each(texts: &mut Option<Vec<String>>, named: impl Fn(Uuid) -> Option<String>) {
    for text in texts.iter_mut().flatten() {
        if let Some(name) = Uuid::try_parse(text).ok().and_then(&named) {
            *text = name;
        }
    }
}

/// The places of one object, if they are there and in reach.
fn places(facts: &OrganizationFacts, detail: &Detail, reaches: impl Fn(ProjectId) -> bool) -> Option<Places> {
    let whole = Place { organization: facts.id().0, project: None, repository: None };
    let Some(projects) = &detail.projects else { return Some([whole].into()) };
    let mut places = Places::new();
    for name in projects {
        let project = facts.project(name).filter(|project| reaches(project.id))?;
        let whole = Place { project: Some(project.id.0), ..whole };
        let Some(repositories) = &detail.repositories else {
            places.insert(whole);
            continue;
        };
        if repositories.is_empty() {
            places.insert(Place { repository: Some(Place::NO_REPOSITORY), ..whole });
        }
        for name in repositories {
            let repository = facts.repository(project.id, name)?;
            places.insert(Place { repository: Some(repository.id.0), ..whole });
        }
    }
    Some(places)
}
