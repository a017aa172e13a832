use std::net::Ipv4Addr;

use latchkey_web::ClientCertificate;
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;

use super::*;
use crate::authority::Authority;
use crate::config::tls::PlannedTls;
use crate::tls::{Certificates, ClientCertificates};

/// Answers with the thumbprint of the certificate that the client showed.
#[derive(Clone)]
struct Mirror;

impl Answers for Mirror {
    async fn answer(&mut self, request: Request<Body>, _: Peer) -> Response<Body> {
        let shown = request.extensions().get::<ClientCertificate>();
        let said = shown.map_or_else(|| "no certificate".to_owned(), |shown| shown.thumbprint.to_string());
        Response::new(Body::from(said))
    }
}

/// What a client shows, whoever it belongs to.
#[derive(Debug)]
struct Shows(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// A certificate that nobody vouches for, and its key.
fn self_signed() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["client.test".to_owned()]).unwrap();
    (made.cert.der().clone(), PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into())
}

fn pair(certificate: CertificateDer<'static>, key: &PrivateKeyDer<'static>) -> Option<Arc<CertifiedKey>> {
    let key = aws_lc_rs::sign::any_supported_type(key).unwrap();
    Some(Arc::new(CertifiedKey::new(vec![certificate], key)))
}

/// What comes of a request by a client that shows this; `None` if no answer comes.
async fn answered(
    asked: ClientCertificates,
    shown: Option<Arc<CertifiedKey>>,
    version: &'static SupportedProtocolVersion,
) -> Option<String> {
    let (folder, now) = (tempfile::tempdir().unwrap(), time::OffsetDateTime::now_utc());
    let authority = Authority::open(folder.path(), now).unwrap();
    let certificates = Certificates::new(vec![("localhost".into(), authority.listener_certificate(now).unwrap())]);
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let listener = Listener::tls(socket, tls::server_config(certificates, asked, &PlannedTls::default()).unwrap());
    let rules = Rules { connections: 8, connections_per_address: 8, behind_proxy: false };
    let (stopping, stopped) = tokio::sync::watch::channel(false);
    let accepting = tokio::spawn(accept(listener, Mirror, rules, Crowd::new(8, None), stopped));

    let mut roots = RootCertStore::empty();
    let file = std::fs::read(authority.certificate_file()).unwrap();
    let (_, pem) = x509_parser::pem::parse_x509_pem(&file).unwrap();
    roots.add(CertificateDer::from(pem.contents)).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::new(Shows(shown)));
    let name = ServerName::try_from("localhost").unwrap();
    let socket = TcpStream::connect(address).await.unwrap();
    let mut said = Vec::new();
    let conversation = async {
        let mut socket = TlsConnector::from(Arc::new(config)).connect(name, socket).await?;
        socket.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        socket.read_to_end(&mut said).await
    };
    // Who is turned away hears of it in one way or another; what was said counts.
    let _: std::io::Result<usize> = conversation.await;
    stopping.send_replace(true);
    accepting.await.unwrap();
    let said = String::from_utf8(said).unwrap();
    said.rsplit("\r\n").next().filter(|said| !said.is_empty()).map(str::to_owned)
}

const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];

#[tokio::test]
async fn a_certificate_that_is_asked_for_goes_along_with_the_request() {
    let (certificate, key) = self_signed();
    let print = ClientCertificate::of(&certificate).thumbprint.to_string();
    for version in VERSIONS {
        let shown = || pair(certificate.clone(), &key);
        assert_eq!(answered(ClientCertificates::Asked, shown(), version).await.as_deref(), Some(&*print));
        let nothing = answered(ClientCertificates::Asked, None, version).await;
        assert_eq!(nothing.as_deref(), Some("no certificate"), "nobody is required to show one");
        let unasked = answered(ClientCertificates::NotAsked, shown(), version).await;
        assert_eq!(unasked.as_deref(), Some("no certificate"), "the ordinary listener asks nobody");
    }
}

#[tokio::test]
async fn nobody_shows_a_certificate_without_its_key() {
    let ((certificate, _), (_, another)) = (self_signed(), self_signed());
    for version in VERSIONS {
        assert_eq!(answered(ClientCertificates::Asked, pair(certificate.clone(), &another), version).await, None);
    }
}
