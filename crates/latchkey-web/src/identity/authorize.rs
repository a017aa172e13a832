//! The authorization endpoint: a request comes in, and a code, an error or a page goes out.

use axum::body::Body;
use axum::extract::{Path, State};
use http::header::SET_COOKIE;
use http::{Request, Response};

use crate::app::App;
use crate::extract;
use crate::identity::asked::Asked;
use crate::identity::flow;
use crate::identity::problem_page;
use crate::reply;
use crate::visitor::Visitor;

/// `GET /{t}/oauth2/v2.0/authorize`. [RFC 6749 §4.1.1], [OpenID Connect Core §3.1.2.1]
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    Path(segment): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let parameters = request.uri().query().unwrap_or_default().to_owned();
    match Asked::read(&app, &visitor.origin.url, &segment, &parameters, visitor.now).await {
        Ok(asked) => flow::begin(&app, &visitor, asked).await,
        Err(unserved) => flow::unserved(&app, &visitor, &segment, &parameters, unserved, None).await,
    }
}

/// `POST /{t}/oauth2/v2.0/authorize`: the same as GET, and it goes on as one.
///
/// The browser holds our cookies back from a form that another site posted, and brings them to the page it is sent to then.
pub async fn post(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let pairs = match extract::form(&parts.headers, body).await {
        Ok(pairs) => pairs,
        Err(error) => return problem_page::bad_form(&app, &visitor, error),
    };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs.into_vec()).finish();
    let mut response = reply::see_other(&visitor, &format!("{}?{query}", parts.uri.path()));
    // The browser may well have a cookie that it held back. A new one would put out who is signed in.
    response.headers_mut().remove(SET_COOKIE);
    response
}
