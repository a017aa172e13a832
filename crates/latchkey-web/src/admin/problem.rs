//! What goes wrong, as [RFC 9457] tells it.

use axum::body::Body;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use latchkey_identity::administration::{AccountProblem, NotAnAdministrator};
use latchkey_identity::authorization::NotYours;
use latchkey_identity::client::registration::RegistrationError;
use latchkey_store::StoreError;
use serde_json::json;

use super::app_document::BadDocument;
use crate::reply;

/// Why an operation was not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// What a client without a token that counts is asked for. [RFC 6750 §3]
    challenge: Option<String>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), challenge: None }
    }

    /// The request is not one that this operation takes.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    /// There is no such thing, or not in this tenant: nobody learns which.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what} in this tenant."))
    }

    /// No operation has this address.
    pub(super) fn nowhere() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "No operation has this address.")
    }

    /// No token that counts.
    pub(super) fn unauthorized(scheme: &str, error: Option<&str>, detail: impl Into<String>) -> Self {
        let error = error.map(|error| format!(", error=\"{error}\"")).unwrap_or_default();
        let challenge = Some(format!("{scheme} realm=\"latchkey\"{error}"));
        Self { challenge, ..Self::new(StatusCode::UNAUTHORIZED, "invalid_token", detail) }
    }

    /// The answer.
    pub(super) fn into_response(self) -> Response<Body> {
        let Self { status, code, detail, challenge } = self;
        let title = status.canonical_reason().unwrap_or_default();
        let body =
            json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail });
        let mut response = reply::json(status, &body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store did not answer");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "The server cannot answer now.")
    }
}

impl From<NotAnAdministrator> for Problem {
    fn from(error: NotAnAdministrator) -> Self {
        let code = if error == NotAnAdministrator::Scope { "insufficient_scope" } else { "not_an_administrator" };
        Self::new(StatusCode::FORBIDDEN, code, error.to_string())
    }
}

impl From<RegistrationError> for Problem {
    fn from(error: RegistrationError) -> Self {
        use RegistrationError as E;
        match error {
            E::NotYours => Self::not_found("app"),
            E::TooManySecrets | E::TooManyApps | E::KindStays | E::TakenId => {
                Self::new(StatusCode::CONFLICT, "conflict", error.to_string())
            }
            E::NoNewLegacyApps | E::LegacyStaysAsItIs => {
                Self::new(StatusCode::FORBIDDEN, "legacy_app", error.to_string())
            }
            E::DescribesItself => Self::new(StatusCode::FORBIDDEN, "describes_itself", error.to_string()),
            error => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_client_metadata", error.to_string()),
        }
    }
}

impl From<BadDocument> for Problem {
    fn from(error: BadDocument) -> Self {
        match error {
            BadDocument::Registration(error) => error.into(),
            error => Self::bad_request(error.to_string()),
        }
    }
}

impl From<AccountProblem> for Problem {
    fn from(error: AccountProblem) -> Self {
        use AccountProblem as E;
        match error {
            E::Unknown => Self::not_found("account"),
            E::Taken | E::DisabledAlready | E::Own => Self::new(StatusCode::CONFLICT, "conflict", error.to_string()),
            E::Elsewhere => Self::new(StatusCode::FORBIDDEN, "forbidden", error.to_string()),
            E::Address | E::Name => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_account", error.to_string()),
        }
    }
}

impl From<NotYours> for Problem {
    fn from(_: NotYours) -> Self {
        Self::not_found("authorization")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_to_come_back_is_told_when() {
        let unavailable = Problem::from(StoreError::Unavailable("test".into())).into_response();
        assert_eq!(unavailable.headers().get(RETRY_AFTER).map(HeaderValue::as_bytes), Some(&b"2"[..]));
        assert!(!Problem::nowhere().into_response().headers().contains_key(RETRY_AFTER));
    }

    #[test]
    fn an_app_that_describes_itself_is_not_taken_for_one_of_the_older_kind() {
        assert_eq!(Problem::from(RegistrationError::DescribesItself).code, "describes_itself");
        assert_eq!(Problem::from(RegistrationError::LegacyStaysAsItIs).code, "legacy_app");
    }
}
