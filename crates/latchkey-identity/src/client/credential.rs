//! Client secrets: generated here, 256 bits, kept as an HMAC.

use uuid::Uuid;

use crate::client::registration::ClientId;
use crate::entropy::Entropy;
use crate::secret::{PurposeKey, Secret};
use crate::time::Timestamp;

/// What we keep of a client secret. Nothing slow is needed: the secret has 256 random bits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientSecret {
    /// Its id, for lists.
    pub id: Uuid,
    /// HMAC of client and secret under the server's own key.
    pub mac: [u8; 32],
    /// Its first characters, so that people can tell two apart.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl ClientSecret {
    /// Makes a secret for a client: what is shown once, and what is kept.
    pub fn generate(
        client: ClientId,
        expires_at: Timestamp,
        key: &PurposeKey,
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> (Secret, Self) {
        // The prefix lets scanners of source code know what they found.
        let secret = Secret::new(format!("lks_{}", Secret::generate(entropy).reveal()));
        let kept = Self::keep(client, &secret, entropy.uuid(), expires_at, key, now);
        (secret, kept)
    }

    /// What is kept of a secret.
    pub(crate) fn keep(
        client: ClientId,
        secret: &Secret,
        id: Uuid,
        expires_at: Timestamp,
        key: &PurposeKey,
        now: Timestamp,
    ) -> Self {
        let hint = secret.reveal().chars().take(8).collect();
        Self { id, mac: mac(client, secret, key), hint, created_at: now, expires_at }
    }

    /// Whether `given` is this secret, in constant time. Its end is checked apart, so that both take the same time.
    pub fn matches(&self, client: ClientId, given: &Secret, key: &PurposeKey) -> bool {
        key.verify(&[client.0.as_bytes(), given.reveal().as_bytes()], &self.mac)
    }

    /// Whether it still holds.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

fn mac(client: ClientId, secret: &Secret, key: &PurposeKey) -> [u8; 32] {
    key.mac(&[client.0.as_bytes(), secret.reveal().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Purpose;

    #[test]
    fn a_secret_is_its_own_clients_only() {
        let key = PurposeKey::derive(&[1; 32], Purpose::ClientSecret).unwrap();
        let (one, two) = (ClientId(Uuid::from_u128(1)), ClientId(Uuid::from_u128(2)));
        let now = Timestamp::from_secs(0);
        let (secret, kept) = ClientSecret::generate(one, Timestamp::from_secs(10), &key, now, &mut Entropy::seeded(1));
        assert!(kept.matches(one, &secret, &key));
        assert!(!kept.matches(two, &secret, &key));
        assert!(!kept.matches(one, &Secret::new("lks_"), &key));
        assert!(kept.is_live(Timestamp::from_secs(9)) && !kept.is_live(Timestamp::from_secs(10)));
    }
}
