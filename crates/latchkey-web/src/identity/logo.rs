//! `/assets/logos/{client_id}`: the logo of an app, fetched from where it says and given out from here.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use latchkey_identity::Timestamp;
use latchkey_identity::client::logo::{ImageType, LOGO_BYTES, Logo};
use latchkey_identity::client::{Client, ClientId};
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use crate::app::App;
use crate::visitor::Visitor;

/// Logos kept at once, of 64 KiB at most each. One that is seen again comes back by one request.
const CAPACITY: usize = 256;

/// The logos that are known, by client. One request at a time asks for one; others wait for its answer.
pub struct Logos(Cache<ClientId, Arc<Mutex<Logo>>>);

impl Default for Logos {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

/// Where a page finds the logo. Another version of the app may have another.
pub fn address(client: &Client) -> Option<String> {
    client.logo_uri().map(|_| format!("/assets/logos/{}?{}", client.id, client.version))
}

/// `GET /assets/logos/{client_id}`.
pub async fn get(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Response<Body> {
    let client = match ClientId::parse(&id) {
        Some(id) => app.store.client(id).await,
        None => Ok(None),
    };
    match client {
        Ok(Some(client)) => app.logo(&client, visitor.address, visitor.now).await,
        Ok(None) => status(StatusCode::NOT_FOUND),
        Err(_) => status(StatusCode::SERVICE_UNAVAILABLE),
    }
}

impl App {
    /// Whatever goes wrong, there is no logo.
    async fn logo(&self, client: &Client, asked_from: IpAddr, now: Timestamp) -> Response<Body> {
        let Some(uri) = client.logo_uri() else { return status(StatusCode::NOT_FOUND) };
        let fresh = || Ok::<_, std::convert::Infallible>(Arc::new(Mutex::new(Logo::at(uri))));
        let Ok(known) = self.logos.0.get_or_insert_with(&client.id, fresh);
        let mut known = known.lock().await;
        if known.uri() != uri {
            *known = Logo::at(uri);
        }
        if known.is_due(now) {
            if self.begin_fetch(asked_from, now).is_err() {
                return status(StatusCode::NOT_FOUND);
            }
            let image = self.outbound.document(uri, "image/png, image/jpeg, image/webp, image/gif", LOGO_BYTES).await;
            known.took(image.as_deref(), now);
        }
        known.image().map_or_else(|| status(StatusCode::NOT_FOUND), |(kind, image)| shown(kind, image))
    }
}

/// An image, and nothing else whatever is in it: the type is ours, and a page that opens it by itself runs nothing.
fn shown(kind: ImageType, image: &[u8]) -> Response<Body> {
    let mut response = Response::new(Body::from(image.to_vec()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind.media_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    response
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
