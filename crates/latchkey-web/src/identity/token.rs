//! The token endpoint, [RFC 6749 §3.2]: one function per grant, one funnel behind them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{Request, Response, StatusCode};
use latchkey_identity::client::redirect_uri::origin;
use latchkey_identity::client::{Client, ClientId, ClientKind, Profile};
use latchkey_identity::client_auth::{AuthenticatedClient, Method, Presented, authenticate};
use latchkey_identity::grant::GrantType;
use latchkey_identity::grant::authorization_code::{self, CodeRequest, Redemption};
use latchkey_identity::grant::refresh_token::{self, RefreshRequest, Rotation};
use latchkey_identity::parameters::Parameters;
use latchkey_identity::tenant::{Audience, PERSONAL_TENANT, TenantId};
use latchkey_identity::token::Issue;
use latchkey_identity::{Decision, OAuthError, Timestamp};
use latchkey_store::StoreError;

use crate::app::{App, entropy};
use crate::extract::form;
use crate::identity::problem::OAuthProblem;
use crate::identity::tenants;
use crate::reply;
use crate::visitor::Peer;

const CORRELATION: HeaderName = HeaderName::from_static("client-request-id");

/// `POST /{t}/oauth2/v2.0/token`.
pub async fn post(State(app): State<App>, Path(segment): Path<String>, request: Request<Body>) -> Response<Body> {
    let now = app.now();
    let (parts, body) = request.into_parts();
    let address = parts.extensions.get::<Peer>().map(|peer| peer.address.to_string()).unwrap_or_default();
    let correlation = parts.headers.get(&CORRELATION).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut client = None;
    let answered = answer(&app, &segment, &parts.headers, body, &address, now, &mut client).await;
    let mut response = match answered {
        Ok(issue) => success(&app, &issue),
        Err(problem) => {
            let basic = parts.headers.contains_key(AUTHORIZATION);
            let problem = match client.as_deref() {
                Some(Client { profile: Profile::Microsoft, .. }) => problem.for_microsoft(now, correlation.clone()),
                _ => problem,
            };
            problem.after_basic(basic).into_response()
        }
    };
    let headers = response.headers_mut();
    allow_origin(headers, client.as_deref(), parts.headers.get(ORIGIN));
    if let Some(id) = correlation.and_then(|id| HeaderValue::from_str(&id).ok()) {
        headers.insert(CORRELATION, id);
    }
    response
}

async fn answer(
    app: &App,
    segment: &str,
    headers: &HeaderMap,
    body: Body,
    address: &str,
    now: Timestamp,
    known: &mut Option<Arc<Client>>,
) -> Result<Issue, OAuthProblem> {
    let audience = tenants::audience(app, segment).await?;
    let pairs = form(headers, body).await.map_err(|error| OAuthError::invalid_request(error.to_string()))?;
    let form = Parameters::from_pairs(pairs.into_vec())?;
    form.once()?;
    let authorization = match headers.get(AUTHORIZATION) {
        None => None,
        Some(value) => {
            Some(value.to_str().map_err(|_| OAuthError::invalid_client("the Authorization header is not text"))?)
        }
    };
    let presented = Presented::read(authorization, &form)?;
    let client = match ClientId::parse(&presented.client_id) {
        Some(id) => app.store.client(id).await?,
        None => None,
    };
    known.clone_from(&client);
    let client = authenticate(&presented, client.as_deref(), &app.keys.client_secret, now)?;
    check_browser(&client, headers.get(ORIGIN))?;
    let grant = GrantType::parse(form.require("grant_type")?);
    match grant {
        Some(GrantType::AuthorizationCode) => authorization_code(app, &audience, &client, &form, address, now).await,
        Some(GrantType::RefreshToken) => refresh_token(app, &audience, &client, &form, address, now).await,
        None => {
            Err(OAuthError::unsupported_grant_type("grant_type is none of authorization_code and refresh_token").into())
        }
    }
}

async fn authorization_code(
    app: &App,
    audience: &Audience,
    client: &AuthenticatedClient<'_>,
    form: &Parameters,
    address: &str,
    now: Timestamp,
) -> Result<Issue, OAuthProblem> {
    let request = CodeRequest::read(form)?;
    let issued: Result<Result<Issue, OAuthError>, StoreError> = app
        .store
        .decide(|| async {
            let found = app.store.code(request.code.hash()).await?;
            if found.as_ref().is_some_and(|(code, _)| !issues_for(audience, code.tenant)) {
                return Ok(Decision::refuse(
                    OAuthError::invalid_grant("the code was issued at another tenant").numbered(700_005),
                ));
            }
            let person = match &found {
                Some((code, _)) => app.store.account(code.account).await?,
                None => None,
            };
            let facts = Redemption {
                code: found.as_ref().map(|(code, authorization)| (code, authorization)),
                account: person.as_ref().map(|person| &person.account),
                key: &app.keys.refresh_token,
            };
            Ok(authorization_code::redeem(&request, client, facts, now, &mut entropy()).seen_from(address))
        })
        .await;
    Ok(issued??)
}

async fn refresh_token(
    app: &App,
    audience: &Audience,
    client: &AuthenticatedClient<'_>,
    form: &Parameters,
    address: &str,
    now: Timestamp,
) -> Result<Issue, OAuthProblem> {
    let request = RefreshRequest::read(form, &app.keys.refresh_token)?;
    let issued: Result<Result<Issue, OAuthError>, StoreError> = app
        .store
        .decide(|| async {
            let found = app.store.family(request.token.family).await?;
            let found = found.filter(|(family, _)| issues_for(audience, family.tenant));
            let person = match &found {
                Some((family, _)) => app.store.account(family.account).await?,
                None => None,
            };
            let facts = Rotation {
                family: found.as_ref().map(|(family, authorization)| (family, authorization)),
                account: person.as_ref().map(|person| &person.account),
                resource: &app.resource,
                key: &app.keys.refresh_token,
            };
            Ok(refresh_token::rotate(&request, client, facts, now, &mut entropy()).seen_from(address))
        })
        .await;
    Ok(issued??)
}

/// Whether tokens of `tenant` may be had at this segment.
fn issues_for(audience: &Audience, tenant: TenantId) -> bool {
    match audience {
        Audience::Anyone => true,
        Audience::WorkAccounts => tenant != PERSONAL_TENANT,
        Audience::Tenant(named) => named.id == tenant,
    }
}

fn success(app: &App, issue: &Issue) -> Response<Body> {
    let Some(answer) = app.signer.token_response(issue, &app.resource) else {
        tracing::error!("a token could not be signed");
        return OAuthProblem::from(OAuthError::temporarily_unavailable("the server cannot sign now")).into_response();
    };
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

fn is_registered(client: &Client, from: &HeaderValue) -> bool {
    client
        .redirect_uris
        .iter()
        .filter_map(|uri| origin(uri.as_str()))
        .any(|registered| registered.as_bytes() == from.as_bytes())
}

/// Lets the page of a single-page app read the answer. No credentials go along: the cookie is not this endpoint's.
fn allow_origin(headers: &mut HeaderMap, client: Option<&Client>, from: Option<&HeaderValue>) {
    let page = client.filter(|client| client.kind == ClientKind::SinglePage);
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let (Some(client), Some(from)) = (page, from)
        && is_registered(client, from)
    {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, from.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("client-request-id, x-ms-request-id"));
    }
}

/// `OPTIONS /{t}/oauth2/v2.0/token`: which client will ask is not known yet, so the question may be asked; who may read the answer is
/// decided with it.
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
        HeaderValue::from_static("authorization, content-type, client-request-id"),
    );
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    response
}
