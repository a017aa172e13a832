//! The site: every request comes in here and every answer leaves here, whatever it is about.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::header::HOST;
use http::{Method, Request, Response, StatusCode};
use tower_service::Service as _;

use crate::app::App;
use crate::client_cert::{self, Unreadable};
use crate::cohort;
use crate::devops::dispatch::{self, Destination};
use crate::reader::{self, BadAddress};
use crate::reply;
use crate::routes;
use crate::settings::{Alias, Origin};
use crate::staleness;
use crate::visitor::{CameToAlias, Peer};

/// The whole site. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    app: App,
    router: Router,
    origins: Arc<[Origin]>,
}

impl Site {
    /// Puts the routes together.
    pub fn new(app: App) -> Self {
        let origins = app.settings.origins.clone().into();
        Self { router: routes::router(app.clone()), origins, app }
    }

    /// The app behind it.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Answers one request that came over a connection of `peer`.
    pub async fn answer(&mut self, request: Request<Body>, peer: Peer) -> Response<Body> {
        let origin = self.origin(&request, peer);
        let secure = origin.as_ref().is_some_and(|origin| origin.secure);
        let mut response = match origin {
            Some(origin) => self.answer_for(origin, request, peer).await,
            None => reply::plain(StatusCode::MISDIRECTED_REQUEST, "This server does not answer for that host."),
        };
        reply::finish(&mut response, secure);
        cohort::keep_step().await;
        response
    }

    async fn answer_for(&mut self, origin: Origin, request: Request<Body>, peer: Peer) -> Response<Body> {
        let bad = BadAddress::of(request.uri());
        let request = with_single_slashes(request);
        if let Some(bad) = bad {
            return bad.answer(&self.app, &arrived(request, origin, peer).into_parts().0);
        }
        if !staleness::is_harmless(request.uri().path())
            && let Err(error) = staleness::check(&self.app).await
        {
            return reader::unavailable(&self.app, &arrived(request, origin, peer).into_parts().0, error);
        }
        if let Some(document) = self.app.documents.find(&origin, &request, || self.app.now()) {
            return document;
        }
        let came_to = |alias: &Alias| names(&request).is_some_and(|named| alias.authority.eq_ignore_ascii_case(named));
        let alias = origin.mutual_tls.clone().filter(came_to);
        let mut request = arrived(request, origin, peer);
        if let Some(alias) = alias {
            request.extensions_mut().insert(CameToAlias(Arc::clone(&alias.url)));
            if alias.by_proxy {
                match client_cert::read(request.headers()) {
                    Ok(Some(shown)) => drop(request.extensions_mut().insert(shown)),
                    Ok(None) => {}
                    Err(Unreadable) => {
                        return reply::plain(StatusCode::BAD_REQUEST, "The Client-Cert header cannot be read.");
                    }
                }
            }
        }
        cohort::keep_step().await;
        // The DevOps side has a table of its own: most requests go there, and need no other. The answer to HEAD loses its body behind ours.
        let of_devops = request.method() != Method::HEAD;
        match of_devops.then(|| Destination::endpoint(request.uri().path())).flatten() {
            Some(destination) => dispatch::answer(&self.app, request, destination).await,
            None => match self.router.call(request).await {
                Ok(response) => response,
                Err(infallible) => match infallible {},
            },
        }
    }

    /// The configured origin that the request names. `Host` chooses among ours; it never makes one, and nothing else is believed.
    fn origin(&self, request: &Request<Body>, peer: Peer) -> Option<Origin> {
        let named = names(request)?;
        let fits = |origin: &&Origin| {
            let through_proxy = self.app.settings.behind_proxy && origin.secure;
            let alias = origin.mutual_tls.as_ref().is_some_and(|alias| {
                let asked = if alias.by_proxy { through_proxy } else { peer.secure };
                asked && alias.authority.eq_ignore_ascii_case(named)
            });
            let itself = origin.authority.eq_ignore_ascii_case(named);
            (itself && (origin.secure == peer.secure || through_proxy)) || alias
        };
        self.origins.iter().find(fits).cloned()
    }
}

/// A request with what is known of its arrival.
fn arrived(mut request: Request<Body>, origin: Origin, peer: Peer) -> Request<Body> {
    request.extensions_mut().insert(origin);
    request.extensions_mut().insert(peer);
    request
}

/// The host that a request names. What it names twice has to be the same: a proxy may have gone by the other one. [RFC 9112 §3.2]
fn names(request: &Request<Body>) -> Option<&str> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return None;
    }
    match (request.uri().authority(), host) {
        (Some(authority), None) => Some(authority.as_str()),
        (Some(authority), Some(host)) => {
            Some(authority.as_str()).filter(|named| host.as_bytes().eq_ignore_ascii_case(named.as_bytes()))
        }
        (None, host) => host?.to_str().ok(),
    }
}

/// The same request with each run of slashes in its path made one: some clients put a base URL and a path together carelessly.
fn with_single_slashes(request: Request<Body>) -> Request<Body> {
    if !request.uri().path().contains("//") {
        return request;
    }
    let (mut parts, body) = request.into_parts();
    let mut path = String::new();
    for character in parts.uri.path().chars() {
        if !(character == '/' && path.ends_with('/')) {
            path.push(character);
        }
    }
    if let Some(query) = parts.uri.query() {
        path = format!("{path}?{query}");
    }
    if let Ok(uri) = path.parse() {
        parts.uri = uri;
    }
    Request::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9112 §3.2: the target and the header may both name a host, and a proxy in front may have gone by either.
    #[test]
    fn a_request_names_one_host_however_often_it_does() {
        let named = |uri: &str, hosts: &[&str]| {
            let mut request = Request::builder().uri(uri);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            names(&request.body(Body::empty()).unwrap()).map(str::to_owned)
        };
        let id = Some("id.test".to_owned());
        assert_eq!(named("/path", &["id.test"]), id);
        assert_eq!(named("https://id.test/path", &[]), id);
        assert_eq!(named("https://id.test/path", &["ID.test"]), id);
        assert_eq!(named("https://mtls.id.test/path", &["id.test"]), None);
        assert_eq!(named("/path", &["id.test", "id.test"]), None);
        assert_eq!(named("/path", &[]), None);
    }
}
