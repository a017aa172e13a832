//! The pushed authorization request endpoint, [RFC 9126 §2].

use std::sync::PoisonError;

use axum::body::Body;
use axum::extract::{Path, State};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use latchkey_identity::OAuthError;
use latchkey_identity::authorize::pushed;
use latchkey_identity::authorize::request::{CameBy, Context};
use latchkey_identity::authorize::request_object;
use latchkey_identity::client_auth::AuthenticatedClient;
use latchkey_identity::limits;
use latchkey_identity::throttle::Wait;
use latchkey_store::StoreError;
use serde::Serialize;

use crate::app::{App, entropy};
use crate::dpop;
use crate::identity::client_request::{ClientRequest, answer_client};
use crate::identity::problem::OAuthProblem;
use crate::reply;
use crate::visitor::Visitor;

/// The answer. [RFC 9126 §2.2]
#[derive(Serialize)]
struct PushedResponse {
    request_uri: String,
    expires_in: u64,
}

/// `POST /{t}/oauth2/v2.0/par`.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    Path(segment): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let request = ClientRequest::read_first(&app, &parts, &segment, body).await;
    let (client, pushed) = match request {
        Ok(request) => (request.client.clone(), pushed(&app, &visitor, &segment, &parts, &request).await),
        Err(problem) => (None, Err(problem)),
    };
    let answered = pushed.map(|request_uri| {
        let answer = PushedResponse { request_uri, expires_in: limits::PUSHED_REQUEST_LIFETIME.as_secs() };
        let mut response = reply::json(StatusCode::CREATED, &answer);
        reply::no_store(&mut response);
        response
    });
    let mut response = answer_client(&parts.headers, client.as_deref(), answered, visitor.now);
    dpop::offer_nonce(&app, &parts.headers, response.headers_mut(), visitor.now);
    response
}

async fn pushed(
    app: &App,
    visitor: &Visitor,
    segment: &str,
    parts: &Parts,
    request: &ClientRequest,
) -> Result<String, OAuthProblem> {
    let client = request.authenticate_with_key(app, parts, visitor.now).await?;
    has_room(app, &client, visitor)?;
    let published = match request_object::signed(&request.form) {
        Some(signed) => app.published_keys(client.client(), signed.kid(), visitor.now).await,
        None => Vec::new(),
    };
    let context = Context {
        origin: &visitor.origin.url,
        audience: &request.audience,
        resource: &app.resource,
        published: &published,
        came_by: CameBy::Link,
    };
    let pushed: Result<Result<String, OAuthError>, StoreError> = app
        .store
        .decide(|| async { Ok(pushed::push(&request.form, &client, segment, context, visitor.now, &mut entropy())) })
        .await;
    Ok(pushed??)
}

fn has_room(app: &App, client: &AuthenticatedClient<'_>, visitor: &Visitor) -> Result<(), OAuthProblem> {
    let mut throttle = app.request_throttle.lock().unwrap_or_else(PoisonError::into_inner);
    let proven = client.credential().is_some();
    let room = throttle.begin_push(client.client().id, proven, visitor.address, visitor.now);
    room.map_err(|Wait(wait)| OAuthProblem::too_much("too many requests were pushed from here", wait))
}
