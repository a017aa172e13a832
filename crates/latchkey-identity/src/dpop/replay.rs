//! The proofs that were used a moment ago. Each counts once. [RFC 9449 §11.1]
//!
//! They are in the memory of the server that saw them: a proof costs no read and no write. Where several servers share a database, those that are shown
//! to get tokens are spent there, too. What may happen once (a code, a rotation, a pushed request) is guarded in the database, whatever proves it.

use std::collections::HashSet;

use super::nonce;
use crate::secret::{TokenHash, sha256};
use crate::time::Timestamp;
use crate::token::confirmation::Thumbprint;

/// How long a proof is remembered at least: longer than any is accepted, with its nonce or by its `iat`.
pub(super) const KEEP_SECS: i64 = nonce::LIFETIME.as_secs() as i64 + 30;
/// Proofs remembered in each half: more than a node can verify in that time, and few enough for its memory (36 MiB each).
const CAPACITY: usize = 2_000_000;

/// What tells a proof from all others: the hash of its key and `jti`.
pub(super) fn once(key: Thumbprint, jti: &str) -> TokenHash {
    TokenHash(sha256([&key.0, jti.as_bytes()].concat()))
}

/// What is remembered of it: 64 bits. Who makes another proof that agrees in these has it refused, and harms nobody else.
fn remembered(once: TokenHash) -> u64 {
    once.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Why a proof does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Replayed {
    /// It was used before.
    Before,
    /// There is no room to remember it.
    Full,
}

/// The proofs of the last minutes, in two halves: when the younger one is old enough, the older one is forgotten.
#[derive(Debug, Default)]
pub struct Replays {
    younger: HashSet<u64>,
    older: HashSet<u64>,
    turned_at: Timestamp,
}

impl Replays {
    /// Notes a proof.
    pub(super) fn note(&mut self, once: TokenHash, now: Timestamp) -> Result<(), Replayed> {
        self.note_within(CAPACITY, remembered(once), now)
    }

    fn note_within(&mut self, capacity: usize, once: u64, now: Timestamp) -> Result<(), Replayed> {
        let age = now.as_secs().saturating_sub(self.turned_at.as_secs());
        if age >= KEEP_SECS {
            self.older = std::mem::take(&mut self.younger);
            self.turned_at = now;
            if age >= 2 * KEEP_SECS {
                self.older = HashSet::new();
            }
        }
        if self.older.contains(&once) || self.younger.contains(&once) {
            return Err(Replayed::Before);
        }
        if self.younger.len() >= capacity {
            return Err(Replayed::Full);
        }
        self.younger.insert(once);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_counts_once_for_as_long_as_it_could_be_accepted() {
        let mut replays = Replays::default();
        let at = |secs| Timestamp::from_secs(1_000_000 + secs);
        assert_eq!(replays.note_within(CAPACITY, 0, at(0)), Ok(()));
        assert_eq!(replays.note_within(CAPACITY, 1, at(KEEP_SECS - 1)), Ok(()));
        assert_eq!(replays.note_within(CAPACITY, 1, at(KEEP_SECS)), Err(Replayed::Before));
        assert_eq!(replays.note_within(CAPACITY, 1, at(2 * KEEP_SECS - 2)), Err(Replayed::Before));
        assert_eq!(replays.note_within(CAPACITY, 2, at(2 * KEEP_SECS)), Ok(()));
        assert_eq!(
            replays.note_within(CAPACITY, 1, at(3 * KEEP_SECS)),
            Ok(()),
            "long forgotten, and long refused for its age"
        );
        assert_eq!(replays.note_within(CAPACITY, 2, at(9 * KEEP_SECS)), Ok(()));
        assert!(replays.older.is_empty());
    }

    #[test]
    fn what_is_remembered_does_not_grow_without_a_bound() {
        let (mut replays, now) = (Replays::default(), Timestamp::from_secs(1_000_000));
        for number in 0..3 {
            assert_eq!(replays.note_within(3, number, now), Ok(()));
        }
        assert_eq!(replays.note_within(3, u64::MAX, now), Err(Replayed::Full));
        let later = Timestamp::from_secs(1_000_000 + KEEP_SECS);
        assert_eq!(replays.note_within(3, u64::MAX, later), Ok(()));
        assert_eq!(replays.note_within(3, 1, later), Err(Replayed::Before));
    }

    #[test]
    fn the_same_jti_of_another_key_is_another_proof() {
        assert_ne!(once(Thumbprint([1; 32]), "a"), once(Thumbprint([2; 32]), "a"));
        assert_ne!(once(Thumbprint([1; 32]), "a"), once(Thumbprint([1; 32]), "b"));
    }
}
