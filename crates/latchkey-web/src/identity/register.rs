//! `/{t}/oauth2/v2.0/register`: apps register themselves, where the tenant lets them, and manage what they registered. [RFC 7591],
//! [RFC 7592]

use std::sync::PoisonError;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderMap, HeaderValue,
    WWW_AUTHENTICATE,
};
use http::{Method, Request, Response, StatusCode};
use latchkey_identity::client::client_metadata::{self, Offered, Proposal};
use latchkey_identity::client::dynamic::{
    self, DynamicClient, InitialAccessToken, Refused, Registered, RegistrationGate, Standing,
};
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::event::{Event, EventKind};
use latchkey_identity::secret::Secret;
use latchkey_identity::tenant::{Audience, TenantId};
use latchkey_identity::throttle::Wait;
use latchkey_identity::{Change, Decision, OAuthError};
use latchkey_store::StoreError;
use serde_json::{Map, Value, json};

use crate::app::{App, entropy};
use crate::extract::{self, authorization};
use crate::identity::problem::OAuthProblem;
use crate::identity::tenants::{self, NoAudience};
use crate::reply;
use crate::visitor::Visitor;

/// What came of a request, or why nothing did.
type Answer = Result<Response<Body>, Problem>;

/// Why a registration was neither made nor shown nor changed.
enum Problem {
    Refused(Refused),
    OAuth(OAuthProblem),
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<OAuthProblem> for Problem {
    fn from(problem: OAuthProblem) -> Self {
        Self::OAuth(problem)
    }
}

impl From<NoAudience> for Problem {
    fn from(why: NoAudience) -> Self {
        Self::OAuth(why.into())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::OAuth(error.into())
    }
}

impl Problem {
    fn answer(self) -> Response<Body> {
        let said = |status, code: &str, description: &str| {
            reply::json(status, &json!({ "error": code, "error_description": description }))
        };
        match self {
            Self::OAuth(problem) => problem.into_response(),
            Self::Refused(Refused::Metadata(code, description)) => said(StatusCode::BAD_REQUEST, code, &description),
            Self::Refused(Refused::Closed) => said(
                StatusCode::FORBIDDEN,
                "access_denied",
                "apps do not register themselves in this directory: a person registers them",
            ),
            Self::Refused(Refused::Full) => said(
                StatusCode::FORBIDDEN,
                "access_denied",
                "as many apps as this directory takes have registered themselves",
            ),
            Self::Refused(Refused::Token) => {
                let description = "the token is missing, is not for this registration, or is over";
                let mut response = said(StatusCode::UNAUTHORIZED, "invalid_token", description);
                response
                    .headers_mut()
                    .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
                response
            }
        }
    }
}

/// `POST /{t}/oauth2/v2.0/register`. [RFC 7591 §3]
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    Path(segment): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    finish(register(&app, &visitor, &segment, request).await)
}

/// `GET`, `PUT` and `DELETE /{t}/oauth2/v2.0/register/{client_id}`. [RFC 7592 §2]
pub async fn manage(
    State(app): State<App>,
    visitor: Visitor,
    Path((segment, id)): Path<(String, String)>,
    request: Request<Body>,
) -> Response<Body> {
    let managed = async {
        let tenant = tenant(&app, &segment).await?;
        let (client, kept) = managed_by(&app, tenant, &id, request.headers()).await?;
        match *request.method() {
            Method::PUT => replace(&app, &visitor, tenant, client.id, request).await,
            Method::DELETE => unregister(&app, &visitor, client.id).await,
            _ => Ok(described(&visitor, &client, &kept, None)),
        }
    };
    finish(managed.await)
}

/// `OPTIONS`: there are no cookies here, so pages of any origin may ask.
pub async fn preflight() -> Response<Body> {
    let mut response = finish(Ok(StatusCode::NO_CONTENT.into_response()));
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, DELETE"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    response
}

fn finish(answer: Answer) -> Response<Body> {
    let mut response = answer.unwrap_or_else(Problem::answer);
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    reply::no_store(&mut response);
    response
}

/// Apps are registered in one tenant.
async fn tenant(app: &App, segment: &str) -> Result<TenantId, Problem> {
    match tenants::audience(app, segment).await? {
        Audience::Tenant(tenant) => Ok(tenant.id),
        Audience::Anyone | Audience::WorkAccounts => Err(OAuthProblem::unknown_tenant().into()),
    }
}

async fn register(app: &App, visitor: &Visitor, segment: &str, request: Request<Body>) -> Answer {
    let tenant = tenant(app, segment).await?;
    let token = bearer(request.headers());
    // Who may not register at all learns nothing of what they sent.
    dynamic::may_register(standing(app, tenant, token.as_ref(), visitor).await?)?;
    // What is refused by the gate uses up nothing of what others may do.
    has_room(app, tenant, visitor)?;
    let proposal = proposal(app, visitor, tenant, &document(request).await?, None).await?;
    let decided: Result<Registered, Refused> = app
        .decide_apps(|| async {
            let standing = standing(app, tenant, token.as_ref(), visitor).await?;
            let decision = dynamic::register(proposal.clone(), standing, &mut entropy());
            Ok(decision.seen_from(&visitor.address.to_string()))
        })
        .await?;
    let Registered { client, secret, access_token, declared } = decided?;
    let mut told = dynamic::description(&client, declared);
    told.extend(with_secret(&client, secret.as_ref()));
    told.insert("registration_access_token".into(), access_token.reveal().into());
    told.insert("registration_client_uri".into(), client_uri(visitor, &client).into());
    Ok(reply::json(StatusCode::CREATED, &told))
}

fn has_room(app: &App, tenant: TenantId, visitor: &Visitor) -> Result<(), Problem> {
    let mut throttle = app.request_throttle.lock().unwrap_or_else(PoisonError::into_inner);
    let room = throttle.begin_registration(tenant, visitor.address, visitor.now);
    Ok(room.map_err(|Wait(wait)| OAuthProblem::too_much("too many apps registered themselves from here", wait))?)
}

async fn standing<'a>(
    app: &'a App,
    tenant: TenantId,
    token: Option<&Secret>,
    visitor: &Visitor,
) -> Result<Standing<'a>, StoreError> {
    Ok(Standing {
        tenant,
        gate: app.store.registration_gate(tenant).await?,
        token: match token {
            Some(token) => app.store.initial_access_token(token.hash()).await?,
            None => None,
        },
        registered: app.store.count_dynamic_clients(tenant).await?,
        key: &app.keys.client_secret,
        now: visitor.now,
    })
}

async fn proposal(
    app: &App,
    visitor: &Visitor,
    tenant: TenantId,
    document: &Map<String, Value>,
    before: Option<&Client>,
) -> Result<Proposal, Problem> {
    let offered = Offered {
        implicit: app.store.allows_implicit(tenant).await?,
        certificates: visitor.origin.mutual_tls.is_some(),
        certified: app.settings.client_authorities.are_there(),
    };
    let sector = match client_metadata::sector(document)? {
        Some((metadata, redirect_uris)) => app.sector_document(&metadata, &redirect_uris, before).await,
        None => None,
    };
    Ok(client_metadata::read(document, sector.as_ref(), &app.resource, offered, visitor.now, &mut entropy())?)
}

/// The app of this id, if the token that the request shows manages its registration. Whatever is wrong, the answer is the same.
async fn managed_by(
    app: &App,
    tenant: TenantId,
    id: &str,
    headers: &HeaderMap,
) -> Result<(std::sync::Arc<Client>, DynamicClient), Problem> {
    let (Some(id), Some(token)) = (ClientId::parse(id), bearer(headers)) else { return Err(Refused::Token.into()) };
    let kept = app.store.dynamic_client(id).await?.filter(|kept| kept.tenant == tenant);
    let kept = kept.filter(|kept| kept.is_managed_with(&token, &app.keys.client_secret)).ok_or(Refused::Token)?;
    let client = app.store.client(id).await?.ok_or(Refused::Token)?;
    Ok((client, kept))
}

async fn replace(app: &App, visitor: &Visitor, tenant: TenantId, id: ClientId, request: Request<Body>) -> Answer {
    has_room(app, tenant, visitor)?;
    let document = document(request).await?;
    let own_id = document.get("client_id").and_then(Value::as_str) == Some(id.to_string().as_str());
    let ours =
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];
    if !own_id || ours.iter().any(|name| document.contains_key(*name)) {
        let said = "client_id has to be the app's own, and what only the server says has to be left out";
        return Err(Refused::Metadata("invalid_client_metadata", said.into()).into());
    }
    let given = document.get("client_secret").map(|secret| secret.as_str().unwrap_or_default().to_owned());
    let before = app.store.client(id).await?;
    let proposal = proposal(app, visitor, tenant, &document, before.as_deref()).await?;
    let key = &app.keys.client_secret;
    let decided: Result<(Client, Option<Secret>, DynamicClient), Refused> = app
        .decide_apps(|| async {
            let (Some(client), Some(kept)) = (app.store.client(id).await?, app.store.dynamic_client(id).await?) else {
                return Ok(Decision::refuse(Refused::Token));
            };
            let matches =
                |given: &String| client.secrets.iter().any(|one| one.matches(id, &Secret::new(given.as_str()), key));
            if !given.as_ref().is_none_or(matches) {
                // A client does not choose its secret. [RFC 7592 §2.2]
                let said = "client_secret is not the one that was issued".to_owned();
                return Ok(Decision::refuse(Refused::Metadata("invalid_client_metadata", said)));
            }
            let replaced = dynamic::replace(&client, &kept, proposal.clone(), key, visitor.now, &mut entropy());
            let Decision { answer, changes } = replaced.seen_from(&visitor.address.to_string());
            // Where nothing changed nothing is written.
            let changed = changes.iter().find_map(|change| match change {
                Change::ChangeDynamicClient(kept) => Some((**kept).clone()),
                _ => None,
            });
            let kept = changed.unwrap_or(kept);
            let answer = answer.map(|(client, secret)| (client, secret, kept));
            Ok(Decision { answer, changes })
        })
        .await?;
    let (client, secret, kept) = decided?;
    Ok(described(visitor, &client, &kept, secret.as_ref()))
}

async fn unregister(app: &App, visitor: &Visitor, id: ClientId) -> Answer {
    let decided: Result<(), Refused> = app
        .store
        .decide(|| async {
            Ok(match app.store.client(id).await? {
                Some(client) => dynamic::unregister(&client, visitor.now).seen_from(&visitor.address.to_string()),
                None => Decision::refuse(Refused::Token),
            })
        })
        .await?;
    decided?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What the app is told of its registration. Its token stays as it is and is not shown again: nothing is kept that it could be read from.
fn described(visitor: &Visitor, client: &Client, kept: &DynamicClient, secret: Option<&Secret>) -> Response<Body> {
    let declared = serde_json::from_str(&kept.declared).unwrap_or_default();
    let mut told = dynamic::description(client, declared);
    told.extend(with_secret(client, secret));
    told.insert("registration_client_uri".into(), client_uri(visitor, client).into());
    reply::json(StatusCode::OK, &told)
}

/// The secret, shown this once, and when it ends.
fn with_secret(client: &Client, secret: Option<&Secret>) -> Map<String, Value> {
    let mut told = Map::new();
    if let (Some(secret), Some(kept)) = (secret, client.secrets.last()) {
        told.insert("client_secret".into(), secret.reveal().into());
        told.insert("client_secret_expires_at".into(), kept.expires_at.as_secs().into());
    }
    told
}

fn client_uri(visitor: &Visitor, client: &Client) -> String {
    format!("{}/{}/oauth2/v2.0/register/{}", visitor.origin.url, client.tenant, client.id)
}

fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let (scheme, token) = authorization(headers).ok().flatten()?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token))
}

/// The JSON object that a request carries.
async fn document(request: Request<Body>) -> Result<Map<String, Value>, Problem> {
    let (parts, body) = request.into_parts();
    let invalid = |said: String| Problem::from(OAuthProblem::from(OAuthError::invalid_request(said)));
    match extract::json(&parts.headers, body).await {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) => Err(invalid("the body is not a JSON object".into())),
        Err(error) => Err(invalid(error.to_string())),
    }
}

impl App {
    /// Decides who may register apps by themselves in a tenant.
    pub async fn set_registration_gate(
        &self,
        tenant: TenantId,
        gate: RegistrationGate,
        event: Event,
    ) -> Result<(), StoreError> {
        let Ok(()) = self.store.decide(|| async { Ok(dynamic::set_gate(tenant, gate, event.clone())) }).await?;
        // Metadata says where apps register themselves, or that they do not.
        self.documents.renew(&self.signer);
        Ok(())
    }

    /// Makes a token that lets apps register themselves. It is in the answer and nowhere else.
    pub async fn make_initial_access_token(
        &self,
        tenant: TenantId,
        event: Event,
    ) -> Result<(Secret, InitialAccessToken), StoreError> {
        let made = async || Ok(dynamic::add_initial_access_token(tenant, event.clone(), &mut entropy()));
        let Ok(made) = self.store.decide(made).await?;
        Ok(made)
    }

    /// The event of such a decision, with nobody in it yet.
    pub fn registration_event(&self, tenant: TenantId) -> Event {
        Event::new(EventKind::PolicyChanged, tenant, self.now(), "")
    }
}
