//! What a certificate calls whoever holds its key: the subject, and the subject alternative names. [RFC 5280 §4.1.2.6 and §4.2.1.6]
//!
//! They are worth what the authority is worth that signed the certificate, which is for others to check.

use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::certificate::NotACertificate;
use crate::distinguished_name::DistinguishedName;

/// The names of a certificate.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CertificateNames {
    /// Its subject, if it has one that is made of texts.
    pub subject: Option<DistinguishedName>,
    /// Hosts.
    pub hosts: Vec<String>,
    /// URIs.
    pub uris: Vec<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
    /// Mail addresses.
    pub mail_addresses: Vec<String>,
}

impl CertificateNames {
    /// Reads the names of a certificate in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, NotACertificate> {
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| NotACertificate)?;
        if !rest.is_empty() {
            return Err(NotACertificate);
        }
        let subject = DistinguishedName::of(certificate.subject()).filter(|subject| !subject.is_empty());
        let mut names = Self { subject, ..Self::default() };
        let alternative = certificate.subject_alternative_name().map_err(|_| NotACertificate)?;
        for name in alternative.iter().flat_map(|extension| &extension.value.general_names) {
            match name {
                GeneralName::DNSName(host) => names.hosts.push((*host).to_owned()),
                GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
                GeneralName::RFC822Name(address) => names.mail_addresses.push((*address).to_owned()),
                GeneralName::IPAddress(octets) => names.addresses.extend(address(octets)),
                _ => {}
            }
        }
        Ok(names)
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 36500 -subj '/C=DE/O=Harbor, Ltd./CN=ci'
    /// -addext 'subjectAltName=DNS:ci.harbor.test,URI:spiffe://harbor.test/ci,IP:192.0.2.7,IP:2001:db8::7,email:ci@harbor.test'`
    const NAMED: &str = "MIICFzCCAb2gAwIBAgIUdY3Hgz1hegYEWBMNVLtLBmaOAxYwCgYIKoZIzj0EAwIwMTELMAkGA1UEBhMCREUxFTATBgNVBAoMDEhhcmJvciwgTHRk\
        LjELMAkGA1UEAwwCY2kwIBcNMjYxMTIzMDAxODA5WhgPMjEyNjEwMzAwMDE4MDlaMDExCzAJBgNVBAYTAkRFMRUwEwYDVQQKDAxIYXJib3IsIEx0\
        ZC4xCzAJBgNVBAMMAmNpMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeRxPHYJqx/iGzI8pdFTZNN0QpW9Pk0XB4ERTuzpDFRSDJFU32MCJi7kh\
        PTFfkVL2m6oj9dPI6cqKL9PxqlttM6OBsDCBrTAdBgNVHQ4EFgQUf2AtWyEiH5UGpdsZ/MOUGE/zJMEwHwYDVR0jBBgwFoAUf2AtWyEiH5UGpdsZ\
        /MOUGE/zJMEwDwYDVR0TAQH/BAUwAwEB/zBaBgNVHREEUzBRgg5jaS5oYXJib3IudGVzdIYXc3BpZmZlOi8vaGFyYm9yLnRlc3QvY2mHBMAAAgeH\
        ECABDbgAAAAAAAAAAAAAAAeBDmNpQGhhcmJvci50ZXN0MAoGCCqGSM49BAMCA0gAMEUCIAarxW671kCs5SV5iP2stawY5h/OyRJS8o7zxlIf/YUN\
        AiEAj3lBH7Ys5h506SnVpwhJJ2+tInE8x7+P1zcByMzXsFk=";

    #[test]
    fn a_certificate_calls_its_holder_by_several_names() {
        let names = CertificateNames::from_der(&STANDARD.decode(NAMED).unwrap()).unwrap();
        assert_eq!(names.subject, Some(r"CN=ci,O=Harbor\, Ltd.,C=DE".parse().unwrap()));
        assert_eq!(names.hosts, ["ci.harbor.test"]);
        assert_eq!(names.uris, ["spiffe://harbor.test/ci"]);
        assert_eq!(names.addresses, ["192.0.2.7".parse::<IpAddr>().unwrap(), "2001:db8::7".parse().unwrap()]);
        assert_eq!(names.mail_addresses, ["ci@harbor.test"]);
        assert_eq!(CertificateNames::from_der(b"nothing"), Err(NotACertificate));
    }
}
