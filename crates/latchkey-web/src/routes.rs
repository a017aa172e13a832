//! Every URL of the identity platform and of the pages, in one table. The DevOps API has a table of its own in [`crate::devops`].

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::{any, get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};

use crate::admin;
use crate::app::App;
use crate::assets;
use crate::devops;
use crate::devops::dispatch::Destination;
use crate::identity::{
    approval_request, authorize, consent, device, documents, flow, instance_discovery, introspect, logo, logout, par,
    posted, problem_page, register, revoke, select, set_up, sign_in, sign_out, token, upstream, userinfo,
};
use crate::legacy;
use crate::portal;
use crate::reader;
use crate::reply;
use crate::visitor::Visitor;

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        // Metadata and keys.
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(documents::metadata))
        .route("/{tenant}/.well-known/openid-configuration", get(documents::metadata))
        .route("/.well-known/oauth-authorization-server/{tenant}/v2.0", get(documents::metadata))
        .route("/{tenant}/discovery/v2.0/keys", get(documents::keys))
        .route("/.well-known/oauth-protected-resource/{organization}", get(devops::protected_resource::get))
        .route("/common/discovery/instance", get(instance_discovery::instance_discovery))
        // The endpoints that clients use.
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::get).post(posted::goes_on))
        .route("/{tenant}/oauth2/v2.0/token", post(token::post).options(token::preflight))
        .route("/{tenant}/oauth2/v2.0/revoke", post(revoke::post).options(token::preflight))
        .route("/{tenant}/oauth2/v2.0/introspect", post(introspect::post))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::begin))
        .route("/{tenant}/oauth2/v2.0/par", post(par::post))
        .route("/{tenant}/oauth2/v2.0/register", post(register::post).options(register::preflight))
        .route(
            "/{tenant}/oauth2/v2.0/register/{id}",
            get(register::manage).put(register::manage).delete(register::manage).options(register::preflight),
        )
        .route("/{tenant}/oauth2/v2.0/logout", get(logout::get).post(posted::goes_on))
        .route("/oidc/userinfo", get(userinfo::answer).post(userinfo::answer).options(userinfo::preflight))
        // The older OAuth kind.
        .route("/oauth2/authorize", get(legacy::authorize::get))
        .route("/oauth2/token", post(legacy::token::post))
        .route(legacy::notice::WAY_OUT, get(legacy::no_new_ones::way_out))
        .route("/app/register", get(legacy::no_new_ones::page).post(legacy::no_new_ones::page))
        .route("/_apis/delegatedauth/registration", any(legacy::no_new_ones::api))
        .route("/_apis/delegatedauth/registration/{id}", any(legacy::no_new_ones::api))
        // The pages of a flow.
        .route("/signin", get(sign_in::get).post(sign_in::post))
        .route("/signin/cancel", post(flow::cancel))
        .route("/signin/elsewhere", post(upstream::choose))
        .route("/upstream/callback/{id}", get(upstream::callback::get))
        .route("/setup", get(set_up::get).post(set_up::post))
        .route("/select", get(select::get).post(select::post))
        .route("/select/another", post(select::another))
        .route("/select/forget", post(select::forget))
        .route("/consent", get(consent::get).post(consent::post))
        .route("/consent/ask", post(approval_request::ask))
        .route("/consent/return", post(flow::cancel))
        .route("/signout", get(sign_out::get).post(sign_out::post))
        .route("/device", get(device::get).post(device::look))
        .route("/device/continue", post(device::go_on))
        .route("/device/done", get(device::done))
        .route("/error/continue", post(flow::continue_with_error))
        // The pages of people.
        .route("/", get(front))
        .merge(portal::routes())
        // What administrators do by programs.
        .merge(admin::routes())
        // Files, and operators.
        .route("/assets/{file}", get(asset))
        .route("/assets/logos/{client_id}", get(logo::get))
        .route("/healthz", get(healthy))
        // The DevOps API and git, and whatever is nowhere.
        .fallback(devops_or_nowhere)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

/// `GET /`: a person's own page, or the guided walk of the demo.
async fn front(State(app): State<App>, visitor: Visitor) -> Response<Body> {
    reply::see_other(&visitor, if app.settings.demo { "/demo" } else { "/me" })
}

async fn asset(State(app): State<App>, visitor: Visitor, Path(file): Path<String>) -> Response<Body> {
    let Some(asset) = assets::find(&format!("/assets/{file}")) else { return problem_page::nowhere(&app, &visitor) };
    let mut response = Response::new(Body::from(asset.bytes()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type()));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(assets::CACHE_CONTROL));
    response
}

/// `GET /healthz`: whether requests are answered. It tells nothing else.
async fn healthy(State(app): State<App>) -> StatusCode {
    match app.store.tenant(latchkey_identity::tenant::PERSONAL_TENANT).await {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The site looks for endpoints of the DevOps side before it looks here, so this is about paths of the API where nothing is.
async fn devops_or_nowhere(State(app): State<App>, request: Request<Body>) -> Response<Body> {
    match Destination::of(request.uri().path()) {
        Some(destination) => devops::dispatch::answer(&app, request, destination).await,
        None => reader::nowhere(&app, &request.into_parts().0),
    }
}

/// Another method than the address has, unless it is an address of the DevOps side, which knows its own.
async fn wrong_method(State(app): State<App>, request: Request<Body>) -> Response<Body> {
    match Destination::of(request.uri().path()) {
        Some(destination) => devops::dispatch::answer(&app, request, destination).await,
        None => reader::wrong_method(&app, &request.into_parts().0),
    }
}
