//! Answers: pages with their headers, redirects, JSON.

use askama::Template;
use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    PRAGMA, REFERRER_POLICY, REFRESH, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::pages::Page;
use crate::visitor::Visitor;

/// Where forms of a page may lead. Browsers hold this against the redirects that follow, too.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FormTargets(Option<String>);

impl FormTargets {
    /// Our own pages only.
    pub fn own() -> Self {
        Self(None)
    }

    /// Our own pages, and after them the client's redirect URI, which was checked to be its own.
    pub fn and_client(redirect_uri: &str) -> Self {
        let origin = latchkey_identity::client::redirect_uri::origin(redirect_uri);
        let scheme = || redirect_uri.split_once(':').map(|(scheme, _)| format!("{scheme}:"));
        Self(origin.or_else(scheme))
    }
}

/// Seconds that frames have to load before their page goes on.
const FRAMES_HAVE: u32 = 2;

/// A page, with the headers that every page has.
pub fn page(status: StatusCode, visitor: &Visitor, page: &impl Template, targets: &FormTargets) -> Response<Body> {
    let mut response = Response::new(Body::from(page.html()));
    *response.status_mut() = status;
    content_security_policy(&mut response, visitor, targets, "");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
    headers.insert(HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY"));
    no_store(&mut response);
    visitor.browser.set(response.headers_mut());
    response
}

/// A page that loads pages of apps in frames, and goes on after them.
pub fn framing_page(
    visitor: &Visitor,
    html: &impl Template,
    targets: &FormTargets,
    frames: &[String],
    onward: Option<&str>,
) -> Response<Body> {
    let mut response = page(StatusCode::OK, visitor, html, targets);
    let origins = frames.iter().filter_map(|frame| latchkey_identity::client::redirect_uri::origin(frame));
    let origins: std::collections::BTreeSet<String> = origins.collect();
    let sources: String = origins.iter().map(|origin| format!(" {origin}")).collect();
    content_security_policy(&mut response, visitor, targets, &format!(" frame-src{sources};"));
    if let Some(Ok(refresh)) = onward.map(|onward| HeaderValue::from_str(&format!("{FRAMES_HAVE};url={onward}"))) {
        response.headers_mut().insert(REFRESH, refresh);
    }
    response
}

/// A page that goes on at once.
pub fn onward_page(visitor: &Visitor, html: &impl Template, onward: &str) -> Response<Body> {
    let mut response = page(StatusCode::OK, visitor, html, &FormTargets::own());
    // What cannot be a header is still a link on the page.
    if let Ok(refresh) = HeaderValue::from_str(&format!("0;url={onward}")) {
        response.headers_mut().insert(REFRESH, refresh);
    }
    response
}

fn content_security_policy(response: &mut Response<Body>, visitor: &Visitor, targets: &FormTargets, more: &str) {
    let client = targets.0.as_deref().map(|target| format!(" {target}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self' 'nonce-{}'; img-src 'self'; connect-src 'self';{more} form-action 'self'{client}; \
         base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
        visitor.nonce
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// Sends the browser on, by GET. [RFC 9700 §4.12]: never 307 or 308, which would carry the form along.
pub fn see_other(visitor: &Visitor, location: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    match HeaderValue::from_str(location) {
        Ok(location) => drop(response.headers_mut().insert(LOCATION, location)),
        // Locations are made of our own paths and of redirect URIs that were checked; both are plain ASCII.
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    no_store(&mut response);
    visitor.browser.set(response.headers_mut());
    response
}

/// A sentence, where nobody is known who reads anything else.
pub fn plain(status: StatusCode, sentence: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{sentence}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// JSON.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let (status, body) = match serde_json::to_vec(value) {
        Ok(body) => (status, body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            (StatusCode::INTERNAL_SERVER_ERROR, Vec::new())
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Makes an answer something that a browser keeps as a file of this name.
pub fn attachment(response: &mut Response<Body>, name: &str) {
    // A name that cannot stand in a header is left to the browser to find.
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
}

/// An answer that is a signed token.
pub fn jwt(media_type: &'static str, token: String) -> Response<Body> {
    let mut response = Response::new(Body::from(token));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// What every answer says, whoever made it. What it says itself already, it keeps saying.
pub fn finish(response: &mut Response<Body>, secure: bool) {
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    if secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    // Where somebody is sent, and what went wrong for them, is nobody else's and not for later.
    let leads_on = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
    if leads_on || status.is_client_error() || status.is_server_error() {
        headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

/// Keeps an answer out of every cache.
pub fn no_store(response: &mut Response<Body>) {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(status: StatusCode, cache_control: Option<&'static str>) -> Vec<Option<String>> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        if let Some(value) = cache_control {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(value));
        }
        finish(&mut response, false);
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.headers()["cross-origin-resource-policy"], "same-origin");
        assert!(!response.headers().contains_key(STRICT_TRANSPORT_SECURITY));
        let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        vec![text(CACHE_CONTROL), text(REFERRER_POLICY)]
    }

    #[test]
    fn redirects_and_errors_stay_out_of_caches_and_tell_nobody_where_they_were() {
        let own = [Some("no-store".to_owned()), Some("no-referrer".to_owned())];
        for status in [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND, StatusCode::SERVICE_UNAVAILABLE] {
            assert_eq!(finished(status, None), own, "{status}");
        }
        let cached = Some("public, max-age=60");
        assert_eq!(finished(StatusCode::NOT_MODIFIED, cached), [cached.map(str::to_owned), None]);
        assert_eq!(finished(StatusCode::NOT_MODIFIED, None), [None, None]);
        assert_eq!(finished(StatusCode::OK, cached), [cached.map(str::to_owned), None]);
        assert_eq!(finished(StatusCode::BAD_REQUEST, Some("no-cache"))[0].as_deref(), Some("no-cache"));
    }
}
