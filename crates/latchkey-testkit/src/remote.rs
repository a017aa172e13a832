//! Somebody else's server on the network, as ours sees it: https under a name of its own, by an authority that worlds trust.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use latchkey_identity::outbound::OutboundPolicy;
use latchkey_web::outbound::{Outbound, Resolver};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::world::World;

/// The hosts that the operator of a world allows, although they are on loopback.
pub const ALLOWED: [&str; 3] = ["service.test", "friend.test", "upstream.test"];

/// The authority of all remote servers of all tests.
static AUTHORITY: LazyLock<(CertificateDer<'static>, Issuer<'static, KeyPair>)> = LazyLock::new(|| {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let certificate = params.self_signed(&key).expect("an authority");
    (certificate.der().clone(), Issuer::new(params, key))
});

/// What names mean in a world.
#[derive(Clone, Default)]
pub struct Names(Arc<Mutex<BTreeMap<String, Vec<SocketAddr>>>>);

impl Names {
    /// From now on a name means this.
    pub fn set(&self, name: &str, addresses: Vec<SocketAddr>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), addresses);
    }

    /// What looks them up. Names that were never set mean nothing.
    pub fn resolver(&self) -> Resolver {
        let names = self.clone();
        Arc::new(move |host, _| {
            let found = names.0.lock().unwrap_or_else(PoisonError::into_inner).get(&host).cloned().unwrap_or_default();
            Box::pin(async move { Ok(found) })
        })
    }
}

/// The client of a world, which trusts the authority of remote servers and reaches only those that are [`ALLOWED`].
pub fn outbound(names: &Names) -> Outbound {
    let policy = OutboundPolicy { hosts: ALLOWED.map(str::to_owned).into(), loopback: false };
    Outbound::new(policy, vec![AUTHORITY.0.clone()], names.resolver())
}

/// What a remote server was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method, the path with its query, and the headers.
    pub head: http::request::Parts,
    /// The body.
    pub body: Bytes,
}

impl Asked {
    /// A field of a form.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(&self.body);
        pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }
}

type Answering = Arc<dyn Fn(&Asked) -> Response<Body> + Send + Sync>;

/// A remote server. It ends with the value.
pub struct Remote {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<Asked>>>,
    answering: Arc<Mutex<Answering>>,
    task: tokio::task::JoinHandle<()>,
}

impl World {
    /// A remote server of this name, which answers everything like this.
    pub async fn remote(
        &self,
        name: &str,
        answering: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static,
    ) -> Remote {
        let remote = Remote::start(name, answering).await;
        self.names().set(name, vec![remote.address()]);
        remote
    }
}

impl Remote {
    /// Begins to listen on loopback, with a certificate for `name`.
    pub async fn start(name: &str, answering: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let acceptor = TlsAcceptor::from(Arc::new(certified(name)));
        let answering: Arc<Mutex<Answering>> = Arc::new(Mutex::new(Arc::new(answering)));
        let (asked, connections) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::new(AtomicUsize::new(0)));
        let (keep, count, answer) = (Arc::clone(&asked), Arc::clone(&connections), Arc::clone(&answering));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, SeqCst);
                let (acceptor, keep, answer) = (acceptor.clone(), Arc::clone(&keep), Arc::clone(&answer));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
                        let (keep, answer) = (Arc::clone(&keep), Arc::clone(&answer));
                        async move {
                            let (head, body) = request.into_parts();
                            let body =
                                body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                            let asked = Asked { head, body };
                            let answer = Arc::clone(&answer.lock().unwrap_or_else(PoisonError::into_inner));
                            let answered = answer(&asked);
                            keep.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
                            Ok::<_, std::convert::Infallible>(answered)
                        }
                    });
                    let builder = auto::Builder::new(TokioExecutor::new());
                    // A client that goes away in the middle is its own affair.
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, connections, asked, answering, task }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were made to it, whatever came of them.
    pub fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on it answers like this.
    pub fn answers(&self, answering: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static) {
        *self.answering.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(answering);
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with a JSON document.
pub fn json(value: &serde_json::Value) -> Response<Body> {
    let body = Body::from(value.to_string());
    Response::builder().header(http::header::CONTENT_TYPE, "application/json").body(body).expect("an answer")
}

/// An answer of a status alone.
pub fn status(status: u16) -> Response<Body> {
    let status = StatusCode::from_u16(status).expect("a status");
    Response::builder().status(status).body(Body::empty()).expect("an answer")
}

fn certified(name: &str) -> ServerConfig {
    let (_, issuer) = &*AUTHORITY;
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the usual versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate with its key")
}
