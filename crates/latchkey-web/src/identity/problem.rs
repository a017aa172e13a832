//! Errors of the identity platform as JSON, [RFC 6749 §5.2], with what Microsoft's clients and runbooks read beside it.

use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use latchkey_identity::{OAuthError, Timestamp};
use latchkey_store::StoreError;
use serde::Serialize;

use crate::app::random;
use crate::reader::BadAddress;
use crate::reply;

/// How long a client waits for a server that does not answer now.
const SOON: Duration = Duration::from_secs(2);

/// An error for a client.
#[derive(Debug)]
pub struct OAuthProblem {
    error: OAuthError,
    status: StatusCode,
    basic: bool,
    microsoft: Option<(Timestamp, Option<String>)>,
    wait: Duration,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    suberror: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_codes: Option<[u32; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
}

impl OAuthProblem {
    /// The tenant segment of the URL is none of ours.
    pub fn unknown_tenant() -> Self {
        Self::from(OAuthError {
            code: "invalid_tenant",
            ..OAuthError::invalid_request("there is no such tenant here").numbered(90_002)
        })
    }

    /// No endpoint has this address.
    pub(crate) fn nowhere() -> Self {
        Self { status: StatusCode::NOT_FOUND, ..OAuthError::invalid_request("no endpoint has this address").into() }
    }

    /// The endpoint is asked by another method; `Allow` says by which. [RFC 9110 §15.5.6]
    pub fn wrong_method() -> Self {
        let error =
            OAuthError::invalid_request("this endpoint does not have this method: Allow names those that it has");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..error.into() }
    }

    /// An address that is not looked up.
    pub(crate) fn bad_address(why: BadAddress) -> Self {
        Self { status: why.status(), ..OAuthError::invalid_request(why.sentence()).into() }
    }

    /// Too much was asked for: there is no more for so long. [RFC 9126 §2.3]
    pub fn too_much(description: &'static str, wait: Duration) -> Self {
        let error = OAuthError::temporarily_unavailable(description);
        Self { status: StatusCode::TOO_MANY_REQUESTS, wait, ..error.into() }
    }

    /// The same, to a client that tried `Authorization: Basic`.
    #[must_use]
    pub fn after_basic(self, tried: bool) -> Self {
        Self { basic: tried, ..self }
    }

    /// The same, in the shape that Microsoft's clients read. `correlation_id` is the client's own.
    #[must_use]
    pub fn for_microsoft(self, now: Timestamp, correlation_id: Option<String>) -> Self {
        Self { microsoft: Some((now, correlation_id)), ..self }
    }
}

impl From<OAuthError> for OAuthProblem {
    fn from(error: OAuthError) -> Self {
        let status = match error.code {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { error, status, basic: false, microsoft: None, wait: SOON }
    }
}

impl From<StoreError> for OAuthProblem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store did not answer");
        OAuthError::temporarily_unavailable("the server cannot answer now; nothing was changed").into()
    }
}

impl IntoResponse for OAuthProblem {
    fn into_response(self) -> Response<Body> {
        let trace_id = uuid::Builder::from_random_bytes(random()).into_uuid().to_string();
        let OAuthError { code, description, number, suberror } = &self.error;
        let (description, timestamp, correlation_id) = match &self.microsoft {
            None => (description.to_string(), None, None),
            Some((now, correlation_id)) => {
                let (stamp, correlation) = (stamp(*now), correlation_id.as_deref().unwrap_or(&trace_id));
                let text = format!(
                    "AADSTS{number}: {description}. Trace ID: {trace_id} Correlation ID: {correlation} Timestamp: {stamp}"
                );
                (text, Some(stamp), Some(correlation))
            }
        };
        let microsoft = self.microsoft.is_some();
        let body = ErrorBody {
            error: code,
            error_description: description,
            suberror: suberror.filter(|_| microsoft),
            error_codes: microsoft.then_some([*number]),
            timestamp,
            trace_id: microsoft.then_some(trace_id.as_str()),
            correlation_id,
        };
        let mut response = reply::json(self.status, &body);
        reply::no_store(&mut response);
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&trace_id) {
            headers.insert(HeaderName::from_static("x-ms-request-id"), id);
        }
        if self.basic && self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"token\""));
        }
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(RETRY_AFTER, HeaderValue::from(self.wait.as_secs().max(1)));
        }
        response
    }
}

/// `2026-11-22 05:00:00Z`
fn stamp(now: Timestamp) -> String {
    let moment = time::OffsetDateTime::from_unix_timestamp(now.as_secs()).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    format!("{} {:02}:{:02}:{:02}Z", moment.date(), moment.hour(), moment.minute(), moment.second())
}
