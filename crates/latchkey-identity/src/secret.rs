//! Secrets as their holders have them, and what we keep of them.

use std::fmt;
use std::sync::Arc;

use latchkey_jose::derived_key::ProviderFailed;
use latchkey_jose::digest::constant_time_eq;
pub use latchkey_jose::digest::sha256;
use latchkey_jose::{DerivedKey, base64url};
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// The secret part of a token, as the client holds it. Prints as `[secret]`; compared in constant time.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps text that must not be printed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// 256 random bits in base64url, 43 characters.
    pub fn generate(entropy: &mut Entropy) -> Self {
        Self(base64url::encode(entropy.bytes32()))
    }

    /// The text itself, for the one place that hands it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What we keep of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for Secret {}

/// What we keep of a token of at least 128 random bits: its SHA-256. There is no way back from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a token's text.
    pub fn of(text: &str) -> Self {
        Self(sha256(text.as_bytes()))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Eight characters are enough to tell two log lines apart and too few to search for.
        write!(f, "TokenHash({}..)", base64url::encode(self.0).get(..8).unwrap_or_default())
    }
}

/// A key for one purpose, derived from the server's master key. Knowing one tells nothing about another.
#[derive(Clone)]
pub struct PurposeKey(Arc<DerivedKey>);

/// What a [`PurposeKey`] is for; the label that goes into its derivation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The secret part of refresh tokens.
    RefreshToken,
    /// What we keep of client secrets.
    ClientSecret,
    /// Forms that only our own pages may have made.
    Form,
    /// Cookies that tell a device which an account has signed in from before.
    KnownDevice,
    /// What guesses at passwords are counted under.
    Guess,
    /// Positions in long lists.
    Continuation,
    /// Encryption of private signing keys at rest.
    KeyEncryption,
    /// Nonces that DPoP proofs carry.
    DpopNonce,
    /// Secrets that we have at upstream providers, and what goes along with a sign-in there.
    Upstream,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::RefreshToken => "latchkey refresh token",
            Self::ClientSecret => "latchkey client secret",
            Self::Form => "latchkey form",
            Self::KnownDevice => "latchkey known device",
            Self::Guess => "latchkey guess",
            Self::Continuation => "latchkey continuation",
            Self::KeyEncryption => "latchkey key encryption",
            Self::DpopNonce => "latchkey dpop nonce",
            Self::Upstream => "latchkey upstream",
        }
    }
}

impl PurposeKey {
    /// Derives the key for `purpose` from the server's master key.
    pub fn derive(master: &[u8; 32], purpose: Purpose) -> Result<Self, ProviderFailed> {
        DerivedKey::derive(master, purpose.label()).map(|key| Self(Arc::new(key)))
    }

    /// Authenticates `parts`. No two lists of parts look alike.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.0.mac(parts)
    }

    /// Whether `given` authenticates `parts`, in constant time.
    pub fn verify(&self, parts: &[&[u8]], given: &[u8]) -> bool {
        self.0.is_mac(parts, given)
    }

    /// Encrypts `plaintext`, bound to `context`.
    pub fn seal(&self, plaintext: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        self.0.seal(plaintext, context).ok()
    }

    /// Decrypts what [`Self::seal`] made of the same context.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open(sealed, context).ok()
    }
}

impl fmt::Debug for PurposeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::new("hunter2-hunter2");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert!(!format!("{:?}", secret.hash()).contains("hunter2"));
    }

    #[test]
    fn purposes_have_keys_of_their_own_and_parts_do_not_run_together() {
        let master = [7; 32];
        let (form, device) = (
            PurposeKey::derive(&master, Purpose::Form).unwrap(),
            PurposeKey::derive(&master, Purpose::KnownDevice).unwrap(),
        );
        assert_ne!(form.mac(&[b"a"]), device.mac(&[b"a"]));
        let (one, two): (&[&[u8]], &[&[u8]]) = (&[b"ab", b"c"], &[b"a", b"bc"]);
        assert_ne!(form.mac(one), form.mac(two));
        assert!(form.verify(&[b"a"], &form.mac(&[b"a"])));
        assert!(!form.verify(&[b"a"], &form.mac(&[b"b"])));
        assert!(!form.verify(&[b"a"], b""));
    }
}
