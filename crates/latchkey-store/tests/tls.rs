//! TLS to a real PostgreSQL: whose certificate is taken, and what is said when it is not.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use latchkey_store::{DatabaseUrl, Sql, Store};
use latchkey_testkit::databases::{Certificate, Cluster, PASSWORD, runtime};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The name in the certificate.
const NAME: &str = "db.latchkey.test";

const IN_TLS: Sql = Sql::sweep("test.in_tls", "SELECT ssl AS in_tls FROM pg_stat_ssl WHERE pid = pg_backend_pid()");

/// With what a client of PostgreSQL asks for TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

struct Authority(Issuer<'static, KeyPair>, String);

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let pem = params.self_signed(&key).unwrap().pem();
        Self(Issuer::new(params, key), pem)
    }

    fn certify(&self, name: &str) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        Certificate { chain: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A PostgreSQL with a certificate, and the files of the authority that made it and of another one.
struct Scene {
    cluster: Cluster,
    database: String,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let (authority, other) = (Authority::new(), Authority::new());
        let cluster = Cluster::start_with_tls(&authority.certify(NAME)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("right.pem"), authority.1).unwrap();
        fs::write(folder.path().join("wrong.pem"), other.1).unwrap();
        fs::write(folder.path().join("empty.pem"), "").unwrap();
        let DatabaseUrl::Postgres(address) = cluster.create_database() else { unreachable!() };
        let database = address.rsplit('/').next().unwrap().to_owned();
        Self { cluster, database, folder }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Opens the database at this host, whatever it is called at 127.0.0.1, and says whether the connection is in TLS.
    async fn open(&self, host: &str, options: &str) -> Result<bool, String> {
        self.open_at(host, self.cluster.port(), options).await
    }

    async fn open_at(&self, host: &str, port: u16, options: &str) -> Result<bool, String> {
        let address =
            format!("postgres://latchkey:{PASSWORD}@{host}:{port}/{}?hostaddr=127.0.0.1&{options}", self.database);
        let url: DatabaseUrl = address.parse().unwrap();
        let store = Store::open(&url).await.map_err(|error| error.to_string())?;
        let row = store.read_one(&IN_TLS, vec![]).await.unwrap().unwrap();
        Ok(row.bool(0).unwrap())
    }
}

#[test]
fn a_certificate_is_taken_as_the_address_says_and_refused_in_words_that_help() {
    runtime().block_on(async {
        let scene = Scene::new();
        let [right, wrong, empty, absent] =
            ["right", "wrong", "empty", "absent"].map(|name| scene.file(&format!("{name}.pem")));

        let full = format!("sslmode=verify-full&sslrootcert={right}");
        assert_eq!(scene.open(NAME, &full).await, Ok(true));
        assert_eq!(scene.open(NAME, &format!("sslrootcert={right}")).await, Ok(true), "whoever names a file means it");
        assert_eq!(scene.open(NAME, &format!("{full}&channel_binding=require")).await, Ok(true));
        let said = scene.open("other.latchkey.test", &full).await.unwrap_err();
        assert!(said.contains("other.latchkey.test has a certificate for another name"), "{said}");
        let said = scene.open(NAME, &format!("sslmode=verify-full&sslrootcert={wrong}")).await.unwrap_err();
        assert!(said.contains("of an authority that is not trusted") && said.contains("sslrootcert"), "{said}");
        let said = scene.open(NAME, "sslmode=verify-full").await.unwrap_err();
        assert!(said.contains("of an authority that is not trusted"), "not by those of the system: {said}");

        let authority = |file| format!("sslmode=verify-ca&sslrootcert={file}");
        assert_eq!(scene.open("other.latchkey.test", &authority(&right)).await, Ok(true));
        let said = scene.open("other.latchkey.test", &authority(&wrong)).await.unwrap_err();
        assert!(said.contains("of an authority that is not trusted"), "{said}");
        let said = scene.open(NAME, &authority(&empty)).await.unwrap_err();
        assert!(said.contains(&empty) && said.contains("no certificate"), "{said}");
        let said = scene.open(NAME, &authority(&absent)).await.unwrap_err();
        assert!(said.contains(&absent), "{said}");

        assert_eq!(scene.open("localhost", "sslmode=require").await, Ok(true));
        assert_eq!(scene.open("localhost", "sslmode=disable").await, Ok(false));
        assert_eq!(scene.open("localhost", "connect_timeout=3").await, Ok(false), "it stays on this machine");
    });
}

#[test]
fn whoever_says_that_there_is_no_tls_is_told_nothing() {
    runtime().block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; SSL_REQUEST.len()];
            stream.read_exact(&mut request).await.unwrap();
            stream.write_all(b"N").await.unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            (request, rest)
        });
        let address = format!("postgres://latchkey:{PASSWORD}@{NAME}:{port}/d?hostaddr=127.0.0.1&sslmode=require");
        let said = Store::open(&address.parse().unwrap()).await.unwrap_err().to_string();
        assert!(said.contains("server does not support TLS"), "{said}");
        assert_eq!(heard.await.unwrap(), (SSL_REQUEST, Vec::new()));
    });
}

/// `require` takes any certificate, a stranger's too; but the sign-in is bound to the connection that it is made in. [RFC 5929 §4]
#[test]
fn a_stranger_in_between_cannot_pass_a_sign_in_on() {
    runtime().block_on(async {
        let scene = Scene::new();
        let stranger = listen_in_between(scene.file("right.pem").as_ref(), scene.cluster.port()).await;
        let said = scene.open_at(NAME, stranger.port(), "sslmode=require").await.unwrap_err();
        assert!(said.contains("channel binding") || said.contains("SCRAM"), "{said}");
        assert_eq!(
            scene.open_at(NAME, stranger.port(), "sslmode=require&channel_binding=disable").await,
            Ok(true),
            "it is the binding that keeps it out"
        );
    });
}

/// Speaks TLS with the client, as somebody else, and with PostgreSQL, and passes everything on.
async fn listen_in_between(authority: &Path, postgres: u16) -> SocketAddr {
    let own = Authority::new().certify("stranger.test");
    let chain = vec![CertificateDer::from_pem_slice(own.chain.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut facing_client = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    facing_client.alpn_protocols = vec![b"postgresql".to_vec()];
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let facing_postgres = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (acceptor, connector) =
        (TlsAcceptor::from(Arc::new(facing_client)), TlsConnector::from(Arc::new(facing_postgres)));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (acceptor, connector) = (acceptor.clone(), connector.clone());
            tokio::spawn(async move {
                client.read_exact(&mut [0; SSL_REQUEST.len()]).await.unwrap();
                client.write_all(b"S").await.unwrap();
                let mut client = acceptor.accept(client).await.unwrap();
                let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, postgres)).await.unwrap();
                server.write_all(&SSL_REQUEST).await.unwrap();
                server.read_exact(&mut [0]).await.unwrap();
                let mut server = connector.connect(ServerName::try_from(NAME).unwrap(), server).await.unwrap();
                // It ends when one of them goes.
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}
