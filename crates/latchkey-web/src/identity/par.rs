//! The pushed authorization request endpoint, [RFC 9126 §2].

use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::{Path, State};
use http::header::HeaderMap;
use http::{Request, Response, StatusCode};
use latchkey_identity::OAuthError;
use latchkey_identity::authorize::pushed;
use latchkey_identity::authorize::request::{CameBy, Context};
use latchkey_identity::client::Client;
use latchkey_identity::client_auth::AuthenticatedClient;
use latchkey_identity::limits;
use latchkey_identity::sign_in::throttle::Wait;
use latchkey_store::StoreError;
use serde::Serialize;

use crate::app::{App, entropy};
use crate::identity::client_request::{ClientRequest, answer_client};
use crate::identity::problem::OAuthProblem;
use crate::identity::tenants;
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
    let mut known = None;
    let answered = pushed(&app, &visitor, &segment, &parts.headers, body, &mut known).await.map(|request_uri| {
        let answer = PushedResponse { request_uri, expires_in: limits::PUSHED_REQUEST_LIFETIME.as_secs() };
        let mut response = reply::json(StatusCode::CREATED, &answer);
        reply::no_store(&mut response);
        response
    });
    answer_client(&parts.headers, known.as_deref(), answered, visitor.now)
}

async fn pushed(
    app: &App,
    visitor: &Visitor,
    segment: &str,
    headers: &HeaderMap,
    body: Body,
    known: &mut Option<Arc<Client>>,
) -> Result<String, OAuthProblem> {
    let audience = tenants::audience(app, segment).await?;
    let request = ClientRequest::read(app, headers, body).await?;
    known.clone_from(&request.client);
    let client = request.authenticate(app, visitor.now)?;
    has_room(app, &client, visitor)?;
    let context =
        Context { origin: &visitor.origin.url, audience: &audience, resource: &app.resource, came_by: CameBy::Link };
    let pushed: Result<Result<String, OAuthError>, StoreError> = app
        .store
        .decide(|| async { Ok(pushed::push(&request.form, &client, segment, context, visitor.now, &mut entropy())) })
        .await;
    Ok(pushed??)
}

fn has_room(app: &App, client: &AuthenticatedClient<'_>, visitor: &Visitor) -> Result<(), OAuthProblem> {
    let mut throttle = app.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    let proven = client.credential().is_some();
    let room = throttle.begin_push(client.client().id, proven, visitor.address, visitor.now);
    room.map_err(|Wait(wait)| OAuthProblem::too_much("too many requests were pushed from here", wait))
}
