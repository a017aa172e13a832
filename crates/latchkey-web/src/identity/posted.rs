//! A form that another site posted to an endpoint that a browser is sent to.

use axum::body::{Body, HttpBody as _};
use axum::extract::State;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{Request, Response, StatusCode};

use crate::app::App;
use crate::extract::{self, Pairs};
use crate::identity::problem_page::{self, Problem};
use crate::reader::URL_BYTES;
use crate::reply;
use crate::visitor::Visitor;

/// The page for a request that no address can hold.
const TOO_LONG: Problem = Problem {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    heading: "This request is too long",
    sentence: "An app sent you here with a request of more than 8,192 bytes.",
    mend: "Tell the app's makers: a long request is pushed first, or lies at a request_uri.",
    code: "invalid_request",
};

/// `POST` to the authorization or the logout endpoint: the same as GET, and it goes on as one. [OpenID Connect Core §3.1.2.1]
///
/// What stands in the address counts beside the form: some clients post to an address with their whole query.
/// The browser holds our cookies back from a form that another site posted, and brings them to the page it is sent to then.
pub async fn goes_on(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let without_form = body.is_end_stream() && !parts.headers.contains_key(CONTENT_TYPE);
    let form = if without_form { Ok(Pairs::default()) } else { extract::form(&parts.headers, body).await };
    let form = match form {
        Ok(form) => form,
        Err(error) => return problem_page::bad_form(&app, &visitor, error),
    };
    // Read and written anew: what a client sends may hold characters that no header does.
    let address = Pairs::decode(parts.uri.query().unwrap_or_default().as_bytes());
    let pairs = address.into_vec().into_iter().chain(form.into_vec());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let location = format!("{}?{query}", parts.uri.path());
    if location.len() > URL_BYTES {
        return problem_page::show(&app, &visitor, TOO_LONG);
    }
    let mut response = reply::see_other(&visitor, &location);
    // The browser may well have a cookie that it held back. A new one would put out who is signed in.
    response.headers_mut().remove(SET_COOKIE);
    response
}
