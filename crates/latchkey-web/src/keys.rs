//! The keys that come from the server's master key, one for each purpose. Keys that sign are in [`crate::key_ring`].

use latchkey_identity::secret::{Purpose, PurposeKey};

use crate::app::StartError;

/// Keys derived from the server's master key, one for each purpose.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Refresh tokens, and the pairwise subjects of people.
    pub refresh_token: PurposeKey,
    /// Client secrets, and registration access tokens.
    pub client_secret: PurposeKey,
    /// Forms of our own pages, and set-up links.
    pub form: PurposeKey,
    /// Devices that accounts signed in from before.
    pub known_device: PurposeKey,
    /// What guesses at passwords are counted under.
    pub guess: PurposeKey,
    /// Positions in long lists.
    pub continuation: PurposeKey,
    /// Private signing keys at rest.
    pub key_encryption: PurposeKey,
    /// Nonces that DPoP proofs carry.
    pub dpop_nonce: PurposeKey,
    /// Secrets that we have at upstream providers, and what goes along with a sign-in there.
    pub upstream: PurposeKey,
}

impl Keys {
    /// Derives all of them.
    pub fn derive(master: &[u8; 32]) -> Result<Self, StartError> {
        let derive = |purpose| PurposeKey::derive(master, purpose).map_err(|_| StartError::Provider);
        Ok(Self {
            refresh_token: derive(Purpose::RefreshToken)?,
            client_secret: derive(Purpose::ClientSecret)?,
            form: derive(Purpose::Form)?,
            known_device: derive(Purpose::KnownDevice)?,
            guess: derive(Purpose::Guess)?,
            continuation: derive(Purpose::Continuation)?,
            key_encryption: derive(Purpose::KeyEncryption)?,
            dpop_nonce: derive(Purpose::DpopNonce)?,
            upstream: derive(Purpose::Upstream)?,
        })
    }
}
