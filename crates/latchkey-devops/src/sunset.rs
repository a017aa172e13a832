//! The end of the older OAuth kind in an organization: none so far, warned of from a date, refused from a date.

use latchkey_jose::Timestamp;
use latchkey_jose::time::{days, whole_days};

use crate::date;

/// Since when no apps of the older kind are made: 1 April 2025, the day Azure DevOps took no more. They are deprecated since then, whatever
/// an organization decides.
const DEPRECATED_SINCE: Timestamp = Timestamp::from_secs(1_743_465_600);

/// How many days before the end everybody is warned, unless a date to warn from was set.
const WARNED_DAYS_BEFORE: u32 = 90;

/// The days before the end on which owners, people and administrators are told.
pub const TOLD_DAYS_BEFORE: [u64; 4] = [WARNED_DAYS_BEFORE as u64, 30, 7, 1];

/// When apps of the older kind end in an organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sunset {
    warn_from: Option<Timestamp>,
    refuse_from: Option<Timestamp>,
}

/// Why two dates are no sunset, in a sentence for who sets them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SunsetError {
    /// The warning comes after the end.
    #[error("The warning begins before apps of the older kind are refused, not after.")]
    WarningAfterTheEnd,
}

/// How far an organization has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Apps of the older kind go on working and nobody is warned.
    Open,
    /// They go on working, and everybody is warned of the end, if its date is known.
    Warned {
        /// When they are refused.
        end: Option<Timestamp>,
    },
    /// They are refused.
    Refused {
        /// Since when.
        since: Timestamp,
    },
}

impl Sunset {
    /// No date at all.
    pub const NONE: Self = Self { warn_from: None, refuse_from: None };

    /// A sunset with these dates, each of which may be open.
    pub fn new(warn_from: Option<Timestamp>, refuse_from: Option<Timestamp>) -> Result<Self, SunsetError> {
        match (warn_from, refuse_from) {
            (Some(warn), Some(refuse)) if warn > refuse => Err(SunsetError::WarningAfterTheEnd),
            _ => Ok(Self { warn_from, refuse_from }),
        }
    }

    /// From when on everybody is warned.
    pub const fn warn_from(self) -> Option<Timestamp> {
        self.warn_from
    }

    /// From when on apps of the older kind are refused.
    pub const fn refuse_from(self) -> Option<Timestamp> {
        self.refuse_from
    }

    /// How far it has come. Without a date to warn from, warnings begin with the first day on which people are told.
    pub fn phase(self, now: Timestamp) -> Phase {
        if let Some(since) = self.refuse_from.filter(|end| *end <= now) {
            return Phase::Refused { since };
        }
        let first_told = || self.refuse_from.map(|end| end - days(WARNED_DAYS_BEFORE));
        match self.warn_from.or_else(first_told) {
            Some(from) if from <= now => Phase::Warned { end: self.refuse_from },
            _ => Phase::Open,
        }
    }

    /// Whether apps of the older kind are refused.
    pub fn refuses(self, now: Timestamp) -> bool {
        matches!(self.phase(now), Phase::Refused { .. })
    }

    /// How many whole days are left; `None` without a date or after it.
    pub fn days_left(self, now: Timestamp) -> Option<u64> {
        self.refuse_from.filter(|end| *end > now).map(|end| whole_days(end.since(now)))
    }

    /// Which of the days before the end has come: people are told once for each. Nothing while it is far away, open or over.
    pub fn due(self, now: Timestamp) -> Option<u64> {
        let left = self.days_left(now)?;
        TOLD_DAYS_BEFORE.into_iter().filter(|told| left <= *told).min()
    }

    /// The `Deprecation` header, [RFC 9745]: since when it is, or from when on it will be warned of.
    pub fn deprecation(self) -> String {
        format!("@{}", self.warn_from.unwrap_or(DEPRECATED_SINCE).as_secs())
    }

    /// The `Sunset` header, [RFC 8594], if there is a date.
    pub fn header(self) -> Option<String> {
        self.refuse_from.map(date::http)
    }

    /// What to say of several organizations at once: the dates that come first.
    #[must_use]
    pub fn or_sooner(self, other: Self) -> Self {
        let sooner = |one: Option<Timestamp>, other: Option<Timestamp>| one.into_iter().chain(other).min();
        Self {
            warn_from: sooner(self.warn_from, other.warn_from),
            refuse_from: sooner(self.refuse_from, other.refuse_from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Timestamp = Timestamp::from_secs(1_790_000_000);

    fn days_before(days: u64) -> Timestamp {
        END - super::days(u32::try_from(days).unwrap())
    }

    #[test]
    fn an_organization_is_open_then_warned_then_refuses() {
        let sunset = Sunset::new(Some(days_before(120)), Some(END)).unwrap();
        assert_eq!(sunset.phase(days_before(121)), Phase::Open);
        assert_eq!(sunset.phase(days_before(120)), Phase::Warned { end: Some(END) });
        assert_eq!(sunset.phase(Timestamp::from_secs(END.as_secs() - 1)), Phase::Warned { end: Some(END) });
        assert_eq!(sunset.phase(END), Phase::Refused { since: END });
        assert_eq!(Sunset::NONE.phase(Timestamp::MAX), Phase::Open);
        let warned = Sunset::new(Some(END), None).unwrap();
        assert_eq!(warned.phase(Timestamp::MAX), Phase::Warned { end: None });
    }

    #[test]
    fn an_end_without_a_warning_of_its_own_is_warned_of_ninety_days_before() {
        let sunset = Sunset::new(None, Some(END)).unwrap();
        assert_eq!(sunset.phase(days_before(91)), Phase::Open);
        assert_eq!(sunset.phase(days_before(90)), Phase::Warned { end: Some(END) });
        for days in TOLD_DAYS_BEFORE {
            assert_eq!(sunset.days_left(days_before(days)), Some(days));
        }
        assert_eq!(sunset.days_left(END), None);
    }

    #[test]
    fn people_are_told_on_four_days_and_late_where_nobody_was_at_work_on_the_day() {
        let sunset = Sunset::new(None, Some(END)).unwrap();
        let due = |days| sunset.due(days_before(days));
        assert_eq!(
            [91, 90, 31, 30, 25, 8, 7, 2, 1].map(due).map(Option::unwrap_or_default),
            [0, 90, 90, 30, 30, 30, 7, 7, 1]
        );
        assert_eq!(sunset.due(END), None);
        assert_eq!(Sunset::NONE.due(END), None);
    }

    #[test]
    fn a_warning_does_not_begin_after_the_end() {
        assert_eq!(Sunset::new(Some(END), Some(days_before(1))), Err(SunsetError::WarningAfterTheEnd));
    }

    #[test]
    fn the_headers_say_the_dates_in_the_forms_of_their_specifications() {
        let sunset = Sunset::new(None, Some(END)).unwrap();
        assert_eq!(sunset.deprecation(), "@1743465600");
        assert_eq!(sunset.header().as_deref(), Some("Mon, 21 Sep 2026 14:13:20 GMT"));
        assert_eq!(Sunset::NONE.header(), None);
        assert_eq!(Sunset::new(Some(END), None).unwrap().deprecation(), "@1790000000");
    }

    #[test]
    fn of_several_organizations_the_sooner_date_counts() {
        let (late, soon) = (Sunset::new(None, Some(END)).unwrap(), Sunset::new(None, Some(days_before(9))).unwrap());
        assert_eq!(late.or_sooner(soon), soon);
        assert_eq!(Sunset::NONE.or_sooner(late), late);
    }
}
