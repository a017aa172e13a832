//! While this server has no word from the database, nothing that it remembers can be gone by: it answers 503, each kind of client in its own way.

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::request::Parts;
use http::{Response, StatusCode};
use latchkey_store::StoreError;

use crate::admin;
use crate::app::App;
use crate::devops;
use crate::identity::problem::OAuthProblem;
use crate::identity::problem_page;
use crate::visitor::Visitor;

/// Whether what is remembered can be gone by, as of a second ago at the most. Keys that changed are taken before anything else is answered.
pub(crate) async fn check(app: &App) -> Result<(), StoreError> {
    app.store.in_touch().await?;
    if app.signer.is_behind() {
        app.reload_keys().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    }
    Ok(())
}

/// Whether what is at a path is the same for everybody and at any time. The logo of an app is not.
pub(crate) fn is_harmless(path: &str) -> bool {
    path.starts_with("/assets/") && !path.starts_with("/assets/logos/")
}

/// The answer.
pub(crate) fn answer(app: &App, parts: &Parts, error: StoreError) -> Response<Body> {
    let path = parts.uri.path();
    let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
    if path == "/healthz" {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Some(answer) = devops::dispatch::unavailable(parts, &error) {
        return answer;
    }
    if path.starts_with("/_admin/") {
        return admin::unavailable(error);
    }
    let is_for_people = ends(&["/authorize", "/logout"]);
    let is_for_programs = path.contains("/oauth2/")
        || path.contains("/.well-known/")
        || ends(&["/keys", "/userinfo", "/discovery/instance"]);
    match is_for_programs && !is_for_people {
        true => OAuthProblem::from(error).into_response(),
        false => problem_page::unavailable(app, &Visitor::of(app, parts), &error),
    }
}
