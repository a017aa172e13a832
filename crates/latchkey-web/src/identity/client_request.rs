//! What the endpoints that clients use in the background share: one form, and one client that authenticates.

use std::sync::Arc;

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue,
    ORIGIN, VARY,
};
use latchkey_identity::client::redirect_uri::origin;
use latchkey_identity::client::{Client, ClientId, ClientKind, Profile};
use latchkey_identity::client_auth::{AuthenticatedClient, Presented, authenticate};
use latchkey_identity::parameters::Parameters;
use latchkey_identity::{OAuthError, Timestamp};

use crate::app::App;
use crate::extract::form;
use crate::identity::problem::OAuthProblem;

const CORRELATION: HeaderName = HeaderName::from_static("client-request-id");

/// The form of a client, and which client it says to come from.
pub(super) struct ClientRequest {
    /// The form. Nothing stands in it twice.
    pub(super) form: Parameters,
    /// The client it names, if there is such a client. It has proved nothing yet.
    pub(super) client: Option<Arc<Client>>,
    presented: Presented,
}

impl ClientRequest {
    /// Reads the form and finds the client.
    pub(super) async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Self, OAuthProblem> {
        let pairs = form(headers, body).await.map_err(|error| OAuthError::invalid_request(error.to_string()))?;
        let form = Parameters::from_pairs(pairs.into_vec())?;
        form.once()?;
        let authorization = match headers.get(AUTHORIZATION) {
            None => None,
            Some(value) => {
                Some(value.to_str().map_err(|_| OAuthError::invalid_client("the Authorization header is not text"))?)
            }
        };
        let presented = Presented::read(authorization, &form)?;
        let client = match ClientId::parse(&presented.client_id) {
            Some(id) => app.store.client(id).await?,
            None => None,
        };
        Ok(Self { form, client, presented })
    }

    /// Proof that it comes from this client.
    pub(super) fn authenticate(&self, app: &App, now: Timestamp) -> Result<AuthenticatedClient<'_>, OAuthError> {
        authenticate(&self.presented, self.client.as_deref(), &app.keys.client_secret, now)
    }
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
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("client-request-id, x-ms-request-id"));
    }
}
