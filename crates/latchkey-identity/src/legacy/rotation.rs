//! The two secrets of an app of the older kind: one replaces the other, and what was made with one ends with it.
//!
//! The rule has two halves. An access token names the secret that it was made with, and holds only while that is there and live: so every
//! one ends with its secret, however that comes to its end, and whatever its family did meanwhile. A family ends with the secret that was
//! used last for it, when that is replaced or removed: so no refresh token stays that whoever held the secret may have.

use uuid::Uuid;

use crate::account::Account;
use crate::change::Change;
use crate::client::registration::RegistrationError;
use crate::client::{Client, ClientId, ClientSecret};
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::Event;
use crate::legacy::secret;
use crate::limits;
use crate::secret::{PurposeKey, Secret};
use crate::time::{Timestamp, days};
use crate::token::family::FamilyId;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecretType {
    /// The first.
    Primary,
    /// The one beside it.
    Alternative,
}

impl SecretType {
    /// The type of that name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [("primary", Self::Primary), ("alternative", Self::Alternative)]
            .into_iter()
            .find_map(|(known, secret_type)| known.eq_ignore_ascii_case(name).then_some(secret_type))
    }

    /// The live secret in this place.
    pub fn of(self, client: &Client, now: Timestamp) -> Option<&ClientSecret> {
        let mut live = client.secrets.iter().filter(|secret| secret.is_live(now));
        match self {
            Self::Primary => live.next(),
            Self::Alternative => live.nth(1),
        }
    }
}

/// Replaces one of the two secrets. The old one, and the tokens that were made with it, end at once.
///
/// `made_with` are the token families that the old one was last used for.
pub fn rotate(
    client: &Client,
    old: &ClientSecret,
    made_with: Vec<FamilyId>,
    by: &Account,
    key: &PurposeKey,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<(Secret, ClientSecret), RegistrationError> {
    if client.owner != Some(by.id) || !client.is_legacy() {
        return Decision::refuse(RegistrationError::NotYours);
    }
    let end = now + days(limits::LEGACY_SECRET_DAYS);
    let (shown, kept) = secret::generate(client.id, end, key, now, entropy);
    let added = Event::secret_added(client, &kept);
    // It takes the place of the old one among the two, and that goes by when they came.
    let kept = ClientSecret { created_at: old.created_at, ..kept };
    Decision::grant((shown, kept.clone()))
        .and(Change::Record(Event::secret_removed(client, old.id, now).by(by.id)))
        .and(Change::Record(added.by(by.id)))
        .and(Change::AddSecret { client: client.id, secret: kept, from_version: client.version })
        .and(Change::RemoveSecret { client: client.id, secret: old.id })
        .and(end_made_with(old.id, made_with, now))
}

/// The end of the families that a secret was last used for, which goes with its removal.
pub fn end_made_with(secret: Uuid, made_with: Vec<FamilyId>, at: Timestamp) -> Change {
    Change::EndTokensMadeWith { secret, families: made_with, at }
}

/// The same decision, with a note by which secret the tokens are made. Nothing is made with one that is not there any more.
pub fn made_with<T, E>(decision: Decision<T, E>, client: ClientId, secret: Uuid) -> Decision<T, E> {
    let family = decision.changes.iter().find_map(|change| match change {
        Change::StartFamily(family) => Some(family.id),
        Change::RotateFamily { family, .. } => Some(*family),
        _ => None,
    });
    let Some(family) = family else { return decision };
    // The secret comes first, as where it is replaced: who changes both does it in one order.
    let changes = std::iter::once(Change::HoldSecret { client, secret }).chain(decision.changes);
    Decision { answer: decision.answer, changes: changes.collect() }.and(Change::NoteMadeWith { family, secret })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legacy::registration::tests::an_imported_client;
    use crate::secret::Purpose;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    #[test]
    fn a_replaced_secret_keeps_its_place_and_takes_its_tokens_along() {
        let key = PurposeKey::derive(&[1; 32], Purpose::ClientSecret).unwrap();
        let by = crate::sign_in::tests::an_account();
        let client = Client { owner: Some(by.id), ..an_imported_client() };
        let secret = |seed, at| {
            let end = Timestamp::from_secs(9_000);
            secret::generate(client.id, end, &key, Timestamp::from_secs(at), &mut Entropy::seeded(seed)).1
        };
        let client = Client { secrets: vec![secret(1, 1), secret(2, 2)], ..client.clone() };
        let old = SecretType::Primary.of(&client, NOW).unwrap();
        let families = vec![FamilyId(Uuid::from_u128(7))];
        let decision = rotate(&client, old, families.clone(), &by, &key, NOW, &mut Entropy::seeded(3));
        let (shown, kept) = decision.answer.clone().unwrap();
        assert!(kept.matches(client.id, &shown, &key) && kept.created_at == old.created_at);
        let ended = Change::EndTokensMadeWith { secret: old.id, families, at: NOW };
        assert!(decision.changes.contains(&ended));
        assert!(decision.changes.contains(&Change::RemoveSecret { client: client.id, secret: old.id }));
        assert_eq!(SecretType::Alternative.of(&client, NOW).map(|secret| secret.id), Some(client.secrets[1].id));
        assert_eq!(SecretType::Primary.of(&client, Timestamp::from_secs(9_000)), None);
        let stranger = Account { tenant_administrator: true, id: crate::account::AccountId(Uuid::from_u128(99)), ..by };
        let refused = rotate(&client, old, Vec::new(), &stranger, &key, NOW, &mut Entropy::seeded(3));
        assert_eq!((refused.answer, refused.changes), (Err(RegistrationError::NotYours), Vec::new()));
    }

    #[test]
    fn the_types_have_the_names_of_the_original() {
        assert_eq!(SecretType::parse("Primary"), Some(SecretType::Primary));
        assert_eq!(SecretType::parse("alternative"), Some(SecretType::Alternative));
        assert_eq!(SecretType::parse("both"), None);
    }
}
