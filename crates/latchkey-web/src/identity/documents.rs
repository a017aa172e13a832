//! Metadata and JWKS: bytes made once and kept, with an ETag.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{LazyLock, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
};
use http::{Method, Request, Response, StatusCode};
use latchkey_identity::Timestamp;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_identity::discovery::{self, MutualTls, Switches};
use latchkey_identity::limits::KEY_SET_MAX_AGE;
use latchkey_identity::tenant::{Audience, TenantId};
use latchkey_identity::token::issuer;
use latchkey_store::StoreError;
use quick_cache::sync::Cache;
use serde::Serialize;

use crate::app::App;
use crate::identity::problem::OAuthProblem;
use crate::identity::tenants;
use crate::settings::Origin;
use crate::signer::Signer;
use crate::visitor::Visitor;

/// Documents kept at once: a few for each tenant that somebody asks for.
const CAPACITY: usize = 4_096;

/// A document is made anew after this long: what a tenant decides at another node is in it by then.
const FRESH_FOR: Duration = Duration::from_secs(60);

/// The documents made so far, by URL.
pub struct Documents {
    made: Cache<String, Document>,
    jwks: RwLock<Document>,
    /// How often the keys changed. What was made before the last time is not there any more.
    age: AtomicU64,
}

#[derive(Clone)]
struct Document {
    bytes: Bytes,
    etag: HeaderValue,
    age: u64,
    made_at: Timestamp,
}

impl Document {
    fn new(value: &impl Serialize, age: u64, made_at: Timestamp) -> Self {
        let bytes = serde_json::to_vec(value).unwrap_or_default();
        let hash = latchkey_jose::base64url::encode(latchkey_jose::digest::sha256(&bytes));
        let etag = HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"-\""));
        Self { bytes: bytes.into(), etag, age, made_at }
    }

    fn respond(&self, request: &HeaderMap) -> Response<Body> {
        let known = names(request, &self.etag);
        let mut response = Response::new(if known { Body::empty() } else { Body::from(self.bytes.clone()) });
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, cache_control());
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ETAG, self.etag.clone());
        response
    }
}

impl Documents {
    /// The JWKS is made now, metadata when somebody asks for a tenant's.
    pub fn new(signer: &Signer) -> Self {
        let jwks = RwLock::new(Document::new(signer.ring().published(), 0, Timestamp::default()));
        Self { made: Cache::new(CAPACITY), jwks, age: AtomicU64::new(0) }
    }

    /// The keys changed: what was made of the old ones goes.
    pub fn renew(&self, signer: &Signer) {
        let mut jwks = self.jwks.write().unwrap_or_else(PoisonError::into_inner);
        let age = self.age.fetch_add(1, SeqCst).wrapping_add(1);
        *jwks = Document::new(signer.ring().published(), age, Timestamp::default());
        self.made.clear();
    }

    fn jwks(&self, now: Timestamp) -> Document {
        let jwks = self.jwks.read().unwrap_or_else(PoisonError::into_inner);
        Document { made_at: now, ..jwks.clone() }
    }

    /// The answer to a GET of a document that was made before, if `clock` says that it was not long ago.
    pub fn find(
        &self,
        origin: &Origin,
        request: &Request<Body>,
        clock: impl FnOnce() -> Timestamp,
    ) -> Option<Response<Body>> {
        let path = request.uri().path();
        let likely = path.contains("/.well-known/") || path.ends_with("/discovery/v2.0/keys");
        if !likely || request.method() != Method::GET {
            return None;
        }
        let document = self.made.get(&key(origin, path))?;
        let holds = document.age == self.age.load(SeqCst) && clock() < document.made_at + FRESH_FOR;
        holds.then(|| document.respond(request.headers()))
    }

    fn keep(&self, origin: &Origin, path: &str, document: Document) {
        self.made.insert(key(origin, path), document);
    }
}

/// Whether a client has what goes by this tag. A cache in between may have made it a weak one. [RFC 9110 §13.1.2]
fn names(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let tags = request.get_all(IF_NONE_MATCH).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    tags.map(<[u8]>::trim_ascii).any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes())
}

/// Clients look again after a while, and at once when they meet an unknown key.
fn cache_control() -> HeaderValue {
    static TEXT: LazyLock<HeaderValue> = LazyLock::new(|| {
        HeaderValue::from_str(&format!("public, max-age={}", KEY_SET_MAX_AGE.as_secs()))
            .unwrap_or(HeaderValue::from_static("no-cache"))
    });
    TEXT.clone()
}

fn key(origin: &Origin, path: &str) -> String {
    format!("{}{path}", origin.url)
}

/// `GET /{t}/v2.0/.well-known/openid-configuration`, the same without `/v2.0`, and
/// `GET /.well-known/oauth-authorization-server/{t}/v2.0`. [OpenID Connect Discovery §4], [RFC 8414 §3]
pub async fn metadata(
    State(app): State<App>,
    visitor: Visitor,
    Path(segment): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let audience = match tenants::audience(&app, &segment).await {
        Ok(audience) => audience,
        Err(why) => return OAuthProblem::from(why).into_response(),
    };
    let Origin { url, mutual_tls, .. } = &visitor.origin;
    // A templated issuer is what clients of the Microsoft world expect where no one tenant is named.
    let (segment, issuer) = match &audience {
        Audience::Tenant(tenant) => (tenant.id.to_string(), issuer(url, tenant.id)),
        Audience::Anyone => ("common".to_owned(), format!("{url}/{{tenantid}}/v2.0")),
        Audience::WorkAccounts => ("organizations".to_owned(), format!("{url}/{{tenantid}}/v2.0")),
    };
    let age = app.documents.age.load(SeqCst);
    let switches = match &audience {
        Audience::Tenant(tenant) => match switches(&app, tenant.id).await {
            Ok(switches) => switches,
            Err(error) => return OAuthProblem::from(error).into_response(),
        },
        Audience::Anyone | Audience::WorkAccounts => Switches::default(),
    };
    let certified = app.settings.client_authorities.are_there();
    let mutual_tls = mutual_tls.as_ref().map(|alias| MutualTls { origin: &alias.url, certified });
    let metadata = discovery::metadata(url, &segment, issuer, &app.resource, switches, mutual_tls);
    let document = Document::new(&metadata, age, visitor.now);
    app.documents.keep(&visitor.origin, request.uri().path(), document.clone());
    document.respond(request.headers())
}

/// What a tenant decided of its apps.
async fn switches(app: &App, tenant: TenantId) -> Result<Switches, StoreError> {
    Ok(Switches {
        register_themselves: app.store.registration_gate(tenant).await? != RegistrationGate::Off,
        implicit: app.store.allows_implicit(tenant).await?,
        describe_themselves: app.store.document_gate(tenant).await?,
    })
}

/// `GET /{t}/discovery/v2.0/keys`. [RFC 7517 §5]
pub async fn keys(
    State(app): State<App>,
    visitor: Visitor,
    Path(segment): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    if let Err(why) = tenants::audience(&app, &segment).await {
        return OAuthProblem::from(why).into_response();
    }
    let document = app.documents.jwks(visitor.now);
    app.documents.keep(&visitor.origin, request.uri().path(), document.clone());
    document.respond(request.headers())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_has_is_known_by_its_tag_however_it_comes_back() {
        let etag = HeaderValue::from_static("\"one\"");
        let known = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(IF_NONE_MATCH, HeaderValue::from_static(line));
            }
            names(&headers, &etag)
        };
        for lines in [&["\"one\""][..], &["W/\"one\""], &["\"two\", \"one\""], &["\"two\"", "W/\"one\""], &["*"]] {
            assert!(known(lines), "{lines:?}");
        }
        for lines in [&[][..], &["\"two\""], &["one"], &["w/\"one\""]] {
            assert!(!known(lines), "{lines:?}");
        }
    }
}
