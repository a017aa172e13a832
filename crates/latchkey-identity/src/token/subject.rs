//! The `sub` of an account: what a client knows a person by. [OpenID Connect Core §8]

use latchkey_jose::base64url;

use crate::account::AccountId;
use crate::client::sector::sector;
use crate::client::{Client, Profile, SubjectType};
use crate::secret::{PurposeKey, sha256};

/// What a pairwise subject is told apart by from everything else that is made with its key.
const LABEL: &[u8] = b"pairwise subject";

/// The subject: the account's id; one for each sector where the client registered for that; in the Microsoft world one for each client.
///
/// Nobody without the key can tell which pairwise subjects are of one account. It is the key of refresh tokens, so that every grant has it.
pub fn subject(client: &Client, account: AccountId, key: &PurposeKey) -> String {
    match (client.profile, client.metadata.subject_type) {
        (Profile::Microsoft, _) => {
            base64url::encode(sha256([*client.id.0.as_bytes(), *account.0.as_bytes()].as_flattened()))
        }
        (_, SubjectType::Public) => account.to_string(),
        (_, SubjectType::Pairwise) => {
            let sector = sector(client);
            base64url::encode(key.mac(&[LABEL, sector.as_bytes(), account.0.as_bytes()]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::registration::tests::a_client;
    use crate::client::{ClientId, Metadata, RedirectUri};
    use crate::token::tests::a_key;
    use uuid::Uuid;

    const ANA: AccountId = AccountId(Uuid::from_u128(3));

    fn of(id: u128, profile: Profile, subject_type: SubjectType, uri: &str) -> String {
        let metadata = Metadata { subject_type, ..Metadata::default() };
        let redirect_uris = vec![RedirectUri::from_stored(uri.to_owned())];
        subject(
            &Client { id: ClientId(Uuid::from_u128(id)), profile, metadata, redirect_uris, ..a_client() },
            ANA,
            &a_key(),
        )
    }

    #[test]
    fn a_subject_is_one_for_all_clients_or_one_for_each_sector_or_client() {
        use Profile::{Microsoft, Standard};
        use SubjectType::{Pairwise, Public};
        let (a, b) = ("https://a.test/one", "https://b.test/one");
        assert_eq!(of(1, Standard, Public, a), ANA.to_string());
        assert_eq!(of(1, Standard, Pairwise, a), of(2, Standard, Pairwise, "https://a.test:8443/two"));
        assert_ne!(of(1, Standard, Pairwise, a), of(1, Standard, Pairwise, b));
        assert_ne!(of(1, Microsoft, Public, a), of(2, Microsoft, Public, a));
        for text in [of(1, Standard, Pairwise, a), of(1, Microsoft, Public, a)] {
            assert!(text.len() == 43 && !text.contains(&ANA.to_string()), "{text}");
        }
    }
}
