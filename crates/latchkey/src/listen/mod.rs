//! Listening: connections come in here and go to the site.
//!
//! | what | where |
//! |---|---|
//! | one connection | [`connection`] |
//! | how many there may be | [`crowd`] |
//! | which of them do nothing any more | [`watch`] |
//! | bodies that come too slowly | [`arriving`] |
//! | when it is over | [`signals`] |

mod arriving;
mod connection;
mod crowd;
pub(crate) mod signals;
mod watch;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::{Request, Response};
use latchkey_web::{ClientCertificate, Peer, Site};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::failure::{Exit, Failure};
use crate::tls;
use connection::{Accepted, Protocol};
use crowd::{Crowd, Seat};
use signals::Signals;

/// A client shakes hands in this time.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the last answers may take when the server stops.
const DRAIN: Duration = Duration::from_secs(30);
/// When no more files can be opened: a moment for some to be closed.
const BREATH: Duration = Duration::from_millis(100);

/// What answers requests: the site, or the demo's guide in front of it.
pub(crate) trait Answers: Clone + Send + 'static {
    /// Answers one request.
    fn answer(&mut self, request: Request<Body>, peer: Peer) -> impl Future<Output = Response<Body>> + Send;

    /// Ends the answers that would go on as long as somebody listens.
    fn finish(&self) {}
}

impl Answers for Site {
    fn answer(&mut self, request: Request<Body>, peer: Peer) -> impl Future<Output = Response<Body>> + Send {
        Self::answer(self, request, peer)
    }
}

/// A bound address, and what is spoken there.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
}

/// What holds for all listeners.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Connections at once.
    pub(crate) connections: u32,
    /// Connections at once from one address.
    pub(crate) connections_per_address: u32,
    /// Whether a proxy that we trust stands in front.
    pub(crate) behind_proxy: bool,
}

/// Binds an address, before anything that costs time.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let failure = Failure::new(Exit::Unreachable, format!("{address} cannot be listened on")).because(&error);
        match error.kind() {
            io::ErrorKind::AddrInUse => failure.remedy("stop the program that listens there, or choose another port"),
            io::ErrorKind::PermissionDenied => {
                failure.remedy("ports below 1024 need the capability CAP_NET_BIND_SERVICE, or a proxy in front")
            }
            _ => failure,
        }
    })
}

impl Listener {
    /// A listener that speaks plain http.
    pub(crate) const fn plain(socket: TcpListener) -> Self {
        Self { socket, tls: None }
    }

    /// A listener that speaks TLS.
    pub(crate) fn tls(socket: TcpListener, config: Arc<ServerConfig>) -> Self {
        Self { socket, tls: Some(TlsAcceptor::from(config)) }
    }
}

/// Answers for `site` at all listeners until a signal; then the answers under way get [`DRAIN`] to leave, or until another
/// signal.
pub(crate) async fn run(site: impl Answers, listeners: Vec<Listener>, rules: Rules, signals: &mut Signals) {
    let (stopping, stopped) = tokio::sync::watch::channel(false);
    // Behind a proxy all come from one address.
    let per_address = (!rules.behind_proxy).then_some(rules.connections_per_address);
    let crowd = Crowd::new(rules.connections, per_address);
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(listener, site.clone(), rules, crowd.clone(), stopped.clone()));
    }
    signals.next().await;
    stopping.send_replace(true);
    site.finish();
    accepting.join_all().await;
    tokio::select! {
        drained = timeout(DRAIN, crowd.gone()) => if drained.is_err() {
            tracing::warn!("some answers were not done {} s after the stop", DRAIN.as_secs());
        },
        () = signals.next() => tracing::warn!("stopped at once: some answers were not done"),
    }
}

async fn accept(
    listener: Listener,
    site: impl Answers,
    rules: Rules,
    crowd: Crowd,
    mut stopped: tokio::sync::watch::Receiver<bool>,
) {
    let stop = stopped.clone();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stopped.changed() => return,
            accepted = listener.socket.accept() => accepted,
        };
        let (socket, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // A connection that ended before it was accepted concerns nobody; a lack of files ends by itself.
                if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATH).await;
                }
                continue;
            }
        };
        let Some(seat) = crowd.admit(address.ip()) else {
            tracing::debug!(%address, "turned away: there are too many connections");
            continue;
        };
        let peer = Peer { address: address.ip().to_canonical(), secure: listener.tls.is_some() };
        let accepted = Accepted { site: site.clone(), peer, certificate: None, behind_proxy: rules.behind_proxy };
        tokio::spawn(converse(socket, listener.tls.clone(), accepted, seat, stop.clone()));
    }
}

/// One connection, with its place in the crowd until it ends.
async fn converse(
    socket: TcpStream,
    tls: Option<TlsAcceptor>,
    accepted: Accepted<impl Answers>,
    seat: Seat,
    stop: tokio::sync::watch::Receiver<bool>,
) {
    // Answers leave at once. A socket that cannot be told so works as well.
    drop(socket.set_nodelay(true));
    match tls {
        None => accepted.serve(socket, Protocol::Http1, stop).await,
        Some(tls) => match timeout(HANDSHAKE, tls.accept(socket)).await {
            Ok(Ok(socket)) => {
                let is_h2 = socket.get_ref().1.alpn_protocol() == Some(tls::H2);
                let protocol = if is_h2 { Protocol::Http2 } else { Protocol::Http1 };
                let shown = socket.get_ref().1.peer_certificates().map(<[_]>::to_vec);
                let certificate = shown.map(|chain| {
                    ClientCertificate::of_chain(chain.into_iter().map(CertificateDer::into_owned).collect())
                });
                Accepted { certificate, ..accepted }.serve(socket, protocol, stop).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a client did not shake hands"),
            Err(_) => tracing::debug!("a client did not shake hands in time"),
        },
    }
    drop(seat);
}

#[cfg(test)]
mod tests;
