//! Keys for one purpose each, derived from the server's one secret.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

use crate::digest::first;

/// A key for one purpose. It authenticates and it seals, with independent keys for each, so that nothing made for one purpose
/// means anything for another. [RFC 5869]
pub struct DerivedKey {
    mac: hmac::Key,
    seal: RandomizedNonceKey,
}

/// The provider of cryptography failed: a broken machine, never bad input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the provider of cryptography failed")]
pub struct ProviderFailed;

/// What was to be opened was not sealed by this key for this context, or was changed since.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not sealed by this key for this context")]
pub struct NotSealedHere;

impl DerivedKey {
    /// The key for `purpose` under the server's secret `root`, which must be at least 32 random bytes to be worth anything.
    pub fn derive(root: &[u8], purpose: &str) -> Result<Self, ProviderFailed> {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"latchkey").extract(root);
        let expand = |use_: &str| -> Result<Zeroizing<[u8; 32]>, ProviderFailed> {
            let mut key = Zeroizing::new([0; 32]);
            root.expand(&[use_.as_bytes(), b"\0", purpose.as_bytes()], hkdf::HKDF_SHA256)
                .and_then(|expanded| expanded.fill(key.as_mut_slice()))
                .map_err(|_| ProviderFailed)?;
            Ok(key)
        };
        Ok(Self {
            mac: hmac::Key::new(hmac::HMAC_SHA256, expand("mac")?.as_slice()),
            seal: RandomizedNonceKey::new(&AES_256_GCM, expand("seal")?.as_slice()).map_err(|_| ProviderFailed)?,
        })
    }

    /// The HMAC-SHA-256 of a list of parts. Each part goes in with its length, so `["ab", "c"]` is not `["a", "bc"]`.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        first(self.authenticate(parts).as_ref())
    }

    /// Whether `tag` is the MAC of the parts, compared in constant time.
    pub fn is_mac(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        crate::digest::constant_time_eq(self.authenticate(parts).as_ref(), tag)
    }

    /// Encrypts with AES-256-GCM under a random nonce: nonce, ciphertext, tag. `context` is not stored; opening asks for the
    /// same again, so a value cannot be moved to where it does not belong.
    pub fn seal(&self, plaintext: &[u8], context: &[u8]) -> Result<Vec<u8>, ProviderFailed> {
        let mut ciphertext = plaintext.to_vec();
        let nonce =
            self.seal.seal_in_place_append_tag(Aad::from(context), &mut ciphertext).map_err(|_| ProviderFailed)?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + ciphertext.len());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut ciphertext);
        Ok(sealed)
    }

    /// Decrypts what [`DerivedKey::seal`] made for the same context.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotSealedHere> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(NotSealedHere)?;
        let mut opened = Zeroizing::new(ciphertext.to_vec());
        let length = self
            .seal
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut opened)
            .map_err(|_| NotSealedHere)?
            .len();
        opened.truncate(length);
        Ok(opened)
    }

    fn authenticate(&self, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.mac);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign()
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DerivedKey([secret])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_key(purpose: &str) -> DerivedKey {
        DerivedKey::derive(&[7; 32], purpose).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_again_and_never_looks_the_same_twice() {
        let key = a_key("keys at rest");
        let (one, other) = (key.seal(b"private", b"kid-1").unwrap(), key.seal(b"private", b"kid-1").unwrap());

        assert_ne!(one, other);
        assert_eq!(key.open(&one, b"kid-1").unwrap().as_slice(), b"private");
        assert_eq!(key.open(&other, b"kid-1").unwrap().as_slice(), b"private");
        assert_eq!(key.open(&key.seal(b"", b"").unwrap(), b"").unwrap().as_slice(), b"");
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_context_only() {
        let sealed = a_key("keys at rest").seal(b"private", b"kid-1").unwrap();

        assert_eq!(a_key("keys at rest").open(&sealed, b"kid-2"), Err(NotSealedHere));
        assert_eq!(a_key("cookies").open(&sealed, b"kid-1"), Err(NotSealedHere));
        assert_eq!(DerivedKey::derive(&[8; 32], "keys at rest").unwrap().open(&sealed, b"kid-1"), Err(NotSealedHere));
    }

    #[test]
    fn a_changed_or_cut_seal_does_not_open() {
        let key = a_key("keys at rest");
        let sealed = key.seal(b"private", b"kid-1").unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(key.open(&changed, b"kid-1"), Err(NotSealedHere), "byte {position}");
            assert_eq!(key.open(&sealed[..position], b"kid-1"), Err(NotSealedHere), "cut at {position}");
        }
    }

    #[test]
    fn a_mac_depends_on_the_purpose_and_on_where_the_parts_end() {
        let key = a_key("refresh tokens");
        let tag = key.mac(&[b"ab", b"c"]);

        assert!(key.is_mac(&[b"ab", b"c"], &tag));
        assert!(!key.is_mac(&[b"a", b"bc"], &tag));
        assert!(!key.is_mac(&[b"ab", b"c"], &tag[..31]));
        assert_ne!(a_key("client secrets").mac(&[b"ab", b"c"]), tag);
        assert_eq!(a_key("refresh tokens").mac(&[b"ab", b"c"]), tag);
    }

    #[test]
    fn a_key_does_not_print() {
        assert_eq!(format!("{:?}", a_key("cookies")), "DerivedKey([secret])");
    }
}
