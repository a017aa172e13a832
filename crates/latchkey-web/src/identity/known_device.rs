//! Devices that people signed in from before: whoever guesses passwords elsewhere does not keep them out.

use latchkey_jose::base64url;
use latchkey_jose::digest::constant_time_eq;

use crate::app::{App, random};

/// Accounts remembered on one device.
const ACCOUNTS_PER_DEVICE: usize = 10;

/// A device, and proofs of the accounts that signed in from it before: `id.proof.proof`.
pub(super) struct KnownDevice {
    id: [u8; 16],
    proofs: Vec<String>,
}

impl KnownDevice {
    /// Reads the cookie. Without one it is a new device.
    pub(super) fn read(cookie: Option<&str>) -> Self {
        let mut parts = cookie.unwrap_or_default().split('.');
        let id = parts.next().and_then(|id| base64url::decode(id).ok()?.try_into().ok());
        let proofs = parts.take(ACCOUNTS_PER_DEVICE).map(str::to_owned).collect();
        match id {
            Some(id) => Self { id, proofs },
            None => Self { id: random(), proofs: Vec::new() },
        }
    }

    /// Which device it is, if the account of this address signed in from it before.
    pub(super) fn known_to(&self, app: &App, email_key: &str) -> Option<[u8; 16]> {
        let proof = self.proof(app, email_key);
        let proves = |known: &String| constant_time_eq(known.as_bytes(), proof.as_bytes());
        self.proofs.iter().any(proves).then_some(self.id)
    }

    /// The cookie, once the account of this address has signed in from it.
    pub(super) fn with(mut self, app: &App, email_key: &str) -> String {
        let proof = self.proof(app, email_key);
        self.proofs.retain(|known| *known != proof);
        self.proofs.insert(0, proof);
        self.proofs.truncate(ACCOUNTS_PER_DEVICE);
        format!("{}.{}", base64url::encode(self.id), self.proofs.join("."))
    }

    fn proof(&self, app: &App, email_key: &str) -> String {
        let mac = app.keys.known_device.mac(&[&self.id, email_key.as_bytes()]);
        base64url::encode(mac.get(..16).unwrap_or_default())
    }
}
