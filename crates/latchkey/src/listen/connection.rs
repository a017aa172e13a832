//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use futures_util::FutureExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, EXPECT, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use latchkey_web::{ClientCertificate, Peer, reply};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval_at, timeout};

use super::Answers;
use super::arriving::{Abandoned, Arriving};
use super::watch::{InFlight, LOOK_EVERY, Leaving, Watch, Watched};

/// Bytes of a request's head.
const HEAD_BYTES: usize = 32 * 1_024;
/// A request is answered in this time.
const REQUEST: Duration = Duration::from_secs(30);
/// But git moves whole histories; its own limits are in its crate.
const GIT_REQUEST: Duration = Duration::from_secs(3_600);
/// Requests at once over one connection of HTTP/2.
const STREAMS: u32 = 128;
/// Requests over HTTP/2 that a client takes back at once, before it is taken for an attacker.
const RESETS: usize = 20;
/// A client of HTTP/2 that does not answer a ping is gone.
const PING_EVERY: Duration = Duration::from_secs(20);

/// What is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// A connection that was accepted.
#[derive(Clone)]
pub(super) struct Accepted<A> {
    pub(super) site: A,
    pub(super) peer: Peer,
    /// The certificate that the peer showed when it shook hands.
    pub(super) certificate: Option<ClientCertificate>,
    /// Whether the peer is a proxy that says where requests come from.
    pub(super) behind_proxy: bool,
}

impl<A: Answers> Accepted<A> {
    /// Answers what comes over this connection, until it ends, or until `stop` says so and the last answer has left.
    pub(super) async fn serve<Socket>(self, socket: Socket, protocol: Protocol, stop: watch::Receiver<bool>)
    where
        Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let watch = Watch::begin(Instant::now(), protocol == Protocol::Http1);
        let socket = TokioIo::new(Watched::new(socket, Arc::clone(&watch)));
        let requests = Arc::clone(&watch);
        let service = service_fn(move |request| answer(self.clone(), requests.request(), request));
        match protocol {
            Protocol::Http1 => {
                let mut builder = http1::Builder::new();
                builder.max_header_size(HEAD_BYTES).header_read_timeout(None);
                let connection = builder.serve_connection(socket, service);
                drive(connection, http1::Connection::graceful_shutdown, &watch, stop).await;
            }
            Protocol::Http2 => {
                let mut builder = http2::Builder::new(TokioExecutor::new());
                builder
                    .timer(TokioTimer::new())
                    .keep_alive_interval(PING_EVERY)
                    .max_concurrent_streams(STREAMS)
                    .max_header_list_size(HEAD_BYTES as u32)
                    .max_pending_accept_reset_streams(RESETS);
                let connection = builder.serve_connection(socket, service);
                drive(connection, http2::Connection::graceful_shutdown, &watch, stop).await;
            }
        }
    }
}

/// Keeps a connection going. How it ends is between hyper and the client; nobody else needs to know.
async fn drive<Connection, Ended>(
    connection: Connection,
    finish: impl Fn(std::pin::Pin<&mut Connection>),
    watch: &Watch,
    mut stop: watch::Receiver<bool>,
) where
    Connection: Future<Output = Ended>,
{
    let mut connection = pin!(connection);
    let mut look = interval_at(tokio::time::Instant::now() + LOOK_EVERY, LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            // The sender lives as long as the listener; without it, it is time to stop as well.
            _ = stop.changed(), if !stopping => {
                stopping = true;
                finish(connection.as_mut());
            }
            _ = look.tick() => if watch.is_over(Instant::now()) {
                return;
            },
        }
    }
}

async fn answer(
    mut accepted: Accepted<impl Answers>,
    in_flight: InFlight,
    request: Request<Incoming>,
) -> Result<Response<Leaving>, Infallible> {
    let (version, ambiguous) = (request.version(), may_be_ambiguous(&request));
    let mut peer = accepted.peer;
    if accepted.behind_proxy
        && let Some(address) = forwarded_for(request.headers())
    {
        peer.address = address;
    }
    let time = if request.uri().path().contains("/_git/") { GIT_REQUEST } else { REQUEST };
    // Most requests have no body; theirs costs nothing.
    let mut abandoned: Option<Abandoned> = None;
    let held_back = request.headers().contains_key(EXPECT);
    let mut request = request.map(|body| match body.is_end_stream() {
        true => Body::empty(),
        false => {
            let body = Arriving::new(body, held_back);
            abandoned = Some(body.abandoned());
            Body::new(body)
        }
    });
    if let Some(certificate) = accepted.certificate.clone() {
        request.extensions_mut().insert(certificate);
    }
    let answered = timeout(time, AssertUnwindSafe(accepted.site.answer(request, peer)).catch_unwind()).await;
    let mut response = match answered {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a request ended in a panic, which is a bug; the panic itself is told above");
            let text = "Something went wrong here. It is in the server's log.\n";
            plain(StatusCode::INTERNAL_SERVER_ERROR, text, peer.secure)
        }
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "The request took too long.\n", peer.secure),
    };
    // What nobody reads of a body stands before the next request, so there is none over this connection. [RFC 9112 §9.3]
    let unread = version < Version::HTTP_2 && abandoned.is_some_and(|abandoned| abandoned.happened());
    if ambiguous || unread {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Leaving::new(body, in_flight)))
}

/// Two lengths of one body are how requests are smuggled past a proxy. hyper reads the chunks and forgets the other length
/// without a word, so whatever comes in chunks is the last request of its connection. [RFC 9112 §6.1]
fn may_be_ambiguous<B>(request: &Request<B>) -> bool {
    request.version() < Version::HTTP_2 && request.headers().contains_key(TRANSFER_ENCODING)
}

/// Where a request comes from, by the proxy in front: the last address is the one that it added itself.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// An answer in place of one that did not come.
fn plain(status: StatusCode, text: &'static str, secure: bool) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    reply::finish(&mut response, secure);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn of_the_addresses_a_request_claims_only_the_proxys_own_is_believed() {
        let seen = |headers: HeaderMap| forwarded_for(&headers).map(|address| address.to_string());
        assert_eq!(seen(headers(&[("x-forwarded-for", "6.6.6.6, 192.0.2.7")])).as_deref(), Some("192.0.2.7"));
        let two = headers(&[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "2001:db8::1")]);
        assert_eq!(seen(two).as_deref(), Some("2001:db8::1"));
        for nonsense in ["", "unknown", "192.0.2.7, nonsense"] {
            assert_eq!(seen(headers(&[("x-forwarded-for", nonsense)])), None, "{nonsense}");
        }
    }

    #[test]
    fn an_answer_in_place_of_another_has_its_headers() {
        let response = plain(StatusCode::SERVICE_UNAVAILABLE, "The request took too long.\n", true);
        for name in ["x-content-type-options", "cache-control", "referrer-policy", "strict-transport-security"] {
            assert!(response.headers().contains_key(name), "{name}");
        }
    }

    #[test]
    fn a_request_in_chunks_is_the_last_of_its_connection() {
        let request = |name: &str| Request::builder().header(name, "chunked").body(()).unwrap();
        assert!(may_be_ambiguous(&request("transfer-encoding")));
        assert!(!may_be_ambiguous(&request("te")));
    }
}
