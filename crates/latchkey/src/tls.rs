//! TLS as the listeners speak it: 1.3, or 1.2 with forward secrecy and AES-GCM, as far as `[tls]` leaves it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use latchkey_web::ClientAuthorities;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::any_certificate::AnyCertificate;
use crate::config::origin::CertificateFiles;
use crate::config::tls::{PlannedTls, Suite};
use crate::failure::{Exit, Failure};

/// HTTP/2, as it is named in the handshake.
pub(crate) const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// Certificates by host; who asks for none of them gets the first. They may be replaced while the server runs.
#[derive(Debug)]
pub(crate) struct Certificates(RwLock<ByHost>);

/// Certificates, each with the host it is for.
pub(crate) type ByHost = Vec<(String, Arc<CertifiedKey>)>;

impl Certificates {
    /// Certificates, each with the host it is for. None is no use: see [`server_config`].
    pub(crate) fn new(by_host: ByHost) -> Arc<Self> {
        Arc::new(Self(RwLock::new(by_host)))
    }

    /// From now on others are shown: connections that are there keep theirs.
    pub(crate) fn replace(&self, by_host: ByHost) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = by_host;
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let by_host = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let named =
            hello.server_name().and_then(|name| by_host.iter().find(|(host, _)| host.eq_ignore_ascii_case(name)));
        named.or(by_host.first()).map(|(_, certificate)| Arc::clone(certificate))
    }
}

fn provider(spoken: &PlannedTls) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let there = std::mem::take(&mut provider.cipher_suites);
    let suite = |wanted: &Suite| there.iter().find(|suite| suite.suite() == wanted.cipher()).copied();
    provider.cipher_suites = spoken.suites.iter().filter_map(suite).collect();
    provider
}

/// Whether a listener asks clients for a certificate of theirs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ClientCertificates {
    /// It does not, so no browser troubles anybody with the question.
    NotAsked,
    /// It does. Who has none comes in as well.
    Asked,
}

/// What a listener speaks.
pub(crate) fn server_config(
    certificates: Arc<Certificates>,
    of_clients: ClientCertificates,
    spoken: &PlannedTls,
) -> Result<Arc<ServerConfig>, Failure> {
    let failed = |error: rustls::Error| Failure::new(Exit::Failed, "TLS cannot be set up").because(error);
    let provider = Arc::new(provider(spoken));
    let versions: Vec<_> = spoken.versions.iter().map(|version| version.protocol()).collect();
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&versions).map_err(failed)?;
    let builder = match of_clients {
        ClientCertificates::NotAsked => builder.with_no_client_auth(),
        ClientCertificates::Asked => builder.with_client_cert_verifier(Arc::new(AnyCertificate::new(&provider))),
    };
    let mut config = builder.with_cert_resolver(certificates);
    config.alpn_protocols = vec![H2.to_vec(), HTTP_1_1.to_vec()];
    // A client that comes back is recognized by its ticket: no signature, and nothing kept here.
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(failed)?;
    Ok(Arc::new(config))
}

/// Puts a certificate and its key together.
pub(crate) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<CertifiedKey>, rustls::Error> {
    let key = aws_lc_rs::sign::any_supported_type(&key)?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(Arc::new(certified)),
        Err(error) => Err(error),
    }
}

/// Reads a certificate and its key from their files.
pub(crate) fn read(files: &CertificateFiles) -> Result<Arc<CertifiedKey>, Failure> {
    let CertificateFiles { certificate, key } = files;
    let useless = |path: &Path| Failure::new(Exit::Failed, format!("{} cannot be used", path.display()));
    let chain = read_certificates(certificate)?;
    let mode = fs::metadata(key).map_err(|error| useless(key).because(error))?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(Failure::refused(format!("the private key {} can be read by everybody", key.display()))
            .because(format!("its permissions are {:04o}", mode & 0o7777))
            .remedy(format!("chmod o-rwx {}, and think about who may have read it", key.display())));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| useless(key).because(error))?;
    certified(chain, private)
        .map_err(|error| useless(certificate).because(error).remedy("see that the key is this certificate's"))
}

/// Reads the authorities that vouch for certificates of clients, if there are any: from now on these do.
pub(crate) fn read_client_authorities(spoken: &PlannedTls, authorities: &ClientAuthorities) -> Result<(), Failure> {
    let Some(path) = &spoken.client_authorities else { return Ok(()) };
    let found = read_certificates(path)?;
    let useless = |why| Failure::new(Exit::Failed, format!("{} cannot be used", path.display())).because(why);
    authorities.replace(found).map_err(useless)
}

/// Reads the certificates of a file, at least one.
pub(crate) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let useless = || Failure::new(Exit::Failed, format!("{} cannot be used", path.display()));
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match found {
        Ok(found) if found.is_empty() => Err(useless().because("there is no certificate in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(useless().because(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Authority;

    #[test]
    fn authorities_of_clients_are_read_whole_or_the_ones_before_stay() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path(), time::OffsetDateTime::now_utc()).unwrap();
        let at = |path: &Path| PlannedTls { client_authorities: Some(path.into()), ..PlannedTls::default() };
        let authorities = ClientAuthorities::default();
        read_client_authorities(&PlannedTls::default(), &authorities).unwrap();
        assert!(!authorities.are_there());
        for wrong in ["/nowhere/clients.pem", "/dev/null"] {
            let said = read_client_authorities(&at(wrong.as_ref()), &authorities).unwrap_err().to_string();
            assert!(said.contains(wrong) && said.contains("cannot be used") && !authorities.are_there(), "{said}");
        }
        read_client_authorities(&at(authority.certificate_file()), &authorities).unwrap();
        assert!(authorities.are_there());
    }

    #[test]
    fn tls_1_2_is_spoken_with_forward_secrecy_and_aes_gcm_only() {
        let suites: Vec<String> =
            provider(&PlannedTls::default()).cipher_suites.iter().map(|suite| format!("{:?}", suite.suite())).collect();
        assert_eq!(suites.len(), 7, "{suites:?}");
        for suite in suites {
            assert!(suite.starts_with("TLS13_") || (suite.contains("_ECDHE_") && suite.contains("_GCM_")), "{suite}");
        }
    }
}
