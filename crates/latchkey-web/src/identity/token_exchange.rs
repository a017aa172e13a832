//! Token exchange, [RFC 8693 §2]: a token that holds at this moment, for one that is for less.

use latchkey_identity::authorization::{Place, Places};
use latchkey_identity::client::ClientId;
use latchkey_identity::client_auth::AuthenticatedClient;
use latchkey_identity::grant::token_exchange::{ExchangeRequest, Facts, exchange};
use latchkey_identity::parameters::Parameters;
use latchkey_identity::resource::ResourceServer;
use latchkey_identity::tenant::Audience;
use latchkey_identity::token::Issue;
use latchkey_identity::{OAuthError, Timestamp, limits};
use latchkey_store::StoreError;
use percent_encoding::percent_decode_str;

use super::authorization_details;
use super::problem::OAuthProblem;
use super::token::issues_for;
use crate::app::{App, entropy};
use crate::bearer::{self, BearerError, Holder};

/// The grant of another token.
pub(super) async fn token_exchange(
    app: &App,
    audience: &Audience,
    client: &AuthenticatedClient<'_>,
    form: &Parameters,
    address: &str,
    now: Timestamp,
) -> Result<Issue, OAuthProblem> {
    let request = ExchangeRequest::read(form, &app.resource)?;
    let Holder::Person(subject) = held(app, request.subject_token.reveal(), "subject_token", now).await? else {
        return Err(OAuthError::invalid_request(
            "subject_token is an app's own: it gets another by client_credentials",
        )
        .into());
    };
    if !issues_for(audience, subject.authorization.tenant) {
        return Err(OAuthError::invalid_request("the subject token was issued at another tenant").into());
    }
    let actor = match &request.actor_token {
        None => None,
        Some(token) => Some(app_of(&held(app, token.reveal(), "actor_token", now).await?, &app.resource)?),
    };
    let places = places(app, form).await?;
    let details = authorization_details::located(app, client, form).await?;
    let Some((family, authorization)) = app.store.family(subject.token.id.family).await? else {
        return Err(OAuthError::invalid_request("the subject token was revoked").into());
    };
    let facts = Facts {
        subject: &subject.token,
        authorization: &authorization,
        family: &family,
        account: &subject.person.account,
        actor,
        places: places.as_ref(),
        details: details.as_ref(),
        resource: &app.resource,
        key: &app.keys.refresh_token,
    };
    let decided: Result<Result<Issue, OAuthError>, StoreError> = app
        .store
        .decide(|| async { Ok(exchange(&request, client, facts, now, &mut entropy()).seen_from(address)) })
        .await;
    Ok(decided??)
}

/// Whoever holds a token that counts at this moment. Everything else is one answer.
async fn held(app: &App, token: &str, name: &'static str, now: Timestamp) -> Result<Holder, OAuthProblem> {
    match bearer::anybody(app, token, now).await {
        Ok(holder) => Ok(holder),
        Err(BearerError::Refused(_) | BearerError::Unproven(_)) => {
            Err(OAuthError::invalid_request(format!("{name} is no access token that holds")).into())
        }
        Err(BearerError::Store(error)) => Err(error.into()),
    }
}

/// The app that acts by itself: it says so by a token of its own.
fn app_of(actor: &Holder, resource: &ResourceServer) -> Result<ClientId, OAuthError> {
    match actor {
        // Whoever is called with a token has it, too.
        Holder::App(bearer) if bearer.token.audience != resource.audience => {
            Err(OAuthError::invalid_request("actor_token is for an app that is called with it"))
        }
        Holder::App(bearer) if bearer.token.confirmation.is_some() => {
            Err(OAuthError::invalid_request("actor_token is bound to a key that only its app can show"))
        }
        Holder::App(bearer) => Ok(bearer.client.id),
        Holder::Person(_) => Err(OAuthError::invalid_request("actor_token is not an app's own")),
    }
}

/// The places that `resource` names, by their addresses: an organization, a project or a repository of ours. The resource server as a whole
/// narrows nothing.
async fn places(app: &App, form: &Parameters) -> Result<Option<Places>, OAuthProblem> {
    let mut places = Places::new();
    let mut narrows = false;
    for resource in form.resources().filter(|resource| !app.resource.is_whole(resource)) {
        narrows = true;
        if places.len() >= limits::NARROWED_PLACES {
            return Err(OAuthError::invalid_target("resource names too many places").into());
        }
        let place = place(app, resource).await?;
        // What is not there and what is out of reach is one answer.
        let unknown = || OAuthError::invalid_target("resource names what the subject token does not reach");
        places.insert(place.ok_or_else(unknown)?);
    }
    Ok(narrows.then_some(places))
}

/// `{origin}/{organization}[/{project}[/_git/{repository}]]`
async fn place(app: &App, resource: &str) -> Result<Option<Place>, StoreError> {
    let Ok(url) = url::Url::parse(resource) else { return Ok(None) };
    let origin = url.origin().ascii_serialization();
    let bare =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if !bare || !app.settings.origins.iter().any(|ours| *ours.url == origin) {
        return Ok(None);
    }
    let path = url.path().trim_matches('/');
    let decoded = path.split('/').map(|part| percent_decode_str(part).decode_utf8());
    let Ok(names) = decoded.collect::<Result<Vec<_>, _>>() else { return Ok(None) };
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let (organization, project, repository) = match names.as_slice() {
        [organization] => (organization, None, None),
        [organization, project] => (organization, Some(project), None),
        [organization, project, "_git", repository] => (organization, Some(project), Some(repository)),
        _ => return Ok(None),
    };
    let Some(facts) = app.store.organization(organization).await? else { return Ok(None) };
    let mut place = Place { organization: facts.id().0, project: None, repository: None };
    if let Some(name) = project {
        let Some(project) = facts.project(name) else { return Ok(None) };
        place.project = Some(project.id.0);
        if let Some(name) = repository {
            let Some(repository) = facts.repository(project.id, name) else { return Ok(None) };
            place.repository = Some(repository.id.0);
        }
    }
    Ok(Some(place))
}
