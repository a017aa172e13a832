//! The authorities that vouch for the names of clients' certificates, as the operator configured them. [RFC 8705 §2.1], [RFC 5280 §6]
//!
//! A chain is checked when a client is to be known by a name, at that moment and not when hands were shaken: an authority that is
//! taken away, and a certificate that ends, count for nothing from then on, whatever connections are open.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use latchkey_identity::Timestamp;
use latchkey_jose::CertificateNames;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use crate::visitor::ClientCertificate;

/// The authorities. They may be replaced while the server runs. Without any, nobody vouches for anybody.
#[derive(Clone, Default)]
pub struct ClientAuthorities(Arc<RwLock<Option<Arc<dyn ClientCertVerifier>>>>);

/// Why certificates cannot be authorities.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoAuthority(String);

impl ClientAuthorities {
    /// From now on these vouch, and no others.
    pub fn replace(&self, authorities: Vec<CertificateDer<'static>>) -> Result<(), NoAuthority> {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority).map_err(|error| NoAuthority(error.to_string()))?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let verifier = verifier.map_err(|error| NoAuthority(error.to_string()))?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(verifier);
        Ok(())
    }

    /// Whether there are any.
    pub fn are_there(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The names of a certificate, if one of the authorities vouches for it: the chain leads there, nothing in it has ended, only
    /// authorities signed, within what they may name, and the certificate is for clients.
    pub fn vouch_for(&self, shown: &ClientCertificate, now: Timestamp) -> Option<CertificateNames> {
        let verifier = self.0.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let (certificate, between) = shown.chain.split_first()?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now.as_secs()).ok()?));
        if let Err(error) = verifier.verify_client_cert(certificate, between, now) {
            tracing::debug!(%error, "nobody vouches for the certificate of a client");
            return None;
        }
        CertificateNames::from_der(certificate).ok()
    }
}

impl fmt::Debug for ClientAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.are_there() { "authorities" } else { "no authorities" })
    }
}
