//! Calls by day, for pages: thirty days up to now, with those on which nothing happened.

use std::collections::BTreeMap;

use latchkey_identity::Timestamp;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::time::days;
use latchkey_store::identity::CallsOfDay;

use super::visit::moment;
use crate::pages::use_by_day::{DayOfUse, UseByDay};

/// How many days are shown.
const DAYS: u32 = 30;

/// Calls by the day that they fell on: answered, and refused.
#[derive(Default)]
pub(super) struct Calls(BTreeMap<Timestamp, (i64, i64)>);

impl Calls {
    /// Adds calls that were answered.
    pub(super) fn answered(&mut self, day: Timestamp, count: i64) {
        let (sum, _) = self.0.entry(day).or_default();
        *sum = sum.saturating_add(count);
    }

    /// Adds calls that were refused.
    pub(super) fn refused(&mut self, day: Timestamp, count: i64) {
        let (_, sum) = self.0.entry(day).or_default();
        *sum = sum.saturating_add(count);
    }

    /// The last thirty days, the oldest first; none at all if there were no calls in them.
    pub(super) fn until(&self, now: Timestamp) -> UseByDay {
        let shown: Vec<Timestamp> = (0..DAYS).map(|ago| now.floor_to_days() - days(ago)).collect();
        if !shown.iter().any(|day| self.0.contains_key(day)) {
            return UseByDay(Vec::new());
        }
        let row = |day: Timestamp| {
            let (calls, refused) = self.0.get(&day).copied().unwrap_or_default();
            let shown = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
            DayOfUse { day: moment(day), calls: shown(calls), refused: shown(refused) }
        };
        UseByDay(shown.into_iter().rev().map(row).collect())
    }
}

/// Calls by the authorization that they were made with.
pub(super) fn by_authorization(calls: &[CallsOfDay]) -> BTreeMap<AuthorizationId, Calls> {
    let mut by: BTreeMap<AuthorizationId, Calls> = BTreeMap::new();
    for one in calls {
        by.entry(one.by).or_default().answered(one.day, one.count);
    }
    by
}

/// When the first of the days began that are shown.
pub(super) fn since(now: Timestamp) -> Timestamp {
    now.floor_to_days() - days(DAYS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(100 * 86_400 + 5_000);

    fn day(number: i64) -> Timestamp {
        Timestamp::from_secs(number * 86_400)
    }

    #[test]
    fn thirty_days_are_shown_with_those_on_which_nothing_happened() {
        let mut calls = Calls::default();
        for (at, count) in [(100, 2), (100, 1), (98, 7)] {
            calls.answered(day(at), count);
        }
        calls.refused(day(98), 2);
        calls.refused(day(97), 5);
        let shown = calls.until(NOW).0;
        assert_eq!(shown.len(), 30);
        let last: Vec<(u32, u32)> = shown.iter().rev().take(4).map(|day| (day.calls, day.refused)).collect();
        assert_eq!(last, [(3, 0), (0, 0), (7, 2), (0, 5)]);
    }

    #[test]
    fn what_was_not_used_for_thirty_days_shows_none() {
        assert!(Calls::default().until(NOW).0.is_empty());
        let mut old = Calls::default();
        old.answered(day(70), 7);
        assert!(old.until(NOW).0.is_empty());
        old.answered(since(NOW), 1);
        assert_eq!(old.until(NOW).0.first().map(|first| first.calls), Some(1));
    }
}
