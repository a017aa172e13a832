//! One call: who makes it, and what it brings.

use std::collections::BTreeMap;

use axum::RequestExt as _;
use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Response, StatusCode};
use latchkey_devops::scope::{AUDIENCE, Scope};
use latchkey_identity::administration::Administrator;
use latchkey_identity::dpop::DpopError;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::{Decision, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::problem::Problem;
use crate::app::App;
use crate::bearer::{self, BearerError, Holder, Presentation, Scheme};
use crate::dpop;
use crate::extract::{JsonError, Pairs, authorization, json};
use crate::reply;
use crate::staleness;
use crate::visitor;

/// What an operation comes to.
pub(super) type Answer = Result<Reply, Problem>;

/// What does it.
pub(super) type Handler = fn(Call) -> BoxFuture<'static, Answer>;

/// An answer.
pub(super) enum Reply {
    /// A thing, or a list.
    Of(Value),
    /// A thing that was made.
    Made(Value),
    /// Nothing to say: it is done.
    Done,
}

/// One call, of somebody who administers the tenant.
pub(super) struct Call {
    pub(super) app: App,
    pub(super) by: Administrator,
    pub(super) now: Timestamp,
    address: String,
    path: BTreeMap<String, String>,
    query: Pairs,
    body: Value,
}

/// Things of one page of a list at the most.
const MOST: u32 = 100;

impl Call {
    /// The id that the path has here.
    pub(super) fn id(&self, name: &str, what: &str) -> Result<Uuid, Problem> {
        let text = self.path.get(name).map(String::as_str).unwrap_or_default();
        Uuid::try_parse(text).map_err(|_| Problem::not_found(what))
    }

    /// The body.
    pub(super) fn body(&mut self) -> Value {
        std::mem::take(&mut self.body)
    }

    /// The body, as what it has to be.
    pub(super) fn read<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        serde_json::from_value(self.body()).map_err(|error| Problem::bad_request(error.to_string()))
    }

    /// After which thing the page begins, if it is not the first.
    pub(super) fn after(&self) -> &str {
        self.query.first("after").unwrap_or_default()
    }

    /// How many things the page has at the most.
    pub(super) fn most(&self) -> Result<u32, Problem> {
        match self.query.first("limit").map(str::parse) {
            None => Ok(MOST),
            Some(Ok(most)) if (1..=MOST).contains(&most) => Ok(most),
            Some(_) => Err(Problem::bad_request(format!("`limit` is a number from 1 to {MOST}."))),
        }
    }

    /// The id of the last thing of the page before.
    pub(super) fn after_id(&self) -> Result<Uuid, Problem> {
        read_id(self.after())
    }

    /// Where it comes from, for the record.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// A decision with the address that it came from.
    pub(super) fn seen<T, E>(&self, decision: Decision<T, E>) -> Decision<T, E> {
        decision.seen_from(&self.address)
    }
}

/// An id of a position in a list; none is before all of them.
pub(super) fn read_id(text: &str) -> Result<Uuid, Problem> {
    if text.is_empty() {
        return Ok(Uuid::nil());
    }
    Uuid::try_parse(text).map_err(|_| Problem::bad_request("`after` is what `next` of the page before says."))
}

/// A page of a list. `next` is where the next one begins, if this one is full.
pub(super) fn page(values: Vec<Value>, most: u32, next: Option<String>) -> Reply {
    let full = u32::try_from(values.len()).is_ok_and(|length| length >= most);
    let next = next.filter(|_| full);
    Reply::Of(serde_json::json!({ "value": values, "next": next }))
}

/// Answers a request to an operation.
pub(super) async fn answer(app: App, request: Request, handler: Handler) -> Response<Body> {
    let now = app.now();
    let headers = request.headers().clone();
    let mut response = match call(app.clone(), request).await {
        Err(problem) => problem.into_response(),
        Ok(call) => match handler(call).await {
            Err(problem) => problem.into_response(),
            Ok(Reply::Of(value)) => reply::json(StatusCode::OK, &value),
            Ok(Reply::Made(value)) => reply::json(StatusCode::CREATED, &value),
            Ok(Reply::Done) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
        },
    };
    dpop::offer_nonce(&app, &headers, response.headers_mut(), now);
    reply::no_store(&mut response);
    response
}

async fn call(app: App, mut request: Request) -> Result<Call, Problem> {
    let path = request.extract_parts::<RawPathParams>().await.map_err(|_| Problem::nowhere())?;
    let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (parts, body) = request.into_parts();
    let (scheme, token) = token(&parts)
        .ok_or_else(|| Problem::unauthorized("Bearer", None, "Send an access token as Bearer, and nothing else."))?;
    let presented = Presentation { token: &token, scheme, parts: &parts };
    administrator(&app, scheme, bearer::identify(&app, presented, AUDIENCE, app.now()).await).await?;
    let query = Pairs::decode(parts.uri.query().unwrap_or_default().as_bytes());
    let address = visitor::address(&parts).to_string();
    let body = read(&parts, body).await?;
    // The body may have been held back, and what it began under may have ended since.
    staleness::check(&app).await?;
    let now = app.now();
    let by = administrator(&app, scheme, bearer::identify_again(&app, &token, AUDIENCE, now).await).await?;
    Ok(Call { app, by, now, address, path, query, body })
}

/// A body of JSON, or nothing.
async fn read(parts: &Parts, body: Body) -> Result<Value, Problem> {
    json(&parts.headers, body).await.map_err(|error| {
        let (status, code) = match error {
            JsonError::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            JsonError::Body => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            JsonError::Utf8 | JsonError::Syntax(_) | JsonError::Null => (StatusCode::BAD_REQUEST, "invalid_request"),
        };
        Problem::new(status, code, format!("{error}."))
    })
}

/// Whoever holds a token, if they administer a tenant at this moment.
async fn administrator(
    app: &App,
    scheme: Scheme,
    holder: Result<Holder, BearerError>,
) -> Result<Administrator, Problem> {
    let name = if scheme == Scheme::Dpop { "DPoP" } else { "Bearer" };
    match holder {
        Ok(Holder::Person(bearer)) => {
            // A token that was narrowed to places is not for a tenant as a whole.
            let whole = bearer.token.narrowing.places.is_none();
            let scoped = whole && is_scoped(&bearer.token.scopes) && is_scoped(&bearer.authorization.scopes);
            let tenant = bearer.authorization.tenant;
            Ok(Administrator::in_person(&bearer.person.account, bearer.client.id, tenant, scoped)?)
        }
        Ok(Holder::App(bearer)) => {
            let scoped = is_scoped(&bearer.token.scopes) && is_scoped(&bearer.client.scopes);
            let owner = match bearer.client.owner {
                Some(owner) => app.store.account(owner).await?,
                None => None,
            };
            let owner = owner.as_ref().map(|person| &person.account);
            Ok(Administrator::through_app(&bearer.client, owner, bearer.token.tenant, scoped)?)
        }
        Err(BearerError::Refused(refusal)) => {
            Err(Problem::unauthorized(name, Some("invalid_token"), format!("{refusal}.")))
        }
        Err(BearerError::Unproven(DpopError::Busy)) => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, DpopError::Busy.code(), "The server cannot answer now."))
        }
        Err(BearerError::Unproven(error)) => Err(Problem::unauthorized("DPoP", Some(error.code()), error.to_string())),
        Err(BearerError::Store(error)) => Err(error.into()),
    }
}

/// By its own name: whoever may do everything on the DevOps side may not do this.
fn is_scoped(scopes: &ScopeSet) -> bool {
    scopes.contains(Scope::TenantManage.name())
}

fn token(parts: &Parts) -> Option<(Scheme, String)> {
    let (scheme, token) = authorization(&parts.headers).ok().flatten()?;
    Some((Scheme::parse(scheme)?, token.to_owned()))
}
