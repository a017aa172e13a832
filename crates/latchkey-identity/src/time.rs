//! Moments, days, and the one lifetime that may never grow: an access token's.

use std::str::FromStr;
use std::time::Duration;

pub use latchkey_jose::time::{Timestamp, days, whole_days};

use serde::{Deserialize, Serialize};

use crate::entropy::Entropy;

/// How long an access token lives: more than nothing, at most 90 minutes. It is written in seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct AccessTokenLifetime(Duration);

impl AccessTokenLifetime {
    /// Ninety minutes: no access token outlives this.
    pub const LONGEST: Self = Self(Duration::from_secs(90 * 60));
    /// Sixty minutes: the shortest that is drawn.
    pub const SHORTEST_DRAWN: Self = Self(Duration::from_secs(60 * 60));

    /// A lifetime of whole seconds; `None` for nothing and for more than 90 minutes.
    pub fn new(lifetime: Duration) -> Option<Self> {
        let whole = Duration::from_secs(lifetime.as_secs());
        (!whole.is_zero() && whole <= Self::LONGEST.0).then_some(Self(whole))
    }

    /// Draws a lifetime evenly from 60 to 90 minutes, so that tokens of one moment do not all end at one moment.
    pub fn draw(entropy: &mut Entropy) -> Self {
        let span = Self::LONGEST.0.as_secs() - Self::SHORTEST_DRAWN.0.as_secs() + 1;
        Self(Self::SHORTEST_DRAWN.0 + Duration::from_secs(entropy.below(span)))
    }

    /// This lifetime, or the other one if that is shorter.
    #[must_use]
    pub fn at_most(self, bound: Option<Self>) -> Self {
        bound.map_or(self, |bound| self.min(bound))
    }

    /// This lifetime, cut so that a token issued `now` ends no later than `end`; `None` if that leaves less than a second.
    pub fn until(self, now: Timestamp, end: Option<Timestamp>) -> Option<Self> {
        match end {
            None => Some(self),
            Some(end) => Self::new(self.0.min(end.since(now))),
        }
    }

    /// The lifetime as a duration of whole seconds.
    pub const fn as_duration(self) -> Duration {
        self.0
    }

    /// The lifetime in seconds: `expires_in`.
    pub const fn as_secs(self) -> u64 {
        self.0.as_secs()
    }
}

impl TryFrom<u64> for AccessTokenLifetime {
    type Error = &'static str;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        Self::new(Duration::from_secs(seconds)).ok_or("an access token lives from 1 to 5400 seconds")
    }
}

impl FromStr for AccessTokenLifetime {
    type Err = &'static str;

    /// What is no number is refused like zero.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.parse::<u64>().unwrap_or(0))
    }
}

impl From<AccessTokenLifetime> for u64 {
    fn from(lifetime: AccessTokenLifetime) -> Self {
        lifetime.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_access_token_outlives_ninety_minutes() {
        assert_eq!(AccessTokenLifetime::new(Duration::from_secs(5_401)), None);
        assert_eq!(AccessTokenLifetime::new(Duration::from_millis(999)), None);
        assert!(AccessTokenLifetime::new(Duration::from_secs(5_400)).is_some());
        for seed in 0..2_000 {
            let drawn = AccessTokenLifetime::draw(&mut Entropy::seeded(seed));
            assert!((3_600..=5_400).contains(&drawn.as_secs()), "{drawn:?}");
        }
    }

    #[test]
    fn a_lifetime_is_written_in_seconds_and_none_is_read_that_cannot_be() {
        let read = |text| serde_json::from_str::<AccessTokenLifetime>(text);
        assert_eq!(read("120").unwrap().as_secs(), 120);
        assert_eq!("120".parse(), AccessTokenLifetime::try_from(120));
        assert_eq!(serde_json::to_string(&AccessTokenLifetime::LONGEST).unwrap(), "5400");
        for nonsense in ["0", "5401", "-1", "\"120\"", "1.5"] {
            assert!(read(nonsense).is_err(), "{nonsense}");
            assert!(nonsense.parse::<AccessTokenLifetime>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn lifetimes_are_drawn_over_the_whole_half_hour() {
        let mut entropy = Entropy::seeded(1);
        let drawn: Vec<u64> = (0..2_000).map(|_| AccessTokenLifetime::draw(&mut entropy).as_secs()).collect();
        let mean = drawn.iter().sum::<u64>() / 2_000;
        assert!((4_440..4_560).contains(&mean), "{mean}");
        assert!(drawn.iter().any(|&secs| secs < 3_660) && drawn.iter().any(|&secs| secs > 5_340));
    }

    #[test]
    fn a_token_never_outlives_its_authorization() {
        let now = Timestamp::from_secs(1_000);
        let end = Some(Timestamp::from_secs(1_010));
        assert_eq!(AccessTokenLifetime::LONGEST.until(now, end).map(AccessTokenLifetime::as_secs), Some(10));
        assert_eq!(AccessTokenLifetime::LONGEST.until(now, Some(now)), None);
    }
}
