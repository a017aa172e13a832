//! The few values of the configuration that the web layer needs, and the origins that it answers at.

use std::sync::Arc;

use crate::client_authorities::ClientAuthorities;

/// Values of the configuration that the web layer needs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The origins we answer at, each with its issuer; the first is the one that links in mails and on pages lead to.
    pub origins: Vec<Origin>,
    /// Whether a proxy that we trust stands in front, speaks TLS for us and says where requests come from.
    pub behind_proxy: bool,
    /// Who vouches for the names of clients' certificates.
    pub client_authorities: ClientAuthorities,
    /// How many password hashes are computed at once.
    pub hashing_permits: usize,
    /// How many more may wait.
    pub hashing_queue: usize,
    /// Whether this is the demo: the picker's hints and the guided pages.
    pub demo: bool,
}

impl Settings {
    /// The URLs of all our origins.
    pub fn origin_urls(&self) -> Vec<String> {
        self.origins.iter().map(|origin| origin.url.to_string()).collect()
    }
}

/// One origin: scheme, host and port, as browsers write it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// `https://id.example.com`, without a slash at the end.
    pub url: Arc<str>,
    /// The `host[:port]` of it, in lower case.
    pub authority: Arc<str>,
    /// Whether it is https.
    pub secure: bool,
    /// Where the same is answered to clients that show a certificate, if anywhere. [RFC 8705 §5]
    pub mutual_tls: Option<Alias>,
}

/// Another address of an origin, at a listener that asks for certificates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alias {
    /// `https://mtls.id.example.com`, without a slash at the end.
    pub url: Arc<str>,
    /// The `host[:port]` of it, in lower case.
    pub authority: Arc<str>,
    /// Whether a proxy asks there, and says what it was shown. [RFC 9440]
    pub by_proxy: bool,
}

impl Alias {
    /// There, where we ask for certificates.
    pub fn of_ours(there: Origin) -> Self {
        Self { url: there.url, authority: there.authority, by_proxy: false }
    }

    /// There, where a proxy in front asks for them.
    pub fn of_proxy(there: Origin) -> Self {
        Self { by_proxy: true, ..Self::of_ours(there) }
    }
}

impl Origin {
    /// The same origin, which is at `alias` for clients that show a certificate.
    #[must_use]
    pub fn with_mutual_tls(self, alias: Alias) -> Self {
        Self { mutual_tls: Some(alias), ..self }
    }

    /// Reads an origin; `None` if it is not `http(s)://host[:port]`.
    pub fn parse(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !plain || !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let origin = url.origin().ascii_serialization();
        let authority = origin.split_once("://")?.1.into();
        Some(Self { secure: url.scheme() == "https", url: origin.into(), authority, mutual_tls: None })
    }
}
