//! TLS to PostgreSQL.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::{TlsConnector, client};
use x509_parser::oid_registry as oid;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::address::Protection;
use super::trust::{self, explain};
use crate::error::OpenError;

/// Makes connections with PostgreSQL into TLS.
#[derive(Clone, Debug)]
pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// What a protection asks for; nothing if it asks for no TLS.
    pub(super) fn of(protection: &Protection) -> Result<Option<Self>, OpenError> {
        let failed = |error: rustls::Error| OpenError::Unreachable(format!("TLS cannot be set up: {error}"));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let Some(verifier) = trust::verifier(protection, &provider)? else { return Ok(None) };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Some(Self(Arc::new(config))))
    }
}

/// Why there is no TLS with whoever answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("{0} is not a name that a certificate could have")]
    Name(String),
    #[error("{host} {}", explain(.error))]
    Handshake { host: String, error: io::Error },
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Handshake;
    type Error = TlsError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, TlsError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))?;
        Ok(Handshake { connector: Arc::clone(&self.0).into(), name })
    }
}

/// A handshake that is about to begin.
pub(super) struct Handshake {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Stream;
    type Error = TlsError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, TlsError>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let host = self.name.to_str().into_owned();
            let connected = self.connector.connect(self.name, socket).await;
            connected.map(Stream).map_err(|error| TlsError::Handshake { host, error })
        })
    }
}

/// A connection in TLS.
pub(super) struct Stream(client::TlsStream<Socket>);

impl TlsStream for Stream {
    /// Binds the sign-in to this connection, so that nobody in between can pass it on. [RFC 5929 §4]
    fn channel_binding(&self) -> ChannelBinding {
        let (_, connection) = self.0.get_ref();
        let certificate = connection.peer_certificates().and_then(|chain| chain.first());
        certificate
            .and_then(|certificate| end_point(certificate))
            .map_or_else(ChannelBinding::none, |hash| ChannelBinding::tls_server_end_point(hash.as_ref().to_vec()))
    }
}

/// The certificate's hash, by the algorithm that its signature uses, and SHA-256 in place of SHA-1. Signatures without one have no such
/// binding. [RFC 5929 §4.1]
fn end_point(certificate: &[u8]) -> Option<digest::Digest> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let signature = &parsed.signature_algorithm.algorithm;
    let hash = if [oid::OID_PKCS1_SHA256WITHRSA, oid::OID_SIG_ECDSA_WITH_SHA256, oid::OID_PKCS1_SHA1WITHRSA]
        .contains(signature)
    {
        &SHA256
    } else if [oid::OID_PKCS1_SHA384WITHRSA, oid::OID_SIG_ECDSA_WITH_SHA384].contains(signature) {
        &SHA384
    } else if [oid::OID_PKCS1_SHA512WITHRSA, oid::OID_SIG_ECDSA_WITH_SHA512].contains(signature) {
        &SHA512
    } else {
        return None;
    };
    Some(digest::digest(hash, certificate))
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
