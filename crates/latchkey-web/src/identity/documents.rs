//! Metadata and JWKS: bytes made once and kept, with an ETag.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use http::{Method, Request, Response, StatusCode};
use latchkey_identity::discovery;
use latchkey_identity::tenant::{Audience, TenantSegment};
use latchkey_identity::token::issuer;
use quick_cache::sync::Cache;
use serde::Serialize;

use crate::app::{App, Origin};
use crate::identity::problem::OAuthProblem;
use crate::identity::tenants;
use crate::signer::Signer;
use crate::visitor::Visitor;

/// Documents kept at once: a few for each tenant that somebody asks for.
const CAPACITY: usize = 4_096;
/// Clients look again after five minutes, and at once when they meet an unknown key.
const CACHE: &str = "public, max-age=300";

/// The documents made so far, by URL.
pub struct Documents {
    made: Cache<String, Document>,
    jwks: Document,
}

#[derive(Clone)]
struct Document {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Document {
    fn new(value: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(value).unwrap_or_default();
        let hash = latchkey_jose::base64url::encode(latchkey_jose::digest::sha256(&bytes));
        let etag = HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"-\""));
        Self { bytes: bytes.into(), etag }
    }

    fn respond(&self, request: &http::HeaderMap) -> Response<Body> {
        let known = request.get(IF_NONE_MATCH).is_some_and(|tag| tag == self.etag);
        let mut response = Response::new(if known { Body::empty() } else { Body::from(self.bytes.clone()) });
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHE));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ETAG, self.etag.clone());
        response
    }
}

impl Documents {
    /// The JWKS is made now, metadata when somebody asks for a tenant's.
    pub fn new(signer: &Signer) -> Self {
        Self { made: Cache::new(CAPACITY), jwks: Document::new(signer.published()) }
    }

    /// The answer to a GET of a document that was made before.
    pub fn find(&self, origin: &Origin, request: &Request<Body>) -> Option<Response<Body>> {
        let path = request.uri().path();
        let likely = path.contains("/.well-known/") || path.ends_with("/discovery/v2.0/keys");
        if !likely || request.method() != Method::GET {
            return None;
        }
        self.made.get(&key(origin, path)).map(|document| document.respond(request.headers()))
    }

    fn keep(&self, origin: &Origin, path: &str, document: Document) {
        self.made.insert(key(origin, path), document);
    }
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
        Err(problem) => return problem.into_response(),
    };
    let Origin { url, .. } = &visitor.origin;
    // A templated issuer is what clients of the Microsoft world expect where no one tenant is named.
    let (segment, issuer) = match &audience {
        Audience::Tenant(tenant) => (tenant.id.to_string(), issuer(url, tenant.id)),
        Audience::Anyone => ("common".to_owned(), format!("{url}/{{tenantid}}/v2.0")),
        Audience::WorkAccounts => ("organizations".to_owned(), format!("{url}/{{tenantid}}/v2.0")),
    };
    let document = Document::new(&discovery::metadata(url, &segment, issuer, &app.resource));
    app.documents.keep(&visitor.origin, request.uri().path(), document.clone());
    document.respond(request.headers())
}

/// `GET /{t}/discovery/v2.0/keys`. [RFC 7517 §5]
pub async fn keys(
    State(app): State<App>,
    visitor: Visitor,
    Path(segment): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    if TenantSegment::parse(&segment).is_none() {
        return OAuthProblem::unknown_tenant().into_response();
    }
    if let Err(problem) = tenants::audience(&app, &segment).await {
        return problem.into_response();
    }
    let document = app.documents.jwks.clone();
    app.documents.keep(&visitor.origin, request.uri().path(), document.clone());
    document.respond(request.headers())
}
