//! The client secret of the older kind: a JWT that the client sends just as it got it.
//!
//! Clients look at its `exp` at the most. What counts is what we kept of its whole text, as with every other client secret.

use latchkey_jose::base64url;
use latchkey_jose::unverified::decode_for_display;

use crate::client::{ClientId, ClientSecret};
use crate::entropy::Entropy;
use crate::secret::{PurposeKey, Secret};
use crate::time::Timestamp;

/// Makes a secret for an app of the older kind: what is shown once, and what is kept.
///
/// The claims are those of the secrets that its developers know: `cid` is the client, `csi` the secret's own id.
pub fn generate(
    client: ClientId,
    expires_at: Timestamp,
    key: &PurposeKey,
    now: Timestamp,
    entropy: &mut Entropy,
) -> (Secret, ClientSecret) {
    let id = entropy.uuid();
    let (from, until) = (now.as_secs(), expires_at.as_secs());
    let claims =
        format!(r#"{{"cid":"{client}","csi":"{id}","iss":"latchkey","aud":"latchkey","nbf":{from},"exp":{until}}}"#);
    let header = base64url::encode(r#"{"typ":"JWT","alg":"HS256"}"#);
    let signed = format!("{header}.{}", base64url::encode(claims));
    let signature = base64url::encode(key.mac(&[b"legacy client secret", signed.as_bytes(), &entropy.bytes32()]));
    let secret = Secret::new(format!("{signed}.{signature}"));
    let kept = ClientSecret::keep(client, &secret, id, expires_at, key, now);
    // All of them begin with the same header: people tell two apart by their ends.
    let hint = signature.get(signature.len().saturating_sub(6)..).map(|end| format!("\u{2026}{end}"));
    (secret, ClientSecret { hint: hint.unwrap_or_default(), ..kept })
}

/// The client that a secret says it belongs to: where to look, and no proof of anything. `None` if the text is no such JWT.
pub fn client_of(text: &str) -> Option<ClientId> {
    ClientId::parse(decode_for_display(text)?.payload.get("cid")?.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Purpose;
    use uuid::Uuid;

    #[test]
    fn a_secret_is_a_jwt_that_names_its_client_and_only_the_whole_text_counts() {
        let key = PurposeKey::derive(&[1; 32], Purpose::ClientSecret).unwrap();
        let client = ClientId(Uuid::from_u128(0xc1));
        let (now, end) = (Timestamp::from_secs(0), Timestamp::from_secs(10));
        let (secret, kept) = generate(client, end, &key, now, &mut Entropy::seeded(1));
        assert_eq!(client_of(secret.reveal()), Some(client));
        assert!(kept.matches(client, &secret, &key) && kept.is_live(now) && !kept.is_live(end));
        let (signed, _) = secret.reveal().rsplit_once('.').unwrap();
        for forged in [format!("{signed}."), format!("{signed}.AAAA"), format!("{}x", secret.reveal())] {
            assert!(!kept.matches(client, &Secret::new(forged), &key));
        }
        let (other, _) = generate(client, end, &key, now, &mut Entropy::seeded(2));
        assert_ne!(other, secret);
    }

    #[test]
    fn what_is_no_such_jwt_names_no_client() {
        for text in ["", "lks_abc", "a.b.c", "e30.e30.e30", "e30.eyJjaWQiOjF9.e30"] {
            assert_eq!(client_of(text), None, "{text}");
        }
    }
}
