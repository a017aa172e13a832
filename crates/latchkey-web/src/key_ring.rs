//! The signing keys of one moment, parsed once and held.

use latchkey_identity::key_rotation::{FreshKey, Key, KeyState, Sealed};
use latchkey_identity::secret::PurposeKey;
use latchkey_identity::token::access_token;
use latchkey_jose::{Algorithm, JwkSet, KeySet, SigningKey};

use crate::app::StartError;

/// The signing keys of one moment: those that sign, and those that what was signed is checked with.
#[derive(Debug, Default)]
pub struct KeyRing {
    active: Vec<SigningKey>,
    access: KeySet,
    identity: KeySet,
    published: JwkSet,
}

impl KeyRing {
    /// Opens what is kept.
    pub(crate) fn open(kept: &[Key], sealing: &PurposeKey) -> Result<Self, StartError> {
        let mut ring = Self::default();
        let (mut access, mut identity) = (Vec::new(), Vec::new());
        for kept in kept.iter().filter(|key| key.counts()) {
            let document = sealing.open(&kept.sealed.0, kept.kid.as_bytes()).ok_or(StartError::SigningKey)?;
            let key = SigningKey::from_pkcs8(kept.algorithm, &document).map_err(|_| StartError::SigningKey)?;
            let verifying = || key.verifying_key().map_err(|_| StartError::SigningKey);
            if kept.algorithm == access_token::ALGORITHM {
                access.push(verifying()?);
            }
            identity.push(verifying()?);
            ring.published.keys.push(key.public_jwk());
            if kept.state == KeyState::Active {
                ring.active.push(key);
            }
        }
        (ring.access, ring.identity) = (KeySet::new(access), KeySet::new(identity));
        Ok(ring)
    }

    /// The key that signs with an algorithm.
    pub fn signing(&self, algorithm: Algorithm) -> Option<&SigningKey> {
        self.active.iter().find(|key| key.algorithm() == algorithm)
    }

    /// What access tokens are checked with that our own side reads.
    pub const fn access(&self) -> &KeySet {
        &self.access
    }

    /// What ID tokens are checked with that come back, and access tokens that are for apps.
    pub const fn identity(&self) -> &KeySet {
        &self.identity
    }

    /// The public keys, for the JWKS document.
    pub const fn published(&self) -> &JwkSet {
        &self.published
    }

    /// Whether everything that counts by this ring counts by another one too.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let kept = |kid: Option<&str>| other.identity.keys().iter().any(|key| key.kid() == kid);
        self.identity.keys().iter().all(|key| kept(key.kid()))
    }
}

/// Makes a key that nobody knows of yet. One of RSA takes a while.
pub(crate) fn make(algorithm: Algorithm, sealing: &PurposeKey) -> Result<FreshKey, StartError> {
    let key = SigningKey::generate(algorithm).map_err(|_| StartError::Provider)?;
    let document = key.to_pkcs8().map_err(|_| StartError::Provider)?;
    let sealed = sealing.seal(&document, key.kid().as_bytes()).ok_or(StartError::Provider)?;
    Ok(FreshKey { kid: key.kid().to_owned(), algorithm, sealed: Sealed(sealed) })
}
