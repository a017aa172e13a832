//! Chance, as an argument: the endpoint draws a seed from the operating system, rules expand it, tests choose it.

use latchkey_jose::digest::hmac_sha256;
use uuid::Uuid;

/// The unpredictable bytes of one request: HMAC-SHA256 in counter mode over a seed of 256 bits.
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
        let bytes = hmac_sha256(&self.seed, &self.counter.to_be_bytes());
        self.counter += 1;
        bytes
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
