//! The algorithms by which a secret that two share authenticates an assertion. They are no signatures: whoever checks one could have made it, so
//! no token of ours is made by them, and no public key is ever taken for such a secret. [RFC 7518 §3.2]

use std::str::FromStr;

use aws_lc_rs::hmac;

use crate::algorithm::UnknownAlgorithm;

/// A MAC algorithm, by its name in [RFC 7518 §3.1].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MacAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl MacAlgorithm {
    /// All of them, in the order in which metadata lists them.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The name that headers and metadata carry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    fn provider(self) -> hmac::Algorithm {
        match self {
            Self::Hs256 => hmac::HMAC_SHA256,
            Self::Hs384 => hmac::HMAC_SHA384,
            Self::Hs512 => hmac::HMAC_SHA512,
        }
    }

    /// The MAC of a message under a secret.
    pub fn authenticate(self, secret: &[u8], message: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(self.provider(), secret), message).as_ref().to_vec()
    }

    /// Whether `tag` is the MAC of a message, in constant time. A secret that is shorter than the hash is none. [RFC 7518 §3.2]
    pub fn accepts(self, secret: &[u8], message: &[u8], tag: &[u8]) -> bool {
        let algorithm = self.provider();
        secret.len() >= algorithm.digest_algorithm().output_len()
            && hmac::verify(&hmac::Key::new(algorithm, secret), message, tag).is_ok()
    }
}

impl FromStr for MacAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_authenticates_by_its_own_algorithm_and_never_when_it_is_too_short() {
        let secret = [7; 64];
        for algorithm in MacAlgorithm::ALL {
            let tag = algorithm.authenticate(&secret, b"message");
            assert!(algorithm.accepts(&secret, b"message", &tag));
            assert!(!algorithm.accepts(&secret, b"massage", &tag));
            assert!(!algorithm.accepts(&[8; 64], b"message", &tag));
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
            for other in MacAlgorithm::ALL.into_iter().filter(|other| *other != algorithm) {
                assert!(!other.accepts(&secret, b"message", &tag));
            }
        }
        let short = MacAlgorithm::Hs512.authenticate(&[7; 63], b"message");
        assert!(!MacAlgorithm::Hs512.accepts(&[7; 63], b"message", &short));
        assert_eq!("RS256".parse::<MacAlgorithm>(), Err(UnknownAlgorithm));
    }
}
