//! UserInfo, [OpenID Connect Core §5.3], by GET and POST, for any origin.

use axum::body::Body;
use axum::extract::State;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, HeaderMap,
    HeaderValue, WWW_AUTHENTICATE,
};
use http::{Method, Request, Response, StatusCode};
use latchkey_identity::OAuthError;
use latchkey_identity::userinfo::userinfo;
use serde_json::json;

use crate::app::App;
use crate::bearer::{self, BearerError};
use crate::extract::form;
use crate::reply;

/// `GET` and `POST /oidc/userinfo`.
pub async fn answer(State(app): State<App>, request: Request<Body>) -> Response<Body> {
    let now = app.now();
    let (parts, body) = request.into_parts();
    let token = match token(&parts.method, &parts.headers, body).await {
        Ok(token) => token,
        Err(response) => return *response,
    };
    let Some(token) = token else { return challenge(StatusCode::UNAUTHORIZED, None) };
    let bearer = match bearer::authenticate(&app, &token, now).await {
        Ok(bearer) => bearer,
        Err(BearerError::Refused(refusal)) => {
            return challenge(StatusCode::UNAUTHORIZED, Some(&OAuthError::invalid_token(refusal.to_string())));
        }
        Err(BearerError::Store(error)) => {
            tracing::error!(%error, "the store did not answer");
            let error = OAuthError::temporarily_unavailable("the server cannot answer now");
            return finish(reply::json(
                StatusCode::SERVICE_UNAVAILABLE,
                &json!({ "error": error.code, "error_description": error.description }),
            ));
        }
    };
    match userinfo(&bearer.token, &bearer.authorization, &bearer.person.account) {
        Ok(claims) => finish(reply::json(StatusCode::OK, &claims)),
        Err(error) => challenge(StatusCode::FORBIDDEN, Some(&error)),
    }
}

/// The token in the header or, in a POST, in the form; never in the query. [RFC 6750 §2]
async fn token(method: &Method, headers: &HeaderMap, body: Body) -> Result<Option<String>, Box<Response<Body>>> {
    let doubled = || {
        Box::new(challenge(
            StatusCode::BAD_REQUEST,
            Some(&OAuthError::invalid_request("the token comes in two ways at once")),
        ))
    };
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    let is_form = headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if *method != Method::POST || !is_form {
        return Ok(header);
    }
    let pairs = form(headers, body).await.map_err(|error| {
        Box::new(challenge(StatusCode::BAD_REQUEST, Some(&OAuthError::invalid_request(error.to_string()))))
    })?;
    match (header, pairs.first("access_token")) {
        (Some(_), Some(_)) => Err(doubled()),
        (None, Some(token)) => Ok(Some(token.to_owned())),
        (header, None) => Ok(header),
    }
}

fn challenge(status: StatusCode, error: Option<&OAuthError>) -> Response<Body> {
    let mut response = match error {
        Some(error) => reply::json(status, &json!({ "error": error.code, "error_description": error.description })),
        None => reply::json(status, &json!({})),
    };
    let value = match error {
        Some(error) => {
            format!("Bearer realm=\"userinfo\", error=\"{}\", error_description=\"{}\"", error.code, error.description)
        }
        None => "Bearer realm=\"userinfo\"".to_owned(),
    };
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    finish(response)
}

fn finish(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
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
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    response
}
