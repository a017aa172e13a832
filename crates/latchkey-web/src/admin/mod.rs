//! The admin API, `/_admin/v1`: what programs do in a tenant that people do on pages and commands in a terminal, by the same rules. The tenant
//! is that of the token, and no path or parameter names another.
//!
//! | what | where |
//! |---|---|
//! | every operation | [`table`] |
//! | its description, OpenAPI 3.1 | [`openapi`] |
//! | who may | [`call`], and the proof of [`latchkey_identity::administration`] |
//! | what goes wrong | [`problem`] |
//! | apps, and an app as a document | [`apps`], [`app_document`] |
//! | accounts | [`accounts`] |
//! | what people approved | [`authorizations`] |
//! | the providers at which people sign in | [`upstreams`] |
//! | whether tokens travel through browsers | [`implicit`] |
//! | the keys that tokens are signed with | [`keys`] |

mod accounts;
pub mod app_document;
mod apps;
mod authorizations;
mod call;
mod implicit;
mod keys;
mod openapi;
mod problem;
mod table;
mod upstreams;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::{MethodFilter, any, get, on};
use http::{Method, Response, StatusCode};
use latchkey_store::StoreError;

use crate::app::App;
use crate::reader::BadAddress;
use crate::reply;
use problem::Problem;

/// Every route of it.
pub(crate) fn routes() -> Router<App> {
    let mut router =
        Router::new().route(table::DESCRIPTION, get(describe)).route("/_admin/{*rest}", any(async || nowhere()));
    for operation in table::operations() {
        let (filter, handler) = (filter(&operation.method), operation.handler);
        let answer = async move |State(app): State<App>, request: Request| call::answer(app, request, handler).await;
        router = router.route(operation.path, on(filter, answer));
    }
    router
}

/// The answer of every operation while the server cannot give one.
pub(crate) fn unavailable(error: StoreError) -> Response<Body> {
    Problem::from(error).into_response()
}

/// The answer at an address that no operation has.
pub(crate) fn nowhere() -> Response<Body> {
    Problem::nowhere().into_response()
}

/// The answer at an address that is not looked up.
pub(crate) fn bad_address(why: BadAddress) -> Response<Body> {
    Problem::new(why.status(), "invalid_request", why.sentence()).into_response()
}

/// The answer to a method that an operation does not have.
pub(crate) fn wrong_method() -> Response<Body> {
    let detail = "No operation here has this method: Allow names those that there are.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).into_response()
}

fn filter(method: &Method) -> MethodFilter {
    MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET)
}

/// `GET /_admin/v1/openapi.json`: for anybody, as documentation is.
async fn describe(State(app): State<App>) -> Response<Body> {
    let origins = app.settings.origin_urls();
    reply::json(StatusCode::OK, &openapi::document(&table::operations(), &origins))
}
