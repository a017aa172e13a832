//! How often devices ask. It is in memory only: nothing is written for a device that waits.

use std::collections::HashMap;
use std::time::Duration;

use crate::limits;
use crate::secret::TokenHash;
use crate::time::Timestamp;

/// Seconds between two polls, as devices are told.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// What a device that polled too fast waits longer from then on. [RFC 8628 §3.5]
const LONGER: Duration = Duration::from_secs(5);
/// A poll that waited its interval out may still seem early, when the one before it took longer on its way.
const TOLERANCE: Duration = Duration::from_secs(1);
/// Devices whose last poll is remembered at once. One that is forgotten is only not told to slow down.
const CAPACITY: usize = 65_536;

/// Whether a device keeps to its interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// It does.
    Good,
    /// It asks sooner than it was told.
    TooFast,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    at: Timestamp,
    interval: Duration,
}

/// The last polls of devices.
#[derive(Debug, Default)]
pub struct Polls(HashMap<TokenHash, Last>);

impl Polls {
    /// Notes a poll. Who was too fast has to wait longer from now on.
    pub fn note(&mut self, device: TokenHash, now: Timestamp) -> Pace {
        if self.0.len() >= CAPACITY {
            self.0.retain(|_, last| now < last.at + limits::DEVICE_CODE_LIFETIME);
        }
        if self.0.len() >= CAPACITY {
            self.0.clear();
        }
        let last = self.0.get(&device).copied();
        let (pace, interval) = match last {
            Some(last) if now + TOLERANCE < last.at + last.interval => (Pace::TooFast, last.interval + LONGER),
            Some(last) => (Pace::Good, last.interval),
            None => (Pace::Good, INTERVAL),
        };
        self.0.insert(device, Last { at: now, interval });
        pace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const DEVICE: TokenHash = TokenHash([1; 32]);

    #[test]
    fn a_device_that_keeps_its_interval_is_never_slowed_down() {
        let mut polls = Polls::default();
        for turn in 0..180 {
            assert_eq!(polls.note(DEVICE, NOW + INTERVAL * turn), Pace::Good);
        }
        let early = NOW + INTERVAL * 180 - Duration::from_millis(900);
        assert_eq!(polls.note(DEVICE, early), Pace::Good, "the network was slower the last time");
    }

    #[test]
    fn a_device_that_polls_too_fast_waits_longer_each_time() {
        let mut polls = Polls::default();
        assert_eq!(polls.note(DEVICE, NOW), Pace::Good);
        assert_eq!(polls.note(TokenHash([2; 32]), NOW), Pace::Good, "another device is another matter");
        let mut now = NOW + Duration::from_secs(1);
        assert_eq!(polls.note(DEVICE, now), Pace::TooFast);
        now = now + Duration::from_secs(5);
        assert_eq!(polls.note(DEVICE, now), Pace::TooFast, "ten seconds it has to wait now");
        now = now + Duration::from_secs(15);
        assert_eq!(polls.note(DEVICE, now), Pace::Good);
    }

    #[test]
    fn what_is_remembered_does_not_grow_without_a_bound() {
        let mut polls = Polls::default();
        for number in 0..200_000u32 {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            let _ = polls.note(TokenHash(hash), NOW);
        }
        assert!(polls.0.len() <= CAPACITY);
    }
}
