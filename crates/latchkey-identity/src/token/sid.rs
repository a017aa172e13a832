//! The `sid` of a session: what one app knows a sign-in by. [Back-Channel Logout §2.1], [Front-Channel Logout §3]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::PurposeKey;
use crate::session::SessionId;

/// What it is told apart by from everything else that is made with its key.
const LABEL: &[u8] = b"session id";

/// One for each app, so that two who compare theirs do not learn that one person is behind both. `app` is its identifier, the `aud` of its
/// ID tokens.
pub fn sid(session: SessionId, app: &str, key: &PurposeKey) -> String {
    URL_SAFE_NO_PAD.encode(key.mac(&[LABEL, app.as_bytes(), session.0.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tests::a_key;
    use uuid::Uuid;

    #[test]
    fn no_two_apps_know_a_session_by_the_same_sid() {
        let of = |session: u128, app: &str| sid(SessionId(Uuid::from_u128(session)), app, &a_key());
        assert_eq!(of(1, "one"), of(1, "one"));
        assert_ne!(of(1, "one"), of(1, "two"));
        assert_ne!(of(1, "one"), of(2, "one"));
    }
}
