//! Certificates and public keys in PEM or DER, that are registered in place of a JSON Web Key: what is taken from a certificate is its key,
//! its thumbprints and its end.
//!
//! Nobody is asked whether to trust it. Whoever registers it vouches for it, as with a bare key. [RFC 7515 §4.1.7 and §4.1.8]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo, X509Certificate};
use x509_parser::public_key::PublicKey as Subject;

use crate::digest::{sha1, sha256};
use crate::jwk::checked_rsa;
use crate::{Jwk, PublicKey, Timestamp};

/// The object identifier of Ed25519, [RFC 8410 §3].
const ED25519: &str = "1.3.101.112";

/// What is kept of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// Its key.
    pub jwk: Jwk,
    /// The SHA-1 thumbprint, by which older clients name it: a name, and no protection.
    pub x5t: [u8; 20],
    /// The SHA-256 thumbprint.
    pub x5t_s256: [u8; 32],
    /// When it ends.
    pub not_after: Timestamp,
}

/// What a text brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Registered {
    /// A key by itself.
    Key(Jwk),
    /// A key in a certificate.
    Certificate(Box<Certificate>),
}

/// The text is no certificate and no public key that we verify with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a certificate or public key of RSA, P-256 or Ed25519")]
pub struct NotACertificate;

/// Reads a certificate or a public key: PEM, or DER in base64. Of several blocks the first that is either counts.
pub fn read(text: &str) -> Result<Registered, NotACertificate> {
    if !text.contains("-----BEGIN") {
        let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(compact).map_err(|_| NotACertificate)?;
        return Certificate::from_der(&der).map(|found| Registered::Certificate(Box::new(found)));
    }
    for block in Pem::iter_from_buffer(text.as_bytes()) {
        let block = block.map_err(|_| NotACertificate)?;
        match block.label.as_str() {
            "CERTIFICATE" => {
                return Certificate::from_der(&block.contents).map(|found| Registered::Certificate(Box::new(found)));
            }
            "PUBLIC KEY" => return bare(&block.contents).map(Registered::Key),
            _ => {}
        }
    }
    Err(NotACertificate)
}

impl Certificate {
    /// Reads a certificate in DER, with nothing behind it.
    pub fn from_der(der: &[u8]) -> Result<Self, NotACertificate> {
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| NotACertificate)?;
        if !rest.is_empty() {
            return Err(NotACertificate);
        }
        Ok(Self {
            jwk: key(certificate.public_key())?,
            x5t: sha1(der),
            x5t_s256: sha256(der),
            not_after: Timestamp::from_secs(certificate.validity().not_after.timestamp()),
        })
    }
}

/// A `SubjectPublicKeyInfo`, [RFC 5280 §4.1].
fn bare(der: &[u8]) -> Result<Jwk, NotACertificate> {
    let (rest, info) = SubjectPublicKeyInfo::from_der(der).map_err(|_| NotACertificate)?;
    if rest.is_empty() { key(&info) } else { Err(NotACertificate) }
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> Result<Jwk, NotACertificate> {
    let key = match info.parsed() {
        Ok(Subject::RSA(rsa)) => {
            let trimmed = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
            checked_rsa(trimmed(rsa.modulus), trimmed(rsa.exponent)).map_err(|_| NotACertificate)?
        }
        Ok(Subject::EC(point)) => {
            let coordinates = point.data().strip_prefix(&[4]).ok_or(NotACertificate)?;
            let (x, y) = coordinates.split_first_chunk().ok_or(NotACertificate)?;
            PublicKey::P256 { x: *x, y: y.try_into().map_err(|_| NotACertificate)? }
        }
        Ok(Subject::Unknown(point)) if info.algorithm.algorithm.to_id_string() == ED25519 => {
            PublicKey::Ed25519 { x: point.try_into().map_err(|_| NotACertificate)? }
        }
        _ => return Err(NotACertificate),
    };
    Ok(Jwk { kid: None, alg: None, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=ci -days 36500`
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBcjCCARegAwIBAgIUKHkqLxeFPMSvprwQW+cUgx/YU60wCgYIKoZIzj0EAwIw\n\
        DTELMAkGA1UEAwwCY2kwIBcNMjYxMTIyMTcxNzMxWhgPMjEyNjEwMjkxNzE3MzFa\n\
        MA0xCzAJBgNVBAMMAmNpMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPlYa0CuP\n\
        HgHbx2WR4VtHbXEqaNRckgUWZyi3kivx1Zt4Fyw7OA3crHmvsWleJWoUrPUD6smw\n\
        w8mLf65AM6T15KNTMFEwHQYDVR0OBBYEFK/Z9NkH8jGZLsp/xdWoDSFXo1JYMB8G\n\
        A1UdIwQYMBaAFK/Z9NkH8jGZLsp/xdWoDSFXo1JYMA8GA1UdEwEB/wQFMAMBAf8w\n\
        CgYIKoZIzj0EAwIDSQAwRgIhAM97t/UjxhjpMQfGZSf6eFlCitudfwkqDCz3irgq\n\
        O9nhAiEA4PKGA3hmgjJaSN9kOw9RhsMUBkeKqhwBOlKjZ/CXnLE=\n\
        -----END CERTIFICATE-----";
    const SHA1: &str = "CA8EDF823FE640678EBFF0ECD606C4549D4E1C58";
    const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPlYa0CuPHgHbx2WR4VtHbXEqaNRc\n\
        kgUWZyi3kivx1Zt4Fyw7OA3crHmvsWleJWoUrPUD6smww8mLf65AM6T15A==\n\
        -----END PUBLIC KEY-----";

    #[test]
    fn a_certificate_brings_its_key_and_its_thumbprints() {
        let Ok(Registered::Certificate(found)) = read(CERTIFICATE) else { panic!("no certificate") };
        assert_eq!(found.x5t.iter().map(|byte| format!("{byte:02X}")).collect::<String>(), SHA1);
        let der: String = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(read(&der), Ok(Registered::Certificate(found.clone())), "the same, without its frame");
        assert_eq!(read(PUBLIC_KEY), Ok(Registered::Key(found.jwk)));
    }

    #[test]
    fn what_is_neither_is_refused() {
        let cut = CERTIFICATE.replacen('M', "N", 1);
        for text in ["", "AAAA", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &cut] {
            assert_eq!(read(text), Err(NotACertificate), "{text:.40}");
        }
    }
}
