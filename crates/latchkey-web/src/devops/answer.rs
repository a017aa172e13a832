//! What a handler answers with: JSON with the version it was made in, lists with the place where the next page begins, texts.

use axum::body::Body;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use latchkey_devops::wire::Collection;
use serde::Serialize;

use super::error::ApiError;
use super::table::Answer;
use super::visit::Visit;
use crate::reply;

/// Where the next page of a list begins.
pub(super) const CONTINUATION_TOKEN: HeaderName = HeaderName::from_static("x-ms-continuationtoken");

/// Content that somebody else wrote must not run in the name of this server.
const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

impl Visit {
    /// JSON.
    pub(super) fn json(&self, value: &impl Serialize) -> Answer {
        let body = serde_json::to_vec(value)
            .map_err(|error| ApiError::Bug(format!("an answer cannot be written: {error}")))?;
        Ok(self.written_json(body))
    }

    /// JSON that is written already.
    pub(super) fn written_json(&self, body: Vec<u8>) -> Response<Body> {
        let mut response = Response::new(Body::from(body));
        let content_type = format!("application/json; charset=utf-8; api-version={}", self.version);
        if let Ok(content_type) = HeaderValue::try_from(content_type) {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        response
    }

    /// A list.
    pub(super) fn list<T: Serialize>(&self, entries: impl IntoIterator<Item = T>) -> Answer {
        self.json(&entries.into_iter().collect::<Collection<T>>())
    }

    /// A page of a list. `next` is where the next one begins.
    pub(super) fn page<T: Serialize>(&self, entries: impl IntoIterator<Item = T>, next: Option<String>) -> Answer {
        let mut response = self.list(entries)?;
        if let Some(next) = next.and_then(|token| HeaderValue::from_str(&token).ok()) {
            response.headers_mut().insert(CONTINUATION_TOKEN, next);
        }
        Ok(response)
    }
}

/// A text that somebody else wrote.
pub(super) fn text(body: impl Into<Body>) -> Response<Body> {
    content("text/plain; charset=utf-8", body.into())
}

/// Bytes that somebody else wrote, to be kept as a file of this name.
pub(super) fn file(media_type: &'static str, name: &str, body: impl Into<Body>) -> Response<Body> {
    let mut response = content(media_type, body.into());
    attach(&mut response, name);
    response
}

/// Makes an answer something to keep as a file of this name.
pub(super) fn attach(response: &mut Response<Body>, name: &str) {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    reply::attachment(response, &plain);
}

/// Nothing to say but that it was done.
pub(super) fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn content(media_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, SANDBOX);
    response
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_DISPOSITION;

    use super::*;

    #[test]
    fn content_of_others_is_sandboxed_and_its_name_is_harmless() {
        let response = file("application/octet-stream", "a\"; x=\r\nb.html", "<script>");
        assert_eq!(response.headers()[CONTENT_DISPOSITION], "attachment; filename=\"a__ x___b.html\"");
        assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], SANDBOX);
    }
}
