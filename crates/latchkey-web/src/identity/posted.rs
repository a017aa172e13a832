//! A form that another site posted to an endpoint that a browser is sent to.

use axum::body::Body;
use axum::extract::State;
use http::header::SET_COOKIE;
use http::{Request, Response};

use crate::app::App;
use crate::extract;
use crate::identity::problem_page;
use crate::reply;
use crate::visitor::Visitor;

/// `POST` to the authorization or the logout endpoint: the same as GET, and it goes on as one. [OpenID Connect Core §3.1.2.1]
///
/// The browser holds our cookies back from a form that another site posted, and brings them to the page it is sent to then.
pub async fn goes_on(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
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
