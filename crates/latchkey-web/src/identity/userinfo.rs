//! UserInfo, [OpenID Connect Core §5.3], by GET and POST, for any origin.

use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, HeaderMap, HeaderValue, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use latchkey_identity::claims::UserClaims;
use latchkey_identity::dpop::DpopError;
use latchkey_identity::userinfo::{SignedUserInfo, userinfo};
use latchkey_identity::{OAuthError, Timestamp};
use serde_json::json;

use crate::app::App;
use crate::bearer::{self, Bearer, BearerError, Presentation, Scheme};
use crate::dpop;
use crate::extract::{authorization, form, is_form};
use crate::identity::problem::OAuthProblem;
use crate::identity::signed_answer;
use crate::reply;

/// `GET` and `POST /oidc/userinfo`.
pub async fn answer(State(app): State<App>, request: Request<Body>) -> Response<Body> {
    let now = app.now();
    let (parts, body) = request.into_parts();
    let presented = match token(&parts.method, &parts.headers, body).await {
        Ok(presented) => presented,
        Err(response) => return *response,
    };
    let scheme = presented.as_ref().map_or(Scheme::Bearer, |(_, scheme)| *scheme);
    let challenge = |status, error: Option<&OAuthError>| challenge(scheme, status, error);
    let mut response = answered(&app, &parts, presented, challenge, now).await;
    dpop::offer_nonce(&app, &parts.headers, response.headers_mut(), now);
    response
}

async fn answered(
    app: &App,
    parts: &Parts,
    presented: Option<(String, Scheme)>,
    challenge: impl Fn(StatusCode, Option<&OAuthError>) -> Response<Body>,
    now: Timestamp,
) -> Response<Body> {
    let Some((token, scheme)) = presented else { return challenge(StatusCode::UNAUTHORIZED, None) };
    let bearer = match bearer::authenticate(app, Presentation { token: &token, scheme, parts }, now).await {
        Ok(bearer) => bearer,
        Err(BearerError::Refused(refusal)) => {
            return challenge(StatusCode::UNAUTHORIZED, Some(&OAuthError::invalid_token(refusal.to_string())));
        }
        Err(BearerError::Unproven(DpopError::Busy)) => return later(OAuthError::from(DpopError::Busy)),
        Err(BearerError::Unproven(error)) => return challenge(StatusCode::UNAUTHORIZED, Some(&error.into())),
        Err(BearerError::Store(error)) => return later(error),
    };
    match userinfo(&bearer.token, &bearer.authorization, &bearer.person.account) {
        Ok(claims) => told(app, &bearer, claims).await,
        Err(error) => challenge(StatusCode::FORBIDDEN, Some(&error)),
    }
}

/// The claims, plain or signed, as the client registered.
async fn told(app: &App, bearer: &Bearer, claims: UserClaims) -> Response<Body> {
    let Some(algorithm) = bearer.client.metadata.userinfo_signed_response_alg else {
        return finish(reply::json(StatusCode::OK, &claims));
    };
    let claims =
        SignedUserInfo { iss: bearer.token.issuer.clone(), aud: bearer.client.identifier().to_string(), claims };
    match signed_answer::userinfo(app, algorithm, &claims).await {
        Ok(response) => finish(response),
        Err(error) => later(error),
    }
}

/// The answer while there is none: it says when to ask again.
fn later(why: impl Into<OAuthProblem>) -> Response<Body> {
    finish(why.into().into_response())
}

/// The token in the header or, in a POST, in the form; never in the query. [RFC 6750 §2]
async fn token(
    method: &Method,
    headers: &HeaderMap,
    body: Body,
) -> Result<Option<(String, Scheme)>, Box<Response<Body>>> {
    let refused = |said: String| {
        let error = OAuthError::invalid_request(said);
        Box::new(challenge(Scheme::Bearer, StatusCode::BAD_REQUEST, Some(&error)))
    };
    let header = authorization(headers).map_err(|error| refused(error.to_string()))?;
    let header = header.and_then(|(scheme, token)| Some((token.to_owned(), Scheme::parse(scheme)?)));
    if *method != Method::POST || !is_form(headers) {
        return Ok(header);
    }
    let pairs = form(headers, body).await.map_err(|error| refused(error.to_string()))?;
    match (header, pairs.first("access_token")) {
        (Some(_), Some(_)) => Err(refused("the token comes in two ways at once".into())),
        (None, Some(token)) => Ok(Some((token.to_owned(), Scheme::Bearer))),
        (header, None) => Ok(header),
    }
}

/// How to come back: with the error in the words of the scheme that was tried. [RFC 6750 §3], [RFC 9449 §7.1]
fn challenge(scheme: Scheme, status: StatusCode, error: Option<&OAuthError>) -> Response<Body> {
    let mut response = match error {
        Some(error) => reply::json(status, &json!({ "error": error.code, "error_description": error.description })),
        None => reply::json(status, &json!({})),
    };
    let error = error.map(|error| format!("error=\"{}\", error_description=\"{}\"", error.code, error.description));
    let said =
        |of: Scheme| error.as_ref().filter(|_| of == scheme).map(|error| format!(", {error}")).unwrap_or_default();
    let bearer = format!("Bearer realm=\"userinfo\"{}", said(Scheme::Bearer));
    let dpop = format!("DPoP realm=\"userinfo\", algs=\"{}\"{}", dpop::algorithms(), said(Scheme::Dpop));
    for value in [bearer, dpop].iter().flat_map(|value| HeaderValue::from_str(value)) {
        response.headers_mut().append(WWW_AUTHENTICATE, value);
    }
    finish(response)
}

fn finish(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate"));
    reply::no_store(&mut response);
    response
}

/// `OPTIONS /oidc/userinfo`.
pub async fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type, dpop"));
    response
}
