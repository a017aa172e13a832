//! The token endpoint, [RFC 6749 §3.2]: one function per grant, one funnel behind them.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use latchkey_identity::client::ClientKind;
use latchkey_identity::client_auth::{AuthenticatedClient, Method};
use latchkey_identity::grant::GrantType;
use latchkey_identity::grant::client_credentials::{self, ClientCredentialsRequest, Context};
use latchkey_identity::grant::device_code::{self, Polled};
use latchkey_identity::parameters::Parameters;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::tenant::{Audience, PERSONAL_TENANT, TenantId};
use latchkey_identity::token::Issue;
use latchkey_identity::token::app_token::AppIssue;
use latchkey_identity::{Decision, OAuthError, Timestamp};
use latchkey_jose::Algorithm;
use latchkey_store::StoreError;

use crate::app::{App, entropy};
use crate::cohort;
use crate::dpop;
use crate::identity::client_request::{ClientRequest, answer_client, is_registered};
use crate::identity::jwt_bearer::jwt_bearer;
use crate::identity::problem::OAuthProblem;
use crate::identity::redeem::{authorization_code, is_spent};
use crate::identity::refresh::refresh_token;
use crate::identity::token_exchange::token_exchange;
use crate::identity::{apis, authorization_details};
use crate::reply;
use crate::settings::Origin;
use crate::visitor;

/// `POST /{t}/oauth2/v2.0/token`.
pub async fn post(State(app): State<App>, Path(segment): Path<String>, request: Request<Body>) -> Response<Body> {
    let now = app.now();
    let (parts, body) = request.into_parts();
    let address = visitor::address(&parts);
    let origin = parts.extensions.get::<Origin>().map(|origin| Arc::clone(&origin.url)).unwrap_or_default();
    let asked = Asked { parts: &parts, origin: &origin, address, now };
    let (client, answered) = match ClientRequest::read(&app, &parts, &segment, body).await {
        Ok(request) => (request.client.clone(), answer(&app, &asked, &request).await),
        Err(problem) => (None, Err(problem)),
    };
    for algorithm in answered.iter().flat_map(Issued::algorithms) {
        // Where there is none, the answer says so.
        app.begin_to_sign_with(algorithm).await.ok();
    }
    cohort::keep_step().await;
    let answered = match answered {
        Ok(issued) => Ok(success(&app, &issued).await),
        Err(problem) => Err(problem),
    };
    let mut response = answer_client(&parts.headers, client.as_deref(), answered, now);
    dpop::offer_nonce(&app, &parts.headers, response.headers_mut(), now);
    response
}

/// What a request to the token endpoint came with, beside its form.
struct Asked<'a> {
    parts: &'a Parts,
    origin: &'a str,
    address: IpAddr,
    now: Timestamp,
}

/// What came of it.
enum Issued {
    /// Tokens that a person stands behind.
    ForPerson(Box<Issue>),
    /// A token of the app's own.
    ForApp(Box<AppIssue>),
}

impl Issued {
    /// What it is about to be signed with.
    fn algorithms(&self) -> Vec<Algorithm> {
        match self {
            Self::ForPerson(issue) => vec![issue.access_token_algorithm(), issue.id_token_algorithm()],
            Self::ForApp(issue) => vec![issue.algorithm()],
        }
    }
}

impl From<Issue> for Issued {
    fn from(issue: Issue) -> Self {
        Self::ForPerson(Box::new(issue))
    }
}

async fn answer(app: &App, asked: &Asked<'_>, request: &ClientRequest) -> Result<Issued, OAuthProblem> {
    let Asked { parts, address, now, .. } = *asked;
    // Text for those alone who write security events.
    let from = || address.to_string();
    let audience = &request.audience;
    let (client, form) = (request.authenticate_with_key(app, parts, now).await?, &request.form);
    check_browser(&client, parts.headers.get(ORIGIN))?;
    let grant = GrantType::parse(form.require("grant_type")?);
    if grant != Some(GrantType::TokenExchange) {
        app.resource.check(form)?;
    }
    if grant == Some(GrantType::ClientCredentials) {
        authorization_details::has_no_place_in(form)?;
    }
    match grant {
        Some(GrantType::AuthorizationCode) => {
            Ok(authorization_code(app, audience, &client, form, &from(), now).await?.into())
        }
        Some(GrantType::RefreshToken) => Ok(refresh_token(app, audience, &client, form, &from(), now).await?.into()),
        Some(GrantType::ClientCredentials) => {
            Ok(Issued::ForApp(Box::new(client_credentials(app, audience, &client, form, asked).await?)))
        }
        Some(GrantType::DeviceCode) => Ok(device_code(app, audience, &client, form, &from(), now).await?.into()),
        Some(GrantType::TokenExchange) => Ok(token_exchange(app, audience, &client, form, &from(), now).await?.into()),
        Some(GrantType::JwtBearer) => Ok(jwt_bearer(app, audience, &client, form, &from(), now).await?.into()),
        None => {
            let known = GrantType::ALL.map(GrantType::name).join(", ");
            Err(OAuthError::unsupported_grant_type(format!("grant_type is none of {known}")).into())
        }
    }
}

/// Nothing is written, and nothing read that memory does not have.
async fn client_credentials(
    app: &App,
    audience: &Audience,
    client: &AuthenticatedClient<'_>,
    form: &Parameters,
    asked: &Asked<'_>,
) -> Result<AppIssue, OAuthProblem> {
    if asked.parts.headers.contains_key(ORIGIN) {
        let error = OAuthError::invalid_request("an app does not act by itself from a browser");
        return Err(error.numbered(9_002_326).into());
    }
    let request = ClientCredentialsRequest::read(form);
    let api = match request.api(&app.resource) {
        Some(api) => app.store.client(api).await?,
        None => None,
    };
    let context = Context { origin: asked.origin, audience, resource: &app.resource, api: api.as_deref() };
    Ok(client_credentials::answer(&request, client, context, asked.now, &mut entropy())?)
}

async fn device_code(
    app: &App,
    audience: &Audience,
    client: &AuthenticatedClient<'_>,
    form: &Parameters,
    address: &str,
    now: Timestamp,
) -> Result<Issue, OAuthProblem> {
    let device = TokenHash::of(form.require("device_code")?);
    let details = authorization_details::located(app, client, form).await?;
    let pace = app.polls.lock().unwrap_or_else(PoisonError::into_inner).note(device, now);
    let issued: Result<Result<Issue, OAuthError>, StoreError> = app
        .store
        .decide(|| async {
            let asked = app.store.device_code(device).await?;
            let found = match &asked {
                Some(asked) if asked.approved => app.store.code(device_code::code_of(device)).await?,
                _ => None,
            };
            if found.as_ref().is_some_and(|(code, _)| !issues_for(audience, code.tenant)) {
                return Ok(Decision::refuse(
                    OAuthError::invalid_grant("the device code was answered at another tenant").numbered(700_005),
                ));
            }
            let person = match &found {
                Some((code, _)) => app.store.account(code.account).await?,
                None => None,
            };
            let spent = match &found {
                Some((code, _)) => is_spent(app, code).await?,
                None => false,
            };
            let api = match &found {
                Some((code, _)) => apis::named(app, &code.scopes).await?,
                None => None,
            };
            let facts = Polled {
                spent,
                api: api.as_deref(),
                device: asked.as_ref(),
                code: found.as_ref().map(|(code, authorization)| (code, authorization)),
                account: person.as_ref().map(|person| &person.account),
                key: &app.keys.refresh_token,
                details: details.as_ref(),
                pace,
            };
            Ok(device_code::poll(client, facts, now, &mut entropy()).seen_from(address))
        })
        .await;
    Ok(issued??)
}

/// Whether tokens of `tenant` may be had at this segment.
pub(super) fn issues_for(audience: &Audience, tenant: TenantId) -> bool {
    match audience {
        Audience::Anyone => true,
        Audience::WorkAccounts => tenant != PERSONAL_TENANT,
        Audience::Tenant(named) => named.id == tenant,
    }
}

async fn success(app: &App, issued: &Issued) -> Response<Body> {
    let signed = match issued {
        Issued::ForPerson(issue) => app.signer.token_response(issue, &app.resource),
        Issued::ForApp(issue) => app.signer.app_token_response(issue, &app.resource),
    };
    let Some(mut answer) = signed else {
        tracing::error!("a token could not be signed");
        return OAuthProblem::from(OAuthError::temporarily_unavailable("the server cannot sign now")).into_response();
    };
    if let Some(details) = &mut answer.authorization_details {
        authorization_details::name(app, details).await;
    }
    let mut response = reply::json(StatusCode::OK, &answer);
    reply::no_store(&mut response);
    response
}

/// Single-page apps redeem from their own page, and nobody else redeems from a page. [RFC 6749 §10.3]
fn check_browser(client: &AuthenticatedClient<'_>, from: Option<&HeaderValue>) -> Result<(), OAuthError> {
    match (client.client().kind, client.method(), from) {
        (ClientKind::SinglePage, _, None) => {
            Err(OAuthError::invalid_request("this client is a single-page app: its tokens are had from its page only")
                .numbered(9_002_327))
        }
        (ClientKind::SinglePage, Method::None, Some(from)) if !is_registered(client.client(), from) => {
            Err(OAuthError::invalid_request("the page's origin is not one of this client's redirect URIs")
                .numbered(9_002_326))
        }
        _ => Ok(()),
    }
}

/// `OPTIONS` of the endpoints that clients use in the background: which client will ask is not known yet, so the question may be asked; who
/// may read the answer is decided with it.
pub async fn preflight(request: Request<Body>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if let Some(from) = request.headers().get(ORIGIN) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, from.clone());
    }
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, client-request-id, dpop"),
    );
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    response
}
