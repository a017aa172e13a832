//! Who asks: the moment, the origin, the address and the browser of one request. Read once, handed to everything inside.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::{HeaderMap, USER_AGENT};
use http::request::Parts;
use latchkey_identity::Timestamp;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::BrowserHash;
use latchkey_identity::token::confirmation::Thumbprint;
use rustls::pki_types::CertificateDer;

use crate::app::{App, random};
use crate::cookie::Cookie;
use crate::settings::Origin;

/// What the listener knows of a connection. It is put into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Where it comes from.
    pub address: IpAddr,
    /// Whether the listener speaks TLS.
    pub secure: bool,
}

/// Where a request comes from. One without a connection, which no listener makes, comes from nowhere.
pub fn address(parts: &Parts) -> IpAddr {
    parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.address)
}

/// The certificate that a client showed: to our listener, whose handshake its key signed, or to a proxy that tells of it
/// ([`crate::client_cert`]). It is put into the request's extensions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientCertificate {
    /// Its thumbprint.
    pub thumbprint: Thumbprint,
    /// Itself, and what was shown beside it of those who vouch for it. Nobody checked it.
    pub chain: Arc<[CertificateDer<'static>]>,
}

/// Bytes of a chain that are kept as long as its connection: a handful of certificates. Of a longer one nobody is asked to vouch.
const CHAIN_BYTES: usize = 16 * 1_024;

impl ClientCertificate {
    /// Of a certificate in DER.
    pub fn of(der: &[u8]) -> Self {
        Self::of_chain(vec![CertificateDer::from(der.to_vec())])
    }

    /// Of a certificate and those beside it.
    pub fn of_chain(mut chain: Vec<CertificateDer<'static>>) -> Self {
        let thumbprint = Thumbprint(latchkey_jose::digest::sha256(chain.first().map_or(&[][..], AsRef::as_ref)));
        if chain.iter().map(|one| one.len()).sum::<usize>() > CHAIN_BYTES {
            chain.clear();
        }
        Self { thumbprint, chain: chain.into() }
    }
}

/// The URL of the alias that a request came to, if it did not come to its origin itself.
#[derive(Clone, Debug)]
pub struct CameToAlias(pub Arc<str>);

/// One request's circumstances.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The moment.
    pub now: Timestamp,
    /// Where it came to.
    pub origin: Origin,
    /// Where it comes from.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub user_agent: String,
    /// What finds this request in the log.
    pub request_id: String,
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: String,
    /// The browser's cookie. One is made for a browser that has none; it is set with the answer.
    pub browser: BrowserCookie,
    /// Accounts that signed in from this device before.
    pub device: Option<String>,
}

/// The cookie that a browser is known by.
#[derive(Clone, Debug)]
pub struct BrowserCookie {
    value: String,
    is_new: bool,
    secure: bool,
}

impl BrowserCookie {
    /// What we keep of it.
    pub fn hash(&self) -> BrowserHash {
        BrowserHash(TokenHash::of(&self.value))
    }

    /// Another cookie for the same browser.
    pub fn renewed(&self) -> Self {
        Self { value: token(), is_new: true, secure: self.secure }
    }

    /// Sets it, if the browser does not hold it yet.
    pub fn set(&self, headers: &mut HeaderMap) {
        if self.is_new {
            BROWSER.set(headers, &self.value, self.secure);
        }
    }
}

const BROWSER: Cookie = Cookie { plain: "latchkey", host: "__Host-latchkey", max_age: None };

/// Which accounts signed in from a device: remembered for a year.
pub const DEVICE: Cookie =
    Cookie { plain: "latchkey-device", host: "__Host-latchkey-device", max_age: Some(365 * 86_400) };

/// 256 random bits in base64url.
pub fn token() -> String {
    latchkey_jose::base64url::encode(random::<32>())
}

impl Visitor {
    /// Reads what one request brings along.
    pub fn of(app: &App, parts: &Parts) -> Self {
        let origin = parts.extensions.get::<Origin>().cloned().or_else(|| app.settings.origins.first().cloned());
        let origin =
            origin.unwrap_or_else(|| Origin { url: "".into(), authority: "".into(), secure: true, mutual_tls: None });
        let held = BROWSER.read(&parts.headers, origin.secure).filter(|value| value.len() == 43);
        let browser = BrowserCookie {
            value: held.map_or_else(token, str::to_owned),
            // A form of another site comes without the cookie that the browser holds: that is no reason to replace it.
            is_new: held.is_none() && matches!(parts.method, http::Method::GET | http::Method::HEAD),
            secure: origin.secure,
        };
        let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            now: app.now(),
            address: address(parts),
            user_agent: user_agent.to_owned(),
            request_id: uuid::Builder::from_random_bytes(random()).into_uuid().to_string(),
            nonce: latchkey_jose::base64url::encode(random::<16>()),
            browser,
            device: DEVICE.read(&parts.headers, origin.secure).filter(|value| value.len() <= 600).map(str::to_owned),
            origin,
        }
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self::of(app, parts))
    }
}
