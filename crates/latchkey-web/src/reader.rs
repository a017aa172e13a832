//! Who reads the answers at an address: what no handler says is told to each of them in their own way.

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::request::Parts;
use http::{Response, StatusCode, Uri};
use latchkey_store::StoreError;
use percent_encoding::percent_decode_str;

use crate::admin;
use crate::app::App;
use crate::devops;
use crate::identity::problem::OAuthProblem;
use crate::identity::problem_page;
use crate::reply;
use crate::visitor::Visitor;

/// Bytes of the path and query of a request.
pub(crate) const URL_BYTES: usize = 8_192;

/// Who reads what is answered at a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reader {
    /// Whoever runs the server, or their proxy.
    Operator,
    /// A client of the DevOps API, or git.
    DevOps,
    /// A program that administers a tenant.
    Administrator,
    /// A client of the identity platform.
    Client,
    /// Somebody in a browser.
    Person,
}

impl Reader {
    /// By the path alone, whether or not something is there.
    pub(crate) fn of(path: &str) -> Self {
        let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
        let has = |part: &str| path.contains(part);
        match path {
            "/healthz" => Self::Operator,
            _ if devops::dispatch::is_of_devops(path) => Self::DevOps,
            _ if path.starts_with("/_admin/") => Self::Administrator,
            _ if has("/oauth2/") && ends(&["/authorize", "/logout"]) => Self::Person,
            _ if has("/oauth2/") || has("/.well-known/") => Self::Client,
            _ if ends(&["/discovery/v2.0/keys", "/oidc/userinfo", "/discovery/instance"]) => Self::Client,
            _ => Self::Person,
        }
    }
}

/// The answer while the server cannot give one.
pub(crate) fn unavailable(app: &App, parts: &Parts, error: StoreError) -> Response<Body> {
    match Reader::of(parts.uri.path()) {
        Reader::Operator => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Reader::DevOps => devops::dispatch::unavailable(parts, &error),
        Reader::Administrator => admin::unavailable(error),
        Reader::Client => OAuthProblem::from(error).into_response(),
        Reader::Person => problem_page::unavailable(app, &Visitor::of(app, parts), &error),
    }
}

/// Why an address is not looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadAddress {
    /// Longer than any that we give out.
    TooLong,
    /// No name, id or text that we know has one, and not every database can hold it.
    NullCharacter,
    /// Browsers take it for a slash: a path that begins with both would lead to another host.
    Backslash,
    /// Nothing that we know is named by other bytes.
    NotUtf8,
}

impl BadAddress {
    /// What is wrong with an address, if something is.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let (url, path) = (uri.path_and_query().map_or("", |url| url.as_str()), uri.path());
        if url.len() > URL_BYTES {
            Some(Self::TooLong)
        } else if url.contains("%00") {
            Some(Self::NullCharacter)
        } else if path.contains('\\') {
            Some(Self::Backslash)
        } else if percent_decode_str(path).decode_utf8().is_err() {
            Some(Self::NotUtf8)
        } else {
            None
        }
    }

    /// The status that it is answered with.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::URI_TOO_LONG,
            Self::NullCharacter | Self::Backslash | Self::NotUtf8 => StatusCode::BAD_REQUEST,
        }
    }

    /// What is wrong with it.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::TooLong => "The address is longer than 8192 bytes.",
            Self::NullCharacter => "The address contains a null character.",
            Self::Backslash => "The path contains a backslash.",
            Self::NotUtf8 => "The path is not UTF-8.",
        }
    }

    /// The answer.
    pub(crate) fn answer(self, app: &App, parts: &Parts) -> Response<Body> {
        match Reader::of(parts.uri.path()) {
            Reader::Operator => reply::plain(self.status(), self.sentence()),
            Reader::DevOps => devops::dispatch::bad_address(parts, self),
            Reader::Administrator => admin::bad_address(self),
            Reader::Client => OAuthProblem::bad_address(self).into_response(),
            Reader::Person => problem_page::bad_address(app, &Visitor::of(app, parts), self),
        }
    }
}

/// The answer at an address of nothing.
pub(crate) fn nowhere(app: &App, parts: &Parts) -> Response<Body> {
    match Reader::of(parts.uri.path()) {
        Reader::Operator => reply::plain(StatusCode::NOT_FOUND, "There is nothing here."),
        Reader::Administrator => admin::nowhere(),
        Reader::Client => OAuthProblem::nowhere().into_response(),
        Reader::DevOps | Reader::Person => problem_page::nowhere(app, &Visitor::of(app, parts)),
    }
}

/// The answer to another method than an address has; `Allow` says which it has. [RFC 9110 §15.5.6]
pub(crate) fn wrong_method(app: &App, parts: &Parts) -> Response<Body> {
    let path = parts.uri.path();
    // The page of a project has any two names, and is for people. Of what programs ask, only these addresses have two.
    let of_two_names = path.matches('/').count() == 2;
    match Reader::of(path) {
        Reader::Operator => reply::plain(StatusCode::METHOD_NOT_ALLOWED, "It is asked by GET."),
        Reader::Administrator => admin::wrong_method(),
        Reader::Client if of_two_names && !["/oauth2/token", "/oidc/userinfo"].contains(&path) => nowhere(app, parts),
        Reader::Client => OAuthProblem::wrong_method().into_response(),
        // People come there, but nobody sends them by another method: this is an app that is being written.
        Reader::Person if path.contains("/oauth2/") => OAuthProblem::wrong_method().into_response(),
        Reader::DevOps | Reader::Person => problem_page::wrong_method(app, &Visitor::of(app, parts)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_who_reads_its_answers() {
        let all = [
            ("/healthz", Reader::Operator),
            ("/harbor/_apis/nothing", Reader::DevOps),
            ("/harbor/lighthouse/_git/lamp/info/refs", Reader::DevOps),
            ("/_admin/v1/apps", Reader::Administrator),
            ("/common/oauth2/v2.0/token", Reader::Client),
            ("/oauth2/token", Reader::Client),
            ("/oidc/userinfo", Reader::Client),
            ("/common/discovery/v2.0/keys", Reader::Client),
            ("/common/v2.0/.well-known/openid-configuration", Reader::Client),
            ("/.well-known/oauth-protected-resource/harbor", Reader::Client),
            ("/common/oauth2/v2.0/authorize", Reader::Person),
            ("/common/oauth2/v2.0/logout", Reader::Person),
            ("/apps/00000000-0000-0000-0000-000000000000/keys", Reader::Person),
            ("/signin", Reader::Person),
            ("/", Reader::Person),
        ];
        for (path, reader) in all {
            assert_eq!(Reader::of(path), reader, "{path}");
        }
    }

    #[test]
    fn what_no_address_of_ours_has_is_found() {
        let found = |url: &str| BadAddress::of(&url.parse().unwrap());
        assert_eq!(found("/signin?flow=x"), None);
        assert_eq!(found("/signin?flow=%00"), Some(BadAddress::NullCharacter));
        assert_eq!(found("/%00"), Some(BadAddress::NullCharacter));
        assert_eq!(found("/%ff/oauth2/v2.0/token"), Some(BadAddress::NotUtf8));
        assert_eq!(found("/%c3%a9?a=%ff"), None, "queries are read with what they have");
        assert_eq!(found(&format!("/{}", "a".repeat(URL_BYTES - 1))), None);
        assert_eq!(found(&format!("/{}", "a".repeat(URL_BYTES))), Some(BadAddress::TooLong));
    }
}
