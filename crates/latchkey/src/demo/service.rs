//! What the demo services have in common: a host of their own, a cookie, pages without script.

use std::time::SystemTime;

use axum::body::Body;
use http_body_util::{BodyExt as _, Limited};
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderValue, LOCATION,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Request, Response, StatusCode};
use latchkey_jose::{Timestamp, digest};
use latchkey_web::assets::{self, Asset};
use latchkey_web::pages::Page;

use super::visits;

/// Bytes of one form.
const FORM_BYTES: usize = 4_096;

/// Where a service is, and where Latchkey is.
pub(crate) struct Service {
    /// Its own `host:port`.
    pub(crate) authority: String,
    /// The origin of Latchkey, which is where its API is too.
    pub(crate) latchkey: String,
    /// The name of its cookie.
    pub(crate) cookie_name: &'static str,
    /// Its styles.
    pub(crate) styles: &'static Asset,
}

/// One browser at one moment.
pub(crate) struct Visitor {
    /// Its cookie.
    pub(crate) cookie: String,
    /// Whether it has to be told its cookie.
    pub(crate) is_new: bool,
    /// The moment.
    pub(crate) now: Timestamp,
}

impl Service {
    /// Whether a request is for it.
    pub(crate) fn is_meant(&self, request: &Request<Body>) -> bool {
        let named = request.uri().authority().map(|authority| authority.as_str());
        let host = || request.headers().get(HOST).and_then(|host| host.to_str().ok());
        named.or_else(host).is_some_and(|host| host.eq_ignore_ascii_case(&self.authority))
    }

    /// Who sent these headers.
    pub(crate) fn visitor(&self, headers: &HeaderMap) -> Visitor {
        let held = self.cookie(headers).map(str::to_owned);
        Visitor { is_new: held.is_none(), cookie: held.unwrap_or_else(visits::new_cookie), now: now() }
    }

    fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, value)| *name == self.cookie_name && value.len() == 43).map(|(_, value)| value)
    }

    /// A page.
    pub(crate) fn page(&self, visitor: &Visitor, page: &impl Page) -> Response<Body> {
        let mut response = Response::new(Body::from(page.html()));
        // The form that asks for a key leads on to Latchkey, and browsers hold the policy against that too.
        let policy = format!(
            "default-src 'none'; style-src 'self'; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
            self.latchkey
        );
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        self.finish(visitor, headers);
        response
    }

    /// Lets a form through that a page of ours made for this browser. `Err` is the answer instead: another form does nothing.
    pub(crate) async fn own_form(&self, visitor: &Visitor, form: Body) -> Result<(), Response<Body>> {
        let Ok(form) = Limited::new(form, FORM_BYTES).collect().await else {
            return Err(text(StatusCode::PAYLOAD_TOO_LARGE, "That form is too large.\n"));
        };
        let form = form.to_bytes();
        let given = url::form_urlencoded::parse(&form).find(|(name, _)| name == "csrf").map(|(_, value)| value);
        let expected = visits::csrf(&visitor.cookie);
        if given.is_some_and(|given| digest::constant_time_eq(given.as_bytes(), expected.as_bytes())) {
            Ok(())
        } else {
            Err(self.see_other(visitor, "/"))
        }
    }

    /// Elsewhere.
    pub(crate) fn see_other(&self, visitor: &Visitor, location: &str) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::from_str(location) {
            headers.insert(LOCATION, location);
        }
        self.finish(visitor, headers);
        response
    }

    fn finish(&self, visitor: &Visitor, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if visitor.is_new {
            let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Lax", self.cookie_name, visitor.cookie);
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                headers.insert(SET_COOKIE, cookie);
            }
        }
    }

    /// Its styles.
    pub(crate) fn styles(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.styles.bytes()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.styles.content_type()));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(assets::CACHE_CONTROL));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// A sentence and nothing else.
pub(crate) fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

/// The moment, by the clock of this machine.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
