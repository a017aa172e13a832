//! Whose certificate is taken for that of PostgreSQL.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::address::Protection;
use crate::error::OpenError;

/// What looks at certificates for a protection; nothing if it asks for no TLS.
pub(super) fn verifier(
    protection: &Protection,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, OpenError> {
    Ok(Some(match protection {
        Protection::Nothing => return Ok(None),
        Protection::Encryption => {
            tracing::warn!("nobody checks whether it is PostgreSQL that answers: sslmode=verify-full would");
            Arc::new(Checks { roots: None, name: false, signatures: provider.signature_verification_algorithms })
        }
        Protection::Authority(file) => Arc::new(Checks::by(file, false, provider)?),
        Protection::Name(Some(file)) => Arc::new(Checks::by(file, true, provider)?),
        Protection::Name(None) => {
            let unusable = |error| OpenError::Unreachable(format!("the authorities of the system: {error}"));
            Arc::new(Verifier::new(Arc::clone(provider)).map_err(unusable)?)
        }
    }))
}

/// What is checked of a certificate, beside that its key signs the handshake.
#[derive(Debug)]
struct Checks {
    roots: Option<RootCertStore>,
    name: bool,
    signatures: WebPkiSupportedAlgorithms,
}

impl Checks {
    /// By the authorities of a PEM file.
    fn by(file: &Path, name: bool, provider: &CryptoProvider) -> Result<Self, OpenError> {
        let unusable = |reason: String| OpenError::Unreachable(format!("sslrootcert {}: {reason}", file.display()));
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unusable(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(unusable("there is no certificate in it".to_owned()));
        }
        Ok(Self { roots: Some(roots), name, signatures: provider.signature_verification_algorithms })
    }
}

impl ServerCertVerifier for Checks {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(certificate)?;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, self.signatures.all)?;
            if self.name {
                verify_server_name(&certificate, name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.signatures)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.signatures)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.supported_schemes()
    }
}

/// In words that say what to do.
pub(super) fn explain(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        // Another authority of the same name signs otherwise.
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)) => {
            "has a certificate of an authority that is not trusted: sslrootcert names the file of the one that is"
                .into()
        }
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => "has a certificate for another name: the address has to have a name that is in it as an alternative name"
            .into(),
        Some(Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => {
            "has a certificate that has expired".into()
        }
        _ => format!("speaks no TLS with us: {error}"),
    }
}
