//! Chance, as an argument: the endpoint draws a seed from the operating system, rules expand it, tests choose it.

use latchkey_jose::digest::sha256;
use uuid::Uuid;

/// The unpredictable bytes of one request: SHA-256 of a seed of 256 bits and a counter, both of one length always, in one block of the hash.
/// [NIST SP 800-90A §10.1.1.4]
pub struct Entropy {
    seed: [u8; 32],
    counter: u64,
}

impl Entropy {
    /// Expands a seed that the operating system drew for this request alone.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { seed: *seed, counter: 0 }
    }

    /// The same bytes in every run, for tests.
    pub fn seeded(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(seed.to_be_bytes()).for_each(|(byte, seed)| *byte = seed);
        Self::from_seed(&bytes)
    }

    /// 256 fresh bits.
    pub fn bytes32(&mut self) -> [u8; 32] {
        let mut drawn = [0; 40];
        let (seed, counter) = drawn.split_at_mut(self.seed.len());
        seed.copy_from_slice(&self.seed);
        counter.copy_from_slice(&self.counter.to_be_bytes());
        self.counter += 1;
        sha256(drawn)
    }

    /// 128 fresh bits.
    pub fn bytes16(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(self.bytes32()).for_each(|(byte, drawn)| *byte = drawn);
        bytes
    }

    /// A random (version 4) UUID.
    pub fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes16()).into_uuid()
    }

    /// A number below `bound`, evenly; zero if `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from_be_bytes(self.bytes16());
        // The bias of one modulo over 128 bits is below 2^-64.
        u64::try_from(wide.checked_rem(u128::from(bound)).unwrap_or(0)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_run_and_no_draw_repeats() {
        let (mut one, mut two) = (Entropy::seeded(7), Entropy::seeded(7));
        let first = one.bytes32();
        assert_eq!(first, two.bytes32());
        assert_ne!(first, one.bytes32());
        assert_ne!(Entropy::seeded(8).bytes32(), first);
    }
}
