//! Client secrets: generated here, 256 bits, kept as an HMAC, or encrypted beside it where the server has to read them; and who adds and removes them.

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::change::Change;
use crate::client::fapi2::NotFapi2;
use crate::client::registered_client::{Client, ClientId, Profile};
use crate::client::registration::RegistrationError;
use crate::client_auth::{Credential, CredentialKind, Method};
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::Event;
use crate::legacy;
use crate::limits::{self, SECRET_MARKED_BEFORE, SECRET_TOLD_DAYS_BEFORE};
use crate::secret::{PurposeKey, Secret};
use crate::time::{self, Timestamp, days, whole_days};
use crate::token::family::FamilyId;

/// What we keep of a client secret. Nothing slow is needed: the secret has 256 random bits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientSecret {
    /// Its id, for lists.
    pub id: Uuid,
    /// HMAC of client and secret under the server's own key.
    pub mac: [u8; 32],
    /// The secret itself, encrypted, of one that its client authenticates assertions with. Of every other the HMAC is all.
    pub sealed: Option<Vec<u8>>,
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

    /// Makes a secret that its client authenticates assertions with: the server reads it to check them. It is as long as the longest hash.
    /// [RFC 7518 §3.2]
    pub fn generate_shared(
        client: ClientId,
        expires_at: Timestamp,
        key: &PurposeKey,
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> (Secret, Self) {
        let [first, second] = [Secret::generate(entropy), Secret::generate(entropy)];
        let secret = Secret::new(format!("lks_{}{}", first.reveal(), second.reveal()));
        let kept = Self::keep(client, &secret, entropy.uuid(), expires_at, key, now);
        let sealed = key.seal(secret.reveal().as_bytes(), client.0.as_bytes());
        (secret, Self { sealed, ..kept })
    }

    /// The secret itself, if it was made to be read.
    pub(crate) fn shared(&self, client: ClientId, key: &PurposeKey) -> Option<Zeroizing<Vec<u8>>> {
        key.open(self.sealed.as_ref()?, client.0.as_bytes())
    }

    /// Whether an app that is fixed to this method can use it.
    pub fn suits(&self, method: Option<Method>) -> bool {
        method != Some(Method::ClientSecretJwt) || self.sealed.is_some()
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
        Self { id, mac: key.mac(&kept_of(&client, secret)), sealed: None, hint, created_at: now, expires_at }
    }

    /// Whether `given` is this secret, in constant time. Its end is checked apart, so that both take the same time.
    pub fn matches(&self, client: ClientId, given: &Secret, key: &PurposeKey) -> bool {
        key.verify(&kept_of(&client, given), &self.mac)
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
        whole_days(self.expires_at.since(now))
    }

    /// Which of the days before its end has come: its owner is told once for each. A day that was over when it was made does not count.
    pub fn due(&self, now: Timestamp) -> Option<u64> {
        let left = self.is_live(now).then(|| self.days_left(now))?;
        let before = |told: u64| self.expires_at - days(u32::try_from(told).unwrap_or(u32::MAX));
        let has_come = |told: &u64| left <= *told && self.created_at < before(*told);
        SECRET_TOLD_DAYS_BEFORE.into_iter().filter(has_come).min()
    }
}

/// Whether a client can use one more secret, whoever made it.
pub fn may_hold_secret(client: &Client, now: Timestamp) -> Result<(), RegistrationError> {
    if !client.kind.is_confidential() {
        return Err(RegistrationError::PublicClient);
    }
    if client.document.is_some() {
        return Err(RegistrationError::DescribesItself);
    }
    if client.profile == Profile::Fapi2 {
        return Err(NotFapi2::Secret.into());
    }
    if client.secrets.iter().filter(|secret| secret.is_live(now)).count() >= limits::SECRETS_PER_CLIENT {
        return Err(RegistrationError::TooManySecrets);
    }
    Ok(())
}

/// Adds a secret that lives `days`. The secret is in the answer and nowhere else.
pub fn add_secret(
    client: &Client,
    by: &Account,
    days: u32,
    key: &PurposeKey,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<(Secret, ClientSecret), RegistrationError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    if let Err(error) = may_hold_secret(client, now) {
        return Decision::refuse(error);
    }
    if client.is_legacy() && !(1..=limits::LEGACY_SECRET_DAYS).contains(&days) {
        return Decision::refuse(RegistrationError::LegacySecretLifetime);
    }
    if !(1..=limits::CLIENT_SECRET_LIFETIME_DAYS).contains(&days) {
        return Decision::refuse(RegistrationError::SecretLifetime);
    }
    let expires_at = now + time::days(days);
    let generate = match client.authentication.method {
        _ if client.is_legacy() => legacy::secret::generate,
        Some(Method::ClientSecretJwt) => ClientSecret::generate_shared,
        _ => ClientSecret::generate,
    };
    let (secret, kept) = generate(client.id, expires_at, key, now, entropy);
    Decision::grant((secret, kept.clone()))
        .and(Change::Record(Event::secret_added(client, &kept).by(by.id)))
        .and(Change::AddSecret { client: client.id, secret: kept, from_version: client.version })
}

/// Removes a secret: nobody authenticates with it again. With one of an app of the older kind ends what was made with it: `made_with` are the
/// token families that it was last used for.
pub fn remove_secret(
    client: &Client,
    secret: Uuid,
    made_with: Vec<FamilyId>,
    by: &Account,
    now: Timestamp,
) -> Decision<(), RegistrationError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    if !client.secrets.iter().any(|kept| kept.id == secret) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    let ends = client.is_legacy().then(|| legacy::rotation::end_made_with(secret, made_with, now));
    Decision::grant(())
        .and_all(ends)
        .and(Change::Record(Event::secret_removed(client, secret, now).by(by.id)))
        .and(Change::RemoveSecret { client: client.id, secret })
}

/// What is authenticated of a client's secret.
fn kept_of<'a>(client: &'a ClientId, secret: &'a Secret) -> [&'a [u8]; 2] {
    [client.0.as_bytes(), secret.reveal().as_bytes()]
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
        let made = Timestamp::from_secs(0);
        let living = |lifetime| ClientSecret {
            id: Uuid::nil(),
            mac: [0; 32],
            sealed: None,
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
