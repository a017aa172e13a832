//! Client secrets: generated here, 256 bits, kept as an HMAC.

use std::time::Duration;

use uuid::Uuid;

use crate::client::registration::ClientId;
use crate::client_auth::{Credential, CredentialKind};
use crate::entropy::Entropy;
use crate::limits::{SECRET_MARKED_BEFORE, SECRET_TOLD_DAYS_BEFORE};
use crate::secret::{PurposeKey, Secret};
use crate::time::Timestamp;

const DAY: Duration = Duration::from_secs(86_400);

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

    /// What stands in for it where it was shown.
    pub fn credential(&self) -> Credential {
        Credential { id: self.id, kind: CredentialKind::Secret, expires_at: Some(self.expires_at) }
    }

    /// How lists name it. Those of the older kind are told apart by their ends, all others by how they begin.
    pub fn label(&self) -> String {
        if self.hint.starts_with('…') { self.hint.clone() } else { format!("{}…", self.hint) }
    }

    /// Whether it still holds.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether pages say that it ends soon.
    pub fn ends_soon(&self, now: Timestamp) -> bool {
        self.is_live(now) && self.expires_at <= now + SECRET_MARKED_BEFORE
    }

    /// How many whole days are left.
    pub fn days_left(&self, now: Timestamp) -> u64 {
        self.expires_at.since(now).as_secs() / DAY.as_secs()
    }

    /// Which of the days before its end has come: its owner is told once for each. A day that was over when it was made does not count.
    pub fn due(&self, now: Timestamp) -> Option<u64> {
        let left = self.is_live(now).then(|| self.days_left(now))?;
        let days = |days: u64| DAY * u32::try_from(days).unwrap_or(u32::MAX);
        let has_come = |told: &u64| left <= *told && self.created_at < self.expires_at - days(*told);
        SECRET_TOLD_DAYS_BEFORE.into_iter().filter(has_come).min()
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

    #[test]
    fn an_owner_is_told_on_three_days_unless_it_was_made_later() {
        let (made, days) = (Timestamp::from_secs(0), |days| DAY * days);
        let living = |lifetime| ClientSecret {
            id: Uuid::nil(),
            mac: [0; 32],
            hint: "lks_abcd".into(),
            created_at: made,
            expires_at: made + days(lifetime),
        };
        let due = |lifetime, left| living(lifetime).due(made + days(lifetime - left));
        assert_eq!(
            [31, 30, 29, 8, 7, 2, 1].map(|left| due(60, left)),
            [None, Some(30), Some(30), Some(30), Some(7), Some(7), Some(1)]
        );
        assert_eq!([30, 29, 7].map(|left| due(30, left)), [None, None, Some(7)], "it never had more than 30 days");
        assert_eq!(due(60, 0), None, "it is over");
        let soon = |left: u32| living(60).ends_soon(made + days(60 - left));
        assert_eq!([15, 14, 1, 0].map(soon), [false, true, true, false]);
    }
}
