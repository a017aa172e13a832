//! The keys that a token may be signed by: our own ring, or what someone else publishes.

use crate::{JwkSet, VerifyingKey};

/// Keys to verify with. Which algorithm a token may use follows from the key that it names, never from the token.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
    /// Whether a token that names no key may be verified with the only one.
    only_key_may_be_unnamed: bool,
}

impl KeySet {
    /// Our own ring. Every token names its key.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self { keys: keys.into_iter().collect(), only_key_may_be_unnamed: false }
    }

    /// The keys that someone else publishes. Those that turn out unsound are passed over. A token needs no `kid` if there is just one
    /// key. [OpenID Connect Core §10.1]
    pub fn from_jwks(set: &JwkSet) -> Self {
        let keys = set.keys.iter().filter_map(|key| VerifyingKey::from_jwk(key).ok()).collect();
        Self { keys, only_key_may_be_unnamed: true }
    }

    /// The keys, in the order in which they were given.
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// The keys that a token's `kid` can mean. Names are unique in our ring; elsewhere two kinds of key may share one.
    /// [RFC 7517 §4.5]
    pub(crate) fn named<'a>(&'a self, kid: Option<&'a str>) -> impl Iterator<Item = &'a VerifyingKey> {
        let unnamed = kid.is_none() && self.only_key_may_be_unnamed && self.keys.len() == 1;
        self.keys.iter().filter(move |key| unnamed || (kid.is_some() && key.kid() == kid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, Jwk, PublicKey, SigningKey};

    fn a_jwk(kid: Option<&str>) -> Jwk {
        Jwk { kid: kid.map(str::to_owned), ..SigningKey::generate(Algorithm::EdDsa).unwrap().public_jwk() }
    }

    #[test]
    fn a_token_without_kid_is_for_a_foreign_set_of_one_key() {
        let named = |set: &KeySet, kid: Option<&str>| set.named(kid).count();
        let one = KeySet::from_jwks(&JwkSet { keys: vec![a_jwk(Some("a"))] });
        let two = KeySet::from_jwks(&JwkSet { keys: vec![a_jwk(Some("a")), a_jwk(None)] });
        let ours = KeySet::new([VerifyingKey::from_jwk(&a_jwk(Some("a"))).unwrap()]);

        assert_eq!([named(&one, Some("a")), named(&one, Some("b")), named(&one, None)], [1, 0, 1]);
        assert_eq!([named(&two, Some("a")), named(&two, Some("b")), named(&two, None)], [1, 0, 0]);
        assert_eq!([named(&ours, Some("a")), named(&ours, Some("b")), named(&ours, None)], [1, 0, 0]);
        assert_eq!(named(&KeySet::default(), None), 0);
    }

    #[test]
    fn an_unsound_foreign_key_is_passed_over() {
        let off_curve = Jwk { kid: None, alg: None, key: PublicKey::P256 { x: [1; 32], y: [1; 32] } };

        assert_eq!(KeySet::from_jwks(&JwkSet { keys: vec![off_curve, a_jwk(Some("a"))] }).keys().len(), 1);
    }
}
