//! A certificate authority for this machine's own names, so that clients which insist on https can be tried at home.
//!
//! It vouches for `localhost` and the loopback addresses and cannot vouch for anything else. Its certificate and key are kept;
//! what the listeners show is made anew at each start and never written down.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use time::{Duration, OffsetDateTime};
use x509_parser::pem::parse_x509_pem;

use crate::failure::{Exit, Failure};

/// The names it vouches for.
const HOST: &str = "localhost";
const ADDRESSES: [IpAddr; 2] = [IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)];
/// How long it lives: whoever trusts it should not have to do so again soon.
const LIFETIME: Duration = Duration::days(10 * 365);
/// It is replaced when less than this is left, so that a listener's certificate never outlives it.
const RENEWAL: Duration = Duration::days(2 * 365);
/// How long a listener's certificate lives, at most what clients accept.
const LEAF_LIFETIME: Duration = Duration::days(397);
/// Clocks differ.
const EARLIER: Duration = Duration::hours(1);

/// The authority, with its key.
pub(crate) struct Authority {
    path: PathBuf,
    certificate: String,
    key: KeyPair,
}

/// Where the authority's certificate is in a folder.
pub(crate) fn certificate_path(folder: &Path) -> PathBuf {
    folder.join("authority.pem")
}

fn key_path(folder: &Path) -> PathBuf {
    folder.join("authority.key")
}

impl Authority {
    /// The authority of a folder; it is made if there is none, or if its end is near.
    pub(crate) fn open(folder: &Path, now: OffsetDateTime) -> Result<Self, Failure> {
        match Self::read(folder) {
            Some(authority) if ends_at(&authority.certificate).is_some_and(|end| end - now > RENEWAL) => Ok(authority),
            _ => Self::make(folder, now).map_err(|why| {
                Failure::new(Exit::Failed, format!("no certificate authority can be made in {}", folder.display()))
                    .because(why)
            }),
        }
    }

    fn read(folder: &Path) -> Option<Self> {
        let path = certificate_path(folder);
        let certificate = fs::read_to_string(&path).ok()?;
        let key = KeyPair::from_pem(&fs::read_to_string(key_path(folder)).ok()?).ok()?;
        Some(Self { path, certificate, key })
    }

    fn make(folder: &Path, now: OffsetDateTime) -> Result<Self, Box<dyn std::error::Error>> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Latchkey development authority (this machine only)");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let addresses = ADDRESSES.map(|address| {
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, if address.is_ipv4() { 32 } else { 128 }))
        });
        let mut permitted_subtrees = vec![GeneralSubtree::DnsName(HOST.to_owned())];
        permitted_subtrees.extend(addresses);
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        params.not_before = now - EARLIER;
        params.not_after = now + LIFETIME;
        let certificate = params.self_signed(&key)?.pem();

        let path = certificate_path(folder);
        let key_path = key_path(folder);
        // A key that is there belongs to an authority that has ended or is not whole.
        if key_path.exists() {
            fs::remove_file(&key_path)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(key_path)?;
        file.write_all(key.serialize_pem().as_bytes())?;
        fs::write(&path, &certificate)?;
        Ok(Self { path, certificate, key })
    }

    /// The file of its certificate.
    pub(crate) fn certificate_file(&self) -> &Path {
        &self.path
    }

    /// A fresh certificate for a listener on this machine.
    pub(crate) fn listener_certificate(&self, now: OffsetDateTime) -> Result<Arc<CertifiedKey>, Failure> {
        self.issue(now)
            .map_err(|why| Failure::new(Exit::Failed, "no certificate can be made for the listener").because(why))
    }

    fn issue(&self, now: OffsetDateTime) -> Result<Arc<CertifiedKey>, Box<dyn std::error::Error>> {
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, &self.key)?;
        let key = KeyPair::generate()?;
        let mut names = vec![HOST.to_owned()];
        names.extend(ADDRESSES.map(|address| address.to_string()));
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, HOST);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = now - EARLIER;
        params.not_after = now + LEAF_LIFETIME;
        let certificate = params.signed_by(&key, &issuer)?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(crate::tls::certified(vec![certificate.der().clone()], key)?)
    }
}

/// When a certificate ends.
fn ends_at(pem: &str) -> Option<OffsetDateTime> {
    let (_, pem) = parse_x509_pem(pem.as_bytes()).ok()?;
    Some(pem.parse_x509().ok()?.validity().not_after.to_datetime())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
    }

    #[test]
    fn the_authority_is_kept_and_replaced_only_near_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let first = Authority::open(folder.path(), now()).unwrap();
        let again = Authority::open(folder.path(), now() + Duration::days(365)).unwrap();
        assert_eq!(first.certificate, again.certificate);
        let late = Authority::open(folder.path(), now() + LIFETIME - Duration::days(365)).unwrap();
        assert_ne!(first.certificate, late.certificate);
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(key_path(folder.path())).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn who_trusts_the_authority_trusts_this_machine_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path(), now()).unwrap();
        let leaf = authority.listener_certificate(now()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority.certificate_file()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let moment = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
        let trusts = |name: &str| {
            use rustls::client::danger::ServerCertVerifier as _;
            let name = ServerName::try_from(name.to_owned()).unwrap();
            verifier.verify_server_cert(&leaf.cert[0], &[], &name, &[], moment).is_ok()
        };
        assert!(trusts("localhost") && trusts("127.0.0.1") && trusts("::1"));
        assert!(!trusts("example.com") && !trusts("127.0.0.2"));
    }
}
