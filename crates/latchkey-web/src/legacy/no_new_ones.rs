//! Every attempt to make a new app of the older kind gets one answer, which names the way forward.

use axum::body::Body;
use axum::extract::State;
use http::{Response, StatusCode};
use latchkey_identity::legacy::NO_NEW_ONES;
use serde::Serialize;

use super::notice::Notice;
use crate::app::App;
use crate::identity::problem_page;
use crate::pages::legacy::Legacy;
use crate::reply::{self, FormTargets};
use crate::visitor::Visitor;

/// The body of the refusal, in the shape of the DevOps API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    #[serde(rename = "$id")]
    id: &'static str,
    inner_exception: Option<()>,
    message: &'static str,
    type_name: &'static str,
    type_key: &'static str,
    error_code: u32,
    event_id: u32,
}

/// `/app/register`, where such apps were registered once.
pub async fn page(State(app): State<App>, visitor: Visitor) -> Response<Body> {
    shown(&app, &visitor, StatusCode::GONE)
}

/// `/legacy`: what becomes of apps of the older kind, and how one gets away from it.
pub async fn way_out(State(app): State<App>, visitor: Visitor) -> Response<Body> {
    shown(&app, &visitor, StatusCode::OK)
}

/// `/_apis/delegatedauth/registration`, by which such apps were registered once.
pub async fn api(visitor: Visitor) -> Response<Body> {
    let refusal = Refusal {
        id: "1",
        inner_exception: None,
        message: NO_NEW_ONES,
        type_name: "Microsoft.VisualStudio.Services.DelegatedAuthorization.RegistrationNotAllowedException, Microsoft.VisualStudio.Services.WebApi",
        type_key: "RegistrationNotAllowedException",
        error_code: 0,
        event_id: 3_000,
    };
    told(&visitor, reply::json(StatusCode::GONE, &refusal))
}

fn shown(app: &App, visitor: &Visitor, status: StatusCode) -> Response<Body> {
    let refused = status == StatusCode::GONE;
    let page = Legacy { frame: problem_page::frame(app, visitor), refused, sentence: NO_NEW_ONES };
    told(visitor, reply::page(status, visitor, &page, &FormTargets::own()))
}

fn told(visitor: &Visitor, mut response: Response<Body>) -> Response<Body> {
    Notice::default().add_to(response.headers_mut(), &visitor.origin.url);
    response
}
