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
use crate::jwk::{BadKey, checked_rsa};
use crate::{Jwk, PublicKey, Timestamp, base64url};

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

/// What a text of a key brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyOrCertificate {
    /// A key by itself.
    Key(Jwk),
    /// A key in a certificate.
    Certificate(Box<Certificate>),
}

impl KeyOrCertificate {
    /// The key, and the certificate that it came in.
    pub fn into_parts(self) -> (Jwk, Option<Certificate>) {
        match self {
            Self::Key(jwk) => (jwk, None),
            Self::Certificate(found) => (found.jwk.clone(), Some(*found)),
        }
    }
}

/// The text is no certificate and no public key that we verify with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a certificate or public key of RSA, P-256 or Ed25519")]
pub struct NotACertificate;

/// Reads a certificate or a public key: PEM, or DER in base64. Of several blocks the first that is either counts.
pub fn read(text: &str) -> Result<KeyOrCertificate, NotACertificate> {
    if !text.contains("-----BEGIN") {
        let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(compact).map_err(|_| NotACertificate)?;
        return Certificate::from_der(&der).map(|found| KeyOrCertificate::Certificate(Box::new(found)));
    }
    for block in Pem::iter_from_buffer(text.as_bytes()) {
        let block = block.map_err(|_| NotACertificate)?;
        match block.label.as_str() {
            "CERTIFICATE" => {
                return Certificate::from_der(&block.contents)
                    .map(|found| KeyOrCertificate::Certificate(Box::new(found)));
            }
            "PUBLIC KEY" => return bare(&block.contents).map(KeyOrCertificate::Key),
            _ => {}
        }
    }
    Err(NotACertificate)
}

/// Reads a JSON Web Key with the certificate that it brings: the first of `x5c`, which has to be of the same key, as its thumbprints have to
/// be those that stand beside it. Those behind it, of whoever signed it, are nobody's here. [RFC 7517 §4.7 to §4.9]
pub(crate) fn of_key(key: &serde_json::Value) -> Result<KeyOrCertificate, BadKey> {
    let jwk = Jwk::read(key)?;
    let Some(chain) = key.get("x5c") else { return Ok(KeyOrCertificate::Key(jwk)) };
    let first = chain.get(0).and_then(serde_json::Value::as_str).and_then(|first| STANDARD.decode(first).ok());
    let found = first.and_then(|der| Certificate::from_der(&der).ok()).filter(|found| found.jwk.key == jwk.key);
    let found = found.ok_or(BadKey::Certificate)?;
    let own = [("x5t", base64url::encode(found.x5t)), ("x5t#S256", base64url::encode(found.x5t_s256))];
    if own.iter().any(|(name, own)| key.get(*name).is_some_and(|named| named != own)) {
        return Err(BadKey::Certificate);
    }
    Ok(KeyOrCertificate::Certificate(Box::new(Certificate { jwk, ..found })))
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
    use serde_json::json;

    use super::*;
    use crate::JwkSet;

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
        let Ok(KeyOrCertificate::Certificate(found)) = read(CERTIFICATE) else { panic!("no certificate") };
        assert_eq!(found.x5t.iter().map(|byte| format!("{byte:02X}")).collect::<String>(), SHA1);
        let der: String = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(read(&der), Ok(KeyOrCertificate::Certificate(found.clone())), "the same, without its frame");
        assert_eq!(read(PUBLIC_KEY), Ok(KeyOrCertificate::Key(found.jwk)));
    }

    #[test]
    fn a_key_brings_its_own_certificate_or_is_refused() {
        let Ok(KeyOrCertificate::Certificate(found)) = read(CERTIFICATE) else { panic!("no certificate") };
        let der: String = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).map(str::trim).collect();
        let with = |members: serde_json::Value| {
            let mut key = serde_json::to_value(Jwk { kid: Some("ci".into()), ..found.jwk.clone() }).unwrap();
            key.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            of_key(&key)
        };
        let (x5t, x5t_s256) = (base64url::encode(found.x5t), base64url::encode(found.x5t_s256));
        let own = with(json!({"x5c": [der, "whoever signed it"], "x5t": x5t, "x5t#S256": x5t_s256}));
        let Ok(KeyOrCertificate::Certificate(own)) = own else { panic!("{own:?}") };
        assert_eq!((own.x5t, own.not_after), (found.x5t, found.not_after));
        assert_eq!(own.jwk.kid.as_deref(), Some("ci"), "the key is as it was written");
        assert!(matches!(with(json!({})), Ok(KeyOrCertificate::Key(_))));
        let urlsafe = der.replace('+', "-").replace('/', "_");
        for (name, members) in [
            ("none", json!({"x5c": []})),
            ("no list", json!({"x5c": der})),
            ("null", json!({"x5c": null})),
            ("no certificate", json!({"x5c": ["AAAA"]})),
            ("base64url", json!({"x5c": [urlsafe]})),
            ("the thumbprint of another", json!({"x5c": [der], "x5t#S256": x5t})),
            ("a number as thumbprint", json!({"x5c": [der], "x5t": 1})),
        ] {
            assert_eq!(with(members), Err(BadKey::Certificate), "{name}");
        }
        let other = json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                           "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "x5c": [der]});
        assert_eq!(of_key(&other), Err(BadKey::Certificate), "of another key");
        let published = JwkSet::published(json!({"keys": [other]}).to_string().as_bytes()).unwrap();
        assert!(matches!(published.as_slice(), [KeyOrCertificate::Key(_)]), "elsewhere it says nothing: {published:?}");
    }

    #[test]
    fn what_is_neither_is_refused() {
        let cut = CERTIFICATE.replacen('M', "N", 1);
        for text in ["", "AAAA", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &cut] {
            assert_eq!(read(text), Err(NotACertificate), "{text:.40}");
        }
    }
}
