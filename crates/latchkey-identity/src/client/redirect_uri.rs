//! Redirect URIs: where an answer may be sent, [RFC 6749 §3.1.2], [RFC 9700 §2.1], [RFC 8252 §7].

pub mod near_miss;

use std::fmt;

use crate::client::registration::ClientKind;
use crate::host_name::is_host_name;
use crate::limits;

/// A redirect URI that may be registered. Kept and compared byte for byte.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RedirectUri(String);

/// Why a redirect URI cannot be registered, in a sentence for the person who types it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RedirectUriError {
    /// Nothing, or more than 2,000 bytes.
    #[error("A redirect URI has between 1 and 2,000 characters.")]
    Length,
    /// A character that an address has only when it is percent-encoded.
    #[error("A redirect URI is plain ASCII without spaces or control characters: percent-encode anything else.")]
    Character,
    /// No scheme.
    #[error("A redirect URI starts with a scheme, such as https://.")]
    NoScheme,
    /// `http` beyond loopback.
    #[error("http is for localhost, 127.0.0.1 and [::1] only: use https.")]
    Insecure,
    /// A scheme that others may claim, or that browsers act upon.
    #[error(
        "A scheme of your own is lower case and contains a dot, such as com.example.app: it starts with a domain that you control."
    )]
    Scheme,
    /// A private-use scheme for an app that is not native.
    #[error("Only native apps receive answers at a scheme of their own.")]
    NotNative,
    /// No host, or one that cannot be compared.
    #[error("The host is missing, or is not a plain lower-case host name.")]
    Host,
    /// User name or password.
    #[error("A redirect URI carries no user name or password.")]
    UserInfo,
    /// `#...`
    #[error("A redirect URI has no fragment (the part after #).")]
    Fragment,
    /// `.` or `..`, `;`, `\`, or percent-encoded letters: forms that programs read differently.
    #[error(
        "The path is not in its plain form: no . or .. segments, no ; and no percent-encoded letters, digits, - . _ or ~."
    )]
    NotNormal,
    /// `*`
    #[error("Wildcards are not possible: register each redirect URI.")]
    Wildcard,
}

/// The hosts of RFC 8252 §7.3 and, since clients use it, `localhost`.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl RedirectUri {
    /// Checks a redirect URI that someone wants to register for an app of this kind.
    pub fn register(text: &str, kind: ClientKind) -> Result<Self, RedirectUriError> {
        let parts = Parts::split(text)?;
        match parts.scheme {
            "https" => {}
            "http" if parts.is_loopback() => {}
            "http" => return Err(RedirectUriError::Insecure),
            // A private-use scheme: reverse domain name, RFC 8252 §7.1.
            scheme if scheme.contains('.') => {
                if kind != ClientKind::Native {
                    return Err(RedirectUriError::NotNative);
                }
            }
            _ => return Err(RedirectUriError::Scheme),
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes a redirect URI from storage, where only registered ones are.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Whether an answer may go to `requested`: the same bytes, or, for a native app on loopback, the same but for the port.
    ///
    /// The port is not compared there because a native app listens on whatever port is free. [RFC 8252 §7.3]
    pub fn permits(&self, requested: &str, kind: ClientKind) -> bool {
        if self.0 == requested {
            return true;
        }
        if kind != ClientKind::Native {
            return false;
        }
        let (Ok(registered), Ok(asked)) = (Parts::split(&self.0), Parts::split(requested)) else { return false };
        // Clients of the Microsoft world send `http://localhost:53000` for a registered `http://localhost`, with or without the slash.
        let is_root = |parts: &Parts<'_>| matches!(parts.rest, "" | "/");
        registered.scheme == "http"
            && asked.scheme == "http"
            && registered.is_loopback()
            && registered.host == asked.host
            && (registered.rest == asked.rest || (is_root(&registered) && is_root(&asked)))
    }

    /// The URI as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where `uri` leads, for people: `contoso.example`, `localhost:5000`, `com.example.app:`.
pub fn destination(uri: &str) -> String {
    match Parts::split(uri) {
        Ok(parts) if parts.scheme.contains('.') => format!("{}:", parts.scheme),
        Ok(parts) => match parts.port {
            Some(port) => format!("{}:{port}", parts.host),
            None => parts.host.to_owned(),
        },
        Err(_) => String::new(),
    }
}

/// The same, for comparing what people are told: a native app listens on another port each time, and that is no other destination.
pub fn destination_without_port(uri: &str) -> String {
    match Parts::split(uri) {
        Ok(parts) if parts.is_loopback() => parts.host.to_owned(),
        _ => destination(uri),
    }
}

/// Whether `uri` leads to an app on the person's own machine, which anyone there can imitate.
pub fn is_native_destination(uri: &str) -> bool {
    Parts::split(uri).is_ok_and(|parts| parts.scheme.contains('.') || parts.is_loopback())
}

/// The `scheme://host[:port]` of `uri`; `None` for private-use schemes.
pub fn origin(uri: &str) -> Option<String> {
    let parts = Parts::split(uri).ok().filter(|parts| !parts.scheme.contains('.'))?;
    Some(match parts.port {
        Some(port) => format!("{}://{}:{port}", parts.scheme, parts.host),
        None => format!("{}://{}", parts.scheme, parts.host),
    })
}

/// A redirect URI taken apart. Made only of URIs that every program reads the same way.
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, RedirectUriError> {
        if text.is_empty() || text.len() > limits::REDIRECT_URI_BYTES {
            return Err(RedirectUriError::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['"', '<', '>', '^', '`', '{', '|', '}'])
        {
            return Err(RedirectUriError::Character);
        }
        if text.contains('*') {
            return Err(RedirectUriError::Wildcard);
        }
        if text.contains('#') {
            return Err(RedirectUriError::Fragment);
        }
        if text.contains('\\') {
            return Err(RedirectUriError::NotNormal);
        }
        let (scheme, after) = text.split_once(':').ok_or(RedirectUriError::NoScheme)?;
        let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+');
        if !scheme.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase()) || !scheme.bytes().all(lower) {
            return Err(RedirectUriError::Scheme);
        }
        if scheme.contains('.') {
            check_path(after)?;
            return Ok(Self { scheme, host: "", port: None, rest: after });
        }
        if !matches!(scheme, "http" | "https") {
            return Err(RedirectUriError::Scheme);
        }
        let after = after.strip_prefix("//").ok_or(RedirectUriError::Host)?;
        let end = after.find(['/', '?']).unwrap_or(after.len());
        let (authority, rest) = after.split_at_checked(end).ok_or(RedirectUriError::Host)?;
        if authority.contains('@') {
            return Err(RedirectUriError::UserInfo);
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let numeric = |port: &str| port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
        if port.is_some_and(|port| !numeric(port)) || !is_host(host) {
            return Err(RedirectUriError::Host);
        }
        check_path(rest)?;
        Ok(Self { scheme, host, port, rest })
    }

    fn is_loopback(&self) -> bool {
        LOOPBACK.contains(&self.host)
    }
}

fn is_host(host: &str) -> bool {
    host == "[::1]" || is_host_name(host)
}

fn check_path(rest: &str) -> Result<(), RedirectUriError> {
    let path = rest.split('?').next().unwrap_or_default();
    if path.contains(';') || path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(RedirectUriError::NotNormal);
    }
    let mut after = rest;
    while let Some((_, encoded)) = after.split_once('%') {
        let byte = encoded
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or(RedirectUriError::NotNormal)?;
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') || byte.is_ascii_control() {
            return Err(RedirectUriError::NotNormal);
        }
        after = encoded;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClientKind::{Native, Web};

    #[test]
    fn https_loopback_http_and_reverse_domain_schemes_can_be_registered() {
        for good in [
            "https://app.example/cb",
            "https://app.example:8443/cb?x=1&y=%20",
            "http://localhost/cb",
            "http://127.0.0.1:4289/callback",
            "http://[::1]:5/",
        ] {
            assert!(RedirectUri::register(good, Web).is_ok(), "{good}");
        }
        assert!(RedirectUri::register("com.example.app:/cb", Native).is_ok());
        assert!(RedirectUri::register("com.example.app://auth", Native).is_ok());
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        use RedirectUriError::*;
        for (bad, why) in [
            ("", Length),
            ("/cb", NoScheme),
            ("http://app.example/cb", Insecure),
            ("http://0.0.0.0/cb", Insecure),
            ("http://localhost.evil.example/", Insecure),
            ("http://[::ffff:127.0.0.1]/", Host),
            ("http://localhost./", Host),
            ("javascript:alert(1)", Scheme),
            ("data:text/html,x", Scheme),
            ("myapp:/cb", Scheme),
            ("Com.Example:/cb", Scheme),
            ("com.example.app:/cb", NotNative),
            ("https://user@app.example/", UserInfo),
            ("https://app.example/#x", Fragment),
            ("https://*.app.example/", Wildcard),
            ("https://app.example/a/../b", NotNormal),
            ("https://app.example/%61", NotNormal),
            ("https://app.example/%0d%0a", NotNormal),
            ("https://app.example/a;b", NotNormal),
            ("https://app.example\\@evil.example/", NotNormal),
            ("https://App.example/", Host),
            ("https:///cb", Host),
            ("https://app.example:0/", Host),
            ("https://app.example:080/", Host),
            ("https://app.example/ b", Character),
            ("https://äpp.example/", Character),
        ] {
            assert_eq!(RedirectUri::register(bad, Web), Err(why), "{bad}");
        }
    }

    #[test]
    fn comparison_is_exact_but_for_the_port_of_a_native_app_on_loopback() {
        let loopback = RedirectUri::register("http://localhost", Native).unwrap();
        for good in ["http://localhost", "http://localhost:53000", "http://localhost:53000/", "http://localhost/"] {
            assert!(loopback.permits(good, Native), "{good}");
        }
        for bad in [
            "https://localhost",
            "http://127.0.0.1",
            "http://localhost/x",
            "http://localhost:53000/?a=b",
            "http://localhost:53000//",
            "http://localhost:53000@evil.example/",
        ] {
            assert!(!loopback.permits(bad, Native), "{bad}");
        }
        assert!(!loopback.permits("http://localhost:53000", Web));
        let path = RedirectUri::register("http://127.0.0.1:1/cb", Native).unwrap();
        assert!(path.permits("http://127.0.0.1:2/cb", Native));
        assert!(!path.permits("http://127.0.0.1:2/cb/", Native));
    }

    #[test]
    fn any_single_changed_byte_is_another_uri() {
        let text = "https://app.example/cb?tenant=1";
        let uri = RedirectUri::register(text, Web).unwrap();
        for index in 0..text.len() {
            for byte in 0x20..0x7f {
                let mut changed = text.as_bytes().to_vec();
                changed[index] = byte;
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(uri.permits(&changed, Web), changed == text, "{changed}");
                assert_eq!(uri.permits(&changed, Native), changed == text, "{changed}");
            }
        }
    }
}
