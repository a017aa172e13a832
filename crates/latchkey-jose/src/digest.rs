//! Hashes, message authentication codes and comparisons that take the same time whatever differs.

use aws_lc_rs::{constant_time, digest, hmac};

use crate::{Algorithm, base64url};

/// SHA-256 of some bytes.
pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    first(digest::digest(&digest::SHA256, bytes.as_ref()).as_ref())
}

/// SHA-1 of some bytes, where it is a name that others gave and nothing rests on it.
pub fn sha1(bytes: impl AsRef<[u8]>) -> [u8; 20] {
    first(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes.as_ref()).as_ref())
}

/// HMAC-SHA-256 of a message. For a key used again and again, [`crate::DerivedKey`] holds it parsed.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    first(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref())
}

/// Whether two secrets are equal, in a time that tells their length at most.
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// The value of `at_hash` and `c_hash`: the left half of the hash that belongs to the algorithm of the ID token.
///
/// [OpenID Connect Core §3.1.3.6]; Ed25519 hashes with SHA-512.
pub fn left_half_hash(algorithm: Algorithm, value: &str) -> String {
    let hash = digest::digest(
        match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => &digest::SHA256,
            Algorithm::EdDsa => &digest::SHA512,
        },
        value.as_bytes(),
    );
    let hash = hash.as_ref();
    base64url::encode(hash.get(..hash.len() / 2).unwrap_or_default())
}

/// The provider returns slices, exactly as long as the algorithm says, so nothing is ever missing.
pub(crate) fn first<const LENGTH: usize>(bytes: &[u8]) -> [u8; LENGTH] {
    bytes.first_chunk().copied().unwrap_or([0; LENGTH])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn sha256_of_abc_is_that_of_fips_180() {
        assert_eq!(hex(&sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn hmac_is_that_of_rfc_4231_case_2() {
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn equal_means_equal() {
        assert!(constant_time_eq(b"secret", b"secret"));
        assert!(!constant_time_eq(b"secret", b"secreT"));
        assert!(!constant_time_eq(b"secret", b"secret "));
    }

    #[test]
    fn the_access_token_hash_is_that_of_openid_connect_core() {
        // OpenID Connect Core, appendix A.3.
        assert_eq!(
            left_half_hash(Algorithm::Rs256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
        assert_eq!(left_half_hash(Algorithm::EdDsa, "token").len(), 43);
    }
}
