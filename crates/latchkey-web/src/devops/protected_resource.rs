//! What an organization's API is, for clients that begin with it: which authorization server gives tokens for it, and which scopes there
//! are. [RFC 9728]

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, HeaderValue};
use http::{Response, StatusCode};
use latchkey_identity::tenant::TenantId;
use latchkey_identity::token::issuer;
use serde::Serialize;

use crate::app::App;
use crate::dpop;
use crate::identity::problem::OAuthProblem;
use crate::reply;
use crate::visitor::Visitor;

/// Where the metadata of an organization at one of our origins lies. [RFC 9728 §3.1]
pub(super) fn metadata_url(origin: &str, organization: &str) -> String {
    format!("{origin}/.well-known/oauth-protected-resource/{organization}")
}

/// What an organization's API is. [RFC 9728 §2]
#[derive(Serialize)]
struct Metadata<'a> {
    resource: String,
    resource_name: String,
    authorization_servers: [String; 1],
    scopes_supported: &'a [String],
    bearer_methods_supported: [&'static str; 1],
    dpop_signing_alg_values_supported: Vec<String>,
}

/// `GET /.well-known/oauth-protected-resource/{organization}`. That an organization is there is no secret: its 401 says so, too.
pub async fn get(State(app): State<App>, visitor: Visitor, Path(named): Path<String>) -> Response<Body> {
    let found = match app.store.organization(&named).await {
        Ok(found) => found,
        Err(error) => return OAuthProblem::from(error).into_response(),
    };
    let Some(facts) = found else { return StatusCode::NOT_FOUND.into_response() };
    let (origin, organization) = (&visitor.origin.url, &facts.organization);
    let metadata = Metadata {
        // As it was asked for: whoever asks compares. [RFC 9728 §3.3]
        resource: format!("{origin}/{named}"),
        resource_name: format!("{} on Latchkey", organization.name),
        authorization_servers: [issuer(origin, TenantId(organization.tenant))],
        scopes_supported: &app.resource.scopes,
        bearer_methods_supported: ["header"],
        dpop_signing_alg_values_supported: dpop::algorithms().split(' ').map(str::to_owned).collect(),
    };
    let mut response = reply::json(StatusCode::OK, &metadata);
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
