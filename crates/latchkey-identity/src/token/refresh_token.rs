//! The text of a refresh token: `lkr_` and base64url of family (16 bytes), generation (4) and a secret (32) derived from both.
//!
//! The secret is an HMAC, so a token that we did not make is refused without a look at the store, and the repeat of a lost answer derives
//! the same successor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::secret::{PurposeKey, Secret};
use crate::token::family::FamilyId;

const PREFIX: &str = "lkr_";

/// A refresh token that we made: its family and its generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefreshToken {
    /// The family.
    pub family: FamilyId,
    /// How many came before it.
    pub generation: u32,
}

impl RefreshToken {
    /// Reads a refresh token; `None` if we did not make it.
    pub fn read(text: &str, key: &PurposeKey) -> Option<Self> {
        let bytes: [u8; 52] = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?.try_into().ok()?;
        let (family, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, secret) = rest.split_first_chunk::<4>()?;
        key.verify(&[family, generation], secret)
            .then(|| Self { family: FamilyId(Uuid::from_bytes(*family)), generation: u32::from_be_bytes(*generation) })
    }

    /// The text that the client gets.
    pub fn text(self, key: &PurposeKey) -> Secret {
        let (family, generation) = (self.family.0.into_bytes(), self.generation.to_be_bytes());
        let mut bytes = Vec::with_capacity(52);
        bytes.extend_from_slice(&family);
        bytes.extend_from_slice(&generation);
        bytes.extend_from_slice(&key.mac(&[&family, &generation]));
        Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tests::a_key;

    #[test]
    fn only_our_own_texts_are_refresh_tokens() {
        let token = RefreshToken { family: FamilyId(Uuid::from_u128(5)), generation: 3 };
        let text = token.text(&a_key());
        assert_eq!(RefreshToken::read(text.reveal(), &a_key()), Some(token));
        assert_eq!(token.text(&a_key()), text, "the repeat of a lost answer is the same text");
        let other = PurposeKey::derive(&[1; 32], crate::secret::Purpose::RefreshToken).unwrap();
        assert_eq!(RefreshToken::read(text.reveal(), &other), None);
        for index in 0..text.reveal().len() {
            let mut bytes = text.reveal().as_bytes().to_vec();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(RefreshToken::read(std::str::from_utf8(&bytes).unwrap(), &a_key()), None);
        }
        for bad in ["", "lkr_", "lkr_AAAA", &format!("{}A", text.reveal())] {
            assert_eq!(RefreshToken::read(bad, &a_key()), None);
        }
    }
}
