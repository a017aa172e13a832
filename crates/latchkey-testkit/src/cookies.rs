//! A cookie jar that keeps to the rules browsers keep to. [RFC 6265bis]

use http::header::{HeaderMap, SET_COOKIE};
use url::Url;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) value: String,
    host: String,
    secure: bool,
    strict: bool,
}

/// Where a request comes from, as far as cookies care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum From {
    /// Our own page, or the address bar.
    Here,
    /// A page of another site: only a navigation by GET brings cookies along, and no strict ones.
    Elsewhere,
}

#[derive(Clone, Default, Debug)]
pub(crate) struct Jar(Vec<Cookie>);

impl Jar {
    /// Takes in what an answer sets, and fails the test if no browser, or no careful person, would.
    pub(crate) fn take_in(&mut self, url: &Url, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().expect("a cookie is text");
            let mut parts = line.split(';').map(str::trim);
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie has a name");
            let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
            let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
            let secure = has("secure");
            assert!(line.len() <= 4_096, "a cookie of {} bytes", line.len());
            assert!(has("httponly"), "scripts could read {line}");
            assert!(has("path=/"), "{line}");
            assert!(has("samesite=lax") || has("samesite=strict"), "{line}");
            assert!(!attributes.iter().any(|attribute| attribute.starts_with("domain=")), "{line}");
            assert_eq!(secure, url.scheme() == "https", "{line} at {url}");
            assert_eq!(name.starts_with("__Host-"), secure, "{line} at {url}");
            let host = url.host_str().expect("a host").to_owned();
            self.0.retain(|cookie| !(cookie.name == name && cookie.host == host));
            if !has("max-age=0") {
                let (name, value) = (name.to_owned(), value.to_owned());
                self.0.push(Cookie { name, value, host, secure, strict: has("samesite=strict") });
            }
        }
    }

    /// The `Cookie` header for a request.
    pub(crate) fn header(&self, url: &Url, from: From, safe: bool) -> Option<String> {
        let travels = |cookie: &&Cookie| {
            Some(cookie.host.as_str()) == url.host_str()
                && (!cookie.secure || url.scheme() == "https")
                && (from == From::Here || (safe && !cookie.strict))
        };
        let pairs: Vec<String> =
            self.0.iter().filter(travels).map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub(crate) fn all(&self) -> &[Cookie] {
        &self.0
    }

    /// Puts a cookie there as somebody would who can plant one.
    pub(crate) fn plant(&mut self, url: &Url, name: &str, value: &str) {
        let host = url.host_str().expect("a host").to_owned();
        self.0.retain(|cookie| !(cookie.name == name && cookie.host == host));
        let secure = url.scheme() == "https";
        self.0.push(Cookie { name: name.to_owned(), value: value.to_owned(), host, secure, strict: false });
    }
}
