//! When a mail is tried again.

use std::time::Duration;

use latchkey_identity::Timestamp;
use latchkey_identity::time::days;

/// A mail is given up when it is this old: who would read it later reads it on our pages.
const GIVEN_UP_AFTER: Duration = days(3);
/// How long to wait after the first try. Each wait is twice the one before.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 3_600);

/// When to try again after so many tries; `None` to give up.
pub(super) fn next(attempts: u32, queued_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let doublings = attempts.saturating_sub(1).min(16);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    let then = now + wait;
    (then <= queued_at + GIVEN_UP_AFTER).then_some(then)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_four_hours_and_end_after_three_days() {
        let queued = Timestamp::from_secs(1_000_000);
        let (mut now, mut waits) = (queued, Vec::new());
        while let Some(then) = next(u32::try_from(waits.len()).unwrap() + 1, queued, now) {
            waits.push(then.since(now).as_secs());
            now = then;
        }
        assert_eq!(waits[..10], [60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 14_400, 14_400]);
        assert!(waits.len() < 40, "{}", waits.len());
        assert!(now <= queued + GIVEN_UP_AFTER && now + LONGEST_WAIT > queued + GIVEN_UP_AFTER);
        assert!(next(u32::MAX, queued, queued).is_some(), "no overflow");
    }
}
