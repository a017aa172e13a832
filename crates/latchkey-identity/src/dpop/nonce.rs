//! The nonces that proofs carry: derived from the moment, so that none is kept. [RFC 9449 §8]

use std::time::Duration;

use latchkey_jose::base64url;

use crate::secret::PurposeKey;
use crate::time::Timestamp;

/// How long a nonce counts: long enough for a slow upload, short enough that a stolen proof is soon worth nothing.
pub(super) const LIFETIME: Duration = Duration::from_secs(90);
/// The clock of another node may be a little ahead.
const AHEAD: Duration = Duration::from_secs(2);

/// The nonces of this server.
#[derive(Clone, Debug)]
pub struct Nonces {
    key: PurposeKey,
    since: Timestamp,
}

impl Nonces {
    /// Those that are derived with a key. `since` is when the server started: what it saw before, it does not remember.
    pub fn new(key: PurposeKey, since: Timestamp) -> Self {
        Self { key, since: since.floor_to_secs() }
    }

    /// The nonce of this moment.
    pub fn current(&self, now: Timestamp) -> String {
        let given = now.as_secs().to_be_bytes();
        let mut bytes = [0; 40];
        let both = given.iter().copied().chain(self.key.mac(&[&given]));
        bytes.iter_mut().zip(both).for_each(|(byte, one)| *byte = one);
        base64url::encode(bytes)
    }

    /// When a nonce was given out, if it is ours and young.
    pub fn given_at(&self, nonce: &str, now: Timestamp) -> Option<Timestamp> {
        let bytes = base64url::decode_exactly::<40>(nonce).ok()?;
        let (given, mac) = bytes.split_first_chunk::<8>()?;
        let at = Timestamp::from_secs(i64::from_be_bytes(*given));
        let young = now < at + LIFETIME && at <= now + AHEAD;
        (young && self.key.verify(&[given], mac)).then_some(at)
    }

    /// Whether a proof of that moment may have been used before the server started.
    pub(super) fn may_be_forgotten(&self, made_at: Timestamp) -> bool {
        made_at < self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Purpose;

    #[test]
    fn a_nonce_is_ours_for_a_minute_and_a_half() {
        let at = |secs: i64| Timestamp::from_secs(3_000 + secs);
        let nonces = |master| {
            Nonces::new(PurposeKey::derive(&[master; 32], Purpose::DpopNonce).unwrap(), Timestamp::from_secs(0))
        };
        let ours = nonces(1);
        let nonce = ours.current(at(0));
        assert_ne!(ours.current(at(1)), nonce);
        for (secs, holds) in [(-3, false), (-2, true), (0, true), (89, true), (90, false), (1_000_000, false)] {
            assert_eq!(ours.given_at(&nonce, at(secs)), holds.then(|| at(0)), "{secs} s");
        }
        assert_eq!(nonces(2).given_at(&nonce, at(0)), None, "another server's");
        for forged in ["", "AAAA", &format!("B{}", &nonce[1..]), &nonce[1..]] {
            assert_eq!(ours.given_at(forged, at(0)), None, "{forged}");
        }
    }
}
