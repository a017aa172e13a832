//! A connection to what a name means: each address is checked right before it is connected to, so that a name cannot come to mean
//! something else in between.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use latchkey_identity::outbound::{OutboundPolicy, Target};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, SupportedCipherSuite};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::OutboundError;

/// Addresses of one name that are tried: one may be out of order.
const TRIES: usize = 3;

/// What finds out which addresses a name means: the system, or a test.
pub type Resolver = Arc<dyn Fn(String, u16) -> Resolved + Send + Sync>;
type Resolved = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Makes connections.
pub(super) struct Connector {
    resolver: Resolver,
    authorities: Vec<CertificateDer<'static>>,
    /// Made when it is needed first: reading the system's authorities takes a while.
    tls: OnceCell<TlsConnector>,
}

impl Connector {
    pub(super) fn new(authorities: Vec<CertificateDer<'static>>, resolver: Resolver) -> Self {
        Self { resolver, authorities, tls: OnceCell::new() }
    }

    /// Connects to a host, by TLS, at an address that may be reached. If one of its addresses may not, none is tried: a name that leads
    /// here and there is up to something.
    pub(super) async fn connect(
        &self,
        target: &Target,
        policy: &OutboundPolicy,
    ) -> Result<TokioIo<TlsStream<TcpStream>>, OutboundError> {
        let host = target.host();
        let bare = host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(bare.clone()).map_err(|_| OutboundError::NotReachable)?;
        let resolving = (self.resolver)(bare, target.port());
        let addresses = resolving.await.map_err(|_| OutboundError::NotReachable)?;
        if addresses.is_empty() || !addresses.iter().all(|address| policy.may_reach(host, address.ip())) {
            return Err(OutboundError::NotReachable);
        }
        let tls = self.tls.get_or_try_init(async || connector(self.authorities.clone())).await?;
        let mut failure = OutboundError::NotReachable;
        for address in addresses.into_iter().take(TRIES) {
            let stream = match TcpStream::connect(address).await {
                Ok(stream) => stream,
                Err(error) => {
                    failure = OutboundError::NoAnswer(error.to_string());
                    continue;
                }
            };
            match tls.connect(name.clone(), stream).await {
                Ok(stream) => return Ok(TokioIo::new(stream)),
                Err(error) => failure = OutboundError::NoAnswer(error.to_string()),
            }
        }
        Err(failure)
    }
}

/// TLS 1.3, or 1.2 with forward secrecy and AES-GCM. [RFC 9325]
fn connector(authorities: Vec<CertificateDer<'static>>) -> Result<TlsConnector, OutboundError> {
    let failed = |error: rustls::Error| OutboundError::NoAnswer(error.to_string());
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| {
        matches!(suite, SupportedCipherSuite::Tls13(_))
            || matches!(
                suite.suite(),
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                    | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
                    | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
                    | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
            )
    });
    let provider = Arc::new(provider);
    let verifier = Verifier::new_with_extra_roots(authorities, Arc::clone(&provider)).map_err(failed)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
