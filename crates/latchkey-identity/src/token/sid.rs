//! The `sid` of a session: what one app knows a sign-in by. [Back-Channel Logout §2.1], [Front-Channel Logout §3]

use latchkey_jose::base64url;

use crate::client::{Client, Profile, SubjectType};
use crate::secret::PurposeKey;
use crate::session::SessionId;

/// What it is told apart by from everything else that is made with its key.
const LABEL: &[u8] = b"session id";

/// One for each app, so that two who compare theirs do not learn that one person is behind both. `app` is its identifier, the `aud` of its
/// ID tokens.
pub fn sid(session: SessionId, app: &str, key: &PurposeKey) -> String {
    base64url::encode(key.mac(&[LABEL, app.as_bytes(), session.0.as_bytes()]))
}

/// Whether an ID token of this client names the session.
///
/// In the profile `fapi2` it says nothing that the client has no use for. A session is of use to one that is told of sign-outs, and to one
/// that knows people by a subject of its own: its ID token names nobody else when it comes back as a hint.
pub fn is_told(client: &Client) -> bool {
    client.profile != Profile::Fapi2
        || client.hears_of_sign_outs()
        || client.metadata.subject_type == SubjectType::Pairwise
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::registration::tests::a_client;
    use crate::token::tests::a_key;
    use uuid::Uuid;

    #[test]
    fn a_client_of_the_fapi_profile_learns_of_a_session_only_what_it_can_use() {
        let fapi = Client { profile: Profile::Fapi2, ..a_client() };
        assert!(is_told(&a_client()));
        assert!(!is_told(&fapi));
        let mut pairwise = fapi.clone();
        pairwise.metadata.subject_type = SubjectType::Pairwise;
        assert!(is_told(&pairwise));
        let address = fapi.redirect_uris.first().cloned();
        assert!(address.is_some());
        let mut told = fapi.clone();
        told.logout.backchannel_logout_uri.clone_from(&address);
        assert!(is_told(&told));
        let mut framed = fapi;
        framed.logout.frontchannel_logout_uri = address;
        assert!(is_told(&framed));
    }

    #[test]
    fn no_two_apps_know_a_session_by_the_same_sid() {
        let of = |session: u128, app: &str| sid(SessionId(Uuid::from_u128(session)), app, &a_key());
        assert_eq!(of(1, "one"), of(1, "one"));
        assert_ne!(of(1, "one"), of(1, "two"));
        assert_ne!(of(1, "one"), of(2, "one"));
    }
}
