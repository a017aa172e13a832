//! The text of a refresh token: `lkr_` and base64url of family (16 bytes), generation (4) and a secret (32) derived from both.
//!
//! The secret is an HMAC, so a token that we did not make is refused without a look at the store, and the repeat of a lost answer derives
//! the same successor.

use latchkey_jose::base64url;
use uuid::Uuid;

use crate::secret::{PurposeKey, Secret};
use crate::token::family::FamilyId;

const PREFIX: &str = "lkr_";
const LEGACY_PREFIX: &str = "lkl_";
const LEGACY: &[u8] = b"legacy";

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
        let (token, secret) = Self::parts(text.strip_prefix(PREFIX)?)?;
        let (family, generation) = (token.family.0.into_bytes(), token.generation.to_be_bytes());
        key.verify(&[&family, &generation], &secret).then_some(token)
    }

    /// The text that the client gets.
    pub fn text(self, key: &PurposeKey) -> Secret {
        let (family, generation) = (self.family.0.into_bytes(), self.generation.to_be_bytes());
        self.written(PREFIX, key.mac(&[&family, &generation]))
    }

    /// Reads a refresh token of the older kind. Neither kind is ever taken for the other: their secrets are derived from other parts.
    pub fn read_legacy(text: &str, key: &PurposeKey) -> Option<Self> {
        let (token, secret) = Self::parts(text.strip_prefix(LEGACY_PREFIX)?)?;
        let (family, generation) = (token.family.0.into_bytes(), token.generation.to_be_bytes());
        key.verify(&[LEGACY, &family, &generation], &secret).then_some(token)
    }

    /// The text that a client of the older kind gets.
    pub fn legacy_text(self, key: &PurposeKey) -> Secret {
        let (family, generation) = (self.family.0.into_bytes(), self.generation.to_be_bytes());
        self.written(LEGACY_PREFIX, key.mac(&[LEGACY, &family, &generation]))
    }

    fn parts(text: &str) -> Option<(Self, [u8; 32])> {
        let bytes: [u8; 52] = base64url::decode_exactly(text).ok()?;
        let (family, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, secret) = rest.split_first_chunk::<4>()?;
        let token = Self { family: FamilyId(Uuid::from_bytes(*family)), generation: u32::from_be_bytes(*generation) };
        Some((token, secret.try_into().ok()?))
    }

    fn written(self, prefix: &str, secret: [u8; 32]) -> Secret {
        let mut bytes = Vec::with_capacity(52);
        bytes.extend_from_slice(self.family.0.as_bytes());
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&secret);
        Secret::new(format!("{prefix}{}", base64url::encode(bytes)))
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
        let older = token.legacy_text(&a_key());
        assert_eq!(RefreshToken::read_legacy(older.reveal(), &a_key()), Some(token));
        for (older, newer) in [
            (older.reveal(), text.reveal()),
            (&older.reveal().replace("lkl_", "lkr_"), &text.reveal().replace("lkr_", "lkl_")),
        ] {
            assert_eq!((RefreshToken::read(older, &a_key()), RefreshToken::read_legacy(newer, &a_key())), (None, None));
        }
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
