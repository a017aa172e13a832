//! What the endpoints that clients use in the background share: one form, and one client that authenticates.

use std::sync::Arc;

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue,
    ORIGIN, VARY,
};
use http::request::Parts;
use latchkey_identity::client::metadata_document::Purpose;
use latchkey_identity::client::redirect_uri::origin;
use latchkey_identity::client::registration::SenderConstraint;
use latchkey_identity::client::{Client, ClientIdentifier, ClientKind, Profile};
use latchkey_identity::client_auth::{
    AuthenticatedClient, CalledAt, Facts, Presentable, Presented, ShownCertificate, authenticate,
};
use latchkey_identity::dpop::ProvenKey;
use latchkey_identity::parameters::Parameters;
use latchkey_identity::tenant::Audience;
use latchkey_identity::token::confirmation::Thumbprint;
use latchkey_identity::token::issuer;
use latchkey_identity::{OAuthError, Timestamp};

use crate::app::App;
use crate::extract::client_form;
use crate::identity::client_documents::Arrival;
use crate::identity::problem::OAuthProblem;
use crate::identity::tenants;
use crate::settings::Origin;
use crate::visitor::{self, ClientCertificate};

const CORRELATION: HeaderName = HeaderName::from_static("client-request-id");

/// The form of a client, and which client it says to come from.
pub(super) struct ClientRequest {
    /// The form. Nothing stands in it twice.
    pub(super) form: Parameters,
    /// The client it names, if there is such a client. It has proved nothing yet.
    pub(super) client: Option<Arc<Client>>,
    /// Whose accounts may answer at the tenant segment that was called.
    pub(super) audience: Audience,
    presented: Presented,
    certificate: Option<Thumbprint>,
    origin: Arc<str>,
    path: String,
}

/// The `Authorization` header. Of two nobody knows which one counts. [RFC 9110 §11.6.2]
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(OAuthError::invalid_request("the Authorization header stands more than once")),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(OAuthError::invalid_client("the Authorization header is not text")),
        },
    }
}

impl ClientRequest {
    /// Reads the form and finds the tenant and the client.
    pub(super) async fn read(app: &App, parts: &Parts, segment: &str, body: Body) -> Result<Self, OAuthProblem> {
        Self::read_for(Purpose::Token, app, parts, segment, body).await
    }

    /// The same, at an endpoint where clients come in that nobody knows yet.
    pub(super) async fn read_first(app: &App, parts: &Parts, segment: &str, body: Body) -> Result<Self, OAuthProblem> {
        Self::read_for(Purpose::Request, app, parts, segment, body).await
    }

    async fn read_for(
        purpose: Purpose,
        app: &App,
        parts: &Parts,
        segment: &str,
        body: Body,
    ) -> Result<Self, OAuthProblem> {
        let audience = tenants::audience(app, segment).await?;
        let headers = &parts.headers;
        let form = client_form(headers, body).await?;
        form.once()?;
        let authorization = authorization(headers)?;
        let presented = Presented::read(authorization, &form)?;
        let client = match ClientIdentifier::parse(&presented.client_id) {
            None => None,
            Some(identifier) => {
                let kid = match &presented.proof {
                    Presentable::Assertion(assertion) => assertion.kid(),
                    _ => None,
                };
                let address = visitor::address(parts);
                let arrival = Arrival { audience: &audience, purpose, kid, address, now: app.now() };
                app.welcome(&identifier, arrival).await?;
                app.client_called(&audience, &identifier).await?
            }
        };
        let origin = parts.extensions.get::<Origin>().map(|origin| Arc::clone(&origin.url)).unwrap_or_default();
        let certificate = parts.extensions.get::<ClientCertificate>();
        // A public client may show one too, which proves nothing but that it holds its key.
        let presented = match client.as_deref().filter(|client| client.kind.is_confidential()) {
            Some(client) => presented.or_certificate(certificate.map(|shown| known(app, shown, client)), client),
            None => presented,
        };
        let certificate = certificate.map(|shown| shown.thumbprint);
        Ok(Self { form, client, audience, presented, certificate, origin, path: parts.uri.path().to_owned() })
    }

    /// The issuer that answers: of the tenant that was asked, else of the client's own.
    pub(super) fn issuer(&self, client: &Client) -> String {
        let tenant = match &self.audience {
            Audience::Tenant(tenant) => tenant.id,
            Audience::Anyone | Audience::WorkAccounts => client.tenant,
        };
        issuer(&self.origin, tenant)
    }

    /// Proof that it comes from this client. An assertion that counts once is spent by it, in a commit of its own.
    pub(super) async fn authenticate(
        &self,
        app: &App,
        now: Timestamp,
    ) -> Result<AuthenticatedClient<'_>, OAuthProblem> {
        let called = CalledAt { origin: &self.origin, path: &self.path, audience: &self.audience };
        let published = match (&self.client, &self.presented.proof) {
            (Some(client), Presentable::Assertion(assertion)) if client.jwks_uri().is_some() => {
                app.published_keys(client, assertion.kid(), now).await
            }
            _ => Vec::new(),
        };
        let of_issuer = match (&self.client, &self.presented.proof) {
            (Some(client), Presentable::Assertion(assertion)) => assertion.of_issuer(client),
            _ => None,
        };
        let issuers = match of_issuer {
            Some((issuer, kid)) => app.issuer_keys(issuer, kid, now).await,
            None => Vec::new(),
        };
        let facts = Facts { key: &app.keys.client_secret, called, published: &published, issuers: &issuers };
        let proved = authenticate(&self.presented, self.client.as_deref(), facts, now)?;
        let first = match proved.spends() {
            Some(spent) => app.store.spend(spent).await?,
            None => None,
        };
        Ok(proved.with(first)?)
    }

    /// The same, of a client that may also show a key, which everything that it gets is bound to. [RFC 9449 §5], [RFC 8705 §3]
    pub(super) async fn authenticate_with_key(
        &self,
        app: &App,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<AuthenticatedClient<'_>, OAuthProblem> {
        // A proof that does not fit spends nothing, neither itself nor an assertion.
        let proof = app.proofs.fitting(parts, None, self.client.as_deref(), now).map_err(OAuthError::from)?;
        let client = self.authenticate(app, now).await?;
        let key = match proof {
            Some(proof) if client.credential().is_some() => {
                Some(app.proofs.used_everywhere(&app.store, proof, now).await?)
            }
            // Anybody may send what a public client sends, as often as they like: it must not cost a commit.
            Some(proof) => Some(app.proofs.used(proof, now).map_err(OAuthError::from)?),
            None => None,
        };
        let by_certificate = client.client().sender_constraint() == Some(SenderConstraint::Certificate);
        let certificate = self.certificate.filter(|_| by_certificate).map(ProvenKey::of_certificate);
        Ok(client.holding(certificate.or(key)))
    }
}

/// A certificate with what is known of it. Nobody is asked to vouch for one that is not known by its name.
fn known(app: &App, shown: &ClientCertificate, client: &Client) -> ShownCertificate {
    let named = client.metadata.certificate_name().is_some();
    let vouched = named.then(|| app.settings.client_authorities.vouch_for(shown, app.now())).flatten();
    ShownCertificate { thumbprint: shown.thumbprint, vouched }
}

/// Finishes an answer for a client: errors in the words of its world, its own id for the request, and leave for the page of a
/// single-page app to read it.
pub(super) fn answer_client(
    headers: &HeaderMap,
    client: Option<&Client>,
    answered: Result<Response<Body>, OAuthProblem>,
    now: Timestamp,
) -> Response<Body> {
    let correlation = headers.get(&CORRELATION).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut response = answered.unwrap_or_else(|problem| {
        let problem = match client {
            Some(Client { profile: Profile::Microsoft, .. }) => problem.for_microsoft(now, correlation.clone()),
            _ => problem,
        };
        problem.after_basic(headers.contains_key(AUTHORIZATION)).into_response()
    });
    let answer = response.headers_mut();
    allow_origin(answer, client, headers.get(ORIGIN));
    if let Some(id) = correlation.and_then(|id| HeaderValue::from_str(&id).ok()) {
        answer.insert(CORRELATION, id);
    }
    response
}

/// Whether a page's origin is that of a redirect URI of the client.
pub(super) fn is_registered(client: &Client, from: &HeaderValue) -> bool {
    client
        .redirect_uris
        .iter()
        .filter_map(|uri| origin(uri.as_str()))
        .any(|registered| registered.as_bytes() == from.as_bytes())
}

/// Lets the page of a single-page app read the answer. No credentials go along: the cookie is not this endpoint's.
fn allow_origin(headers: &mut HeaderMap, client: Option<&Client>, from: Option<&HeaderValue>) {
    let page = client.filter(|client| client.kind == ClientKind::SinglePage);
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let (Some(client), Some(from)) = (page, from)
        && is_registered(client, from)
    {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, from.clone());
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("client-request-id, x-ms-request-id, DPoP-Nonce"),
        );
    }
}
