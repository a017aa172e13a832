//! Moments and durations, as every layer counts them: microseconds since 1970-01-01T00:00:00Z.
//!
//! JSON Web Tokens carry whole seconds (`NumericDate`, [RFC 7519 §2]); databases and rules carry microseconds.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

const SECS_OF_A_DAY: i64 = 86_400;

/// So many times 24 hours.
pub const fn days(count: u32) -> Duration {
    Duration::from_secs(SECS_OF_A_DAY.unsigned_abs()).saturating_mul(count)
}

/// How many times 24 hours fit into a duration.
pub const fn whole_days(duration: Duration) -> u64 {
    duration.as_secs() / SECS_OF_A_DAY.unsigned_abs()
}

/// A moment, in microseconds since the Unix epoch. A request reads the clock once, as it comes in; inside it there is one `now`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The latest moment that can be told.
    pub const MAX: Self = Self(i64::MAX);

    /// A moment from microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A moment from whole seconds since the epoch, as JSON Web Tokens carry them.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch: what the database holds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: what a JSON Web Token holds.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This moment without the part below a second.
    pub const fn floor_to_secs(self) -> Self {
        Self::from_secs(self.as_secs())
    }

    /// The days that had passed since the epoch, in UTC.
    pub const fn as_days(self) -> i64 {
        self.as_secs().div_euclid(SECS_OF_A_DAY)
    }

    /// When a day began, counted from the epoch in UTC.
    pub const fn from_days(days: i64) -> Self {
        Self::from_secs(days.saturating_mul(SECS_OF_A_DAY))
    }

    /// When the day of this moment began, in UTC.
    pub const fn floor_to_days(self) -> Self {
        Self::from_days(self.as_days())
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.as_secs(), self.0.rem_euclid(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_down_and_arithmetic_never_wraps() {
        let moment = Timestamp::from_micros(1_999_999);
        assert_eq!(moment.as_secs(), 1);
        assert_eq!(Timestamp::from_micros(-1).as_secs(), -1);
        assert_eq!(Timestamp::MAX + Duration::from_secs(1), Timestamp::MAX);
        assert_eq!(Timestamp::from_secs(5).since(Timestamp::from_secs(9)), Duration::ZERO);
    }

    #[test]
    fn a_day_that_is_not_over_does_not_count() {
        assert_eq!(whole_days(days(3)), 3);
        assert_eq!(whole_days(days(3) - Duration::from_micros(1)), 2);
        assert_eq!(whole_days(Duration::ZERO), 0);
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        let second = Timestamp::from_secs(86_400);
        assert_eq!((second.as_days(), second.floor_to_days()), (1, second));
        assert_eq!((second + days(1)).floor_to_days(), Timestamp::from_days(2));
        assert_eq!((second - Duration::from_micros(1)).floor_to_days(), Timestamp::default());
        assert_eq!(Timestamp::from_micros(-1).as_days(), -1);
    }
}
