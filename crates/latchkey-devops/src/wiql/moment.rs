//! Moments as queries write them: dates, and macros that count from now.

use latchkey_jose::Timestamp;
use time::{Date, Duration, Month, PrimitiveDateTime, Time};

use crate::date;

/// The most that is added to a macro, of whatever it counts.
const MOST_ADDED: u32 = 100_000;

/// What is counted from the beginning of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    /// What a macro counts from the beginning of: `StartOfMonth`.
    pub(super) fn of_macro(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "today" | "startofday" => Some(Self::Day),
            "startofweek" => Some(Self::Week),
            "startofmonth" => Some(Self::Month),
            "startofyear" => Some(Self::Year),
            _ => None,
        }
    }

    /// What the letter behind a number stands for: `-1d`. Minutes and months differ in their case.
    fn of_letter(letter: &str) -> Option<Self> {
        match letter {
            "m" => Some(Self::Minute),
            "M" => Some(Self::Month),
            "h" | "H" => Some(Self::Hour),
            "d" | "D" => Some(Self::Day),
            "w" | "W" => Some(Self::Week),
            "y" | "Y" => Some(Self::Year),
            _ => None,
        }
    }

    /// The beginning of the one that holds a moment. Weeks begin on Sunday.
    pub(super) fn beginning(self, moment: Timestamp) -> PrimitiveDateTime {
        let day = date::utc(moment).date();
        let first = match self {
            Self::Minute | Self::Hour | Self::Day => Some(day),
            Self::Week => day.checked_sub(Duration::days(i64::from(day.weekday().number_days_from_sunday()))),
            Self::Month => day.replace_day(1).ok(),
            Self::Year => Date::from_calendar_date(day.year(), Month::January, 1).ok(),
        };
        first.unwrap_or(day).midnight()
    }

    /// A moment so many of these later, or earlier.
    pub(super) fn add(self, moment: PrimitiveDateTime, count: i32) -> Option<PrimitiveDateTime> {
        let count = Some(count).filter(|count| count.unsigned_abs() <= MOST_ADDED)?;
        let wide = i64::from(count);
        match self {
            Self::Minute => moment.checked_add(Duration::minutes(wide)),
            Self::Hour => moment.checked_add(Duration::hours(wide)),
            Self::Day => moment.checked_add(Duration::days(wide)),
            Self::Week => moment.checked_add(Duration::weeks(wide)),
            Self::Month => months_later(moment, count),
            Self::Year => months_later(moment, count.checked_mul(12)?),
        }
    }
}

/// The same day so many months later; the last of the month, where it is shorter.
fn months_later(moment: PrimitiveDateTime, count: i32) -> Option<PrimitiveDateTime> {
    let months = moment.year() * 12 + i32::from(u8::from(moment.month())) - 1 + count;
    let month = Month::try_from(u8::try_from(months.rem_euclid(12) + 1).ok()?).ok()?;
    let year = months.div_euclid(12);
    let day = (1..=moment.day()).rev().find_map(|day| Date::from_calendar_date(year, month, day).ok())?;
    Some(moment.replace_date(day))
}

/// Reads what stands in the parentheses of a macro: `+1`, `-3M`.
pub(super) fn shift(text: &str, natural: Unit) -> Option<(Unit, i32)> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..)? {
        "" => natural,
        letter => Unit::of_letter(letter)?,
    };
    Some((unit, digits.parse().ok()?))
}

/// The moment of a date and time of UTC.
pub(super) fn timestamp(moment: PrimitiveDateTime) -> Option<Timestamp> {
    let micros = moment.assume_utc().unix_timestamp_nanos().div_euclid(1_000);
    i64::try_from(micros).ok().map(Timestamp::from_micros)
}

/// Reads a date: ISO 8601, with a blank for its `T` too, an HTTP date, or month, day and year as the original's language `en-US` has them.
pub(super) fn literal(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let iso = match text.split_once(' ') {
        Some((day, time)) if day.len() == 10 => date::parse(&format!("{day}T{time}")),
        _ => None,
    };
    iso.or_else(|| date::parse(text)).or_else(|| month_first(text))
}

/// Reads `11/22/2026 07:00:00`, with dashes too, and with or without a time and the name of UTC.
fn month_first(text: &str) -> Option<Timestamp> {
    let text = ["GMT", "UTC", "Z"].iter().find_map(|zone| text.strip_suffix(zone)).unwrap_or(text).trim();
    let (day, time) = text.split_once(' ').unwrap_or((text, "0:00"));
    let mut parts = day.split(['/', '-']);
    let mut number = |digits: usize| {
        let part = parts.next()?;
        let fits = part.len() <= digits && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| fits)
    };
    let (month, day, year) = (number(2)?, number(2)?, number(4)?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    let mut clock = time.split(':').map(str::parse::<u8>);
    let (hour, minute) = (clock.next()?.ok()?, clock.next()?.ok()?);
    let second = clock.next().unwrap_or(Ok(0)).ok()?;
    let done = parts.next().is_none() && clock.next().is_none() && year >= 1_000;
    timestamp(date.with_time(Time::from_hms(hour, minute, second).ok()?)).filter(|_| done)
}

/// Whether a moment is more than a day.
pub(super) fn has_time(moment: Timestamp) -> bool {
    moment.as_micros().rem_euclid(OF_A_DAY) != 0
}

/// The microseconds of a day.
pub(super) const OF_A_DAY: i64 = 86_400_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::NOW;

    fn beginning(unit: Unit, added: Option<&str>) -> String {
        let begun = unit.beginning(NOW);
        let moved = added.map_or(Some(begun), |text| {
            let (unit, count) = shift(text, unit)?;
            unit.add(begun, count)
        });
        date::format(timestamp(moved.unwrap()).unwrap())
    }

    #[test]
    fn macros_count_from_the_beginning_of_what_they_name() {
        assert_eq!(beginning(Unit::Day, None), "2026-11-22T00:00:00.000Z");
        assert_eq!(beginning(Unit::Week, None), "2026-11-22T00:00:00.000Z", "a Sunday");
        assert_eq!(beginning(Unit::Month, None), "2026-11-01T00:00:00.000Z");
        assert_eq!(beginning(Unit::Year, None), "2026-01-01T00:00:00.000Z");
        assert_eq!(beginning(Unit::Month, Some("-1")), "2026-10-01T00:00:00.000Z");
        assert_eq!(beginning(Unit::Month, Some("+4M")), "2027-03-01T00:00:00.000Z");
        assert_eq!(beginning(Unit::Day, Some("-9m")), "2026-11-21T23:51:00.000Z");
        assert_eq!(beginning(Unit::Year, Some("-2d")), "2025-12-30T00:00:00.000Z");
    }

    #[test]
    fn a_month_that_is_shorter_ends_on_its_last_day() {
        let last = date::utc(date::parse("2024-03-31").unwrap());
        let later = Unit::Month.add(PrimitiveDateTime::new(last.date(), last.time()), -1).unwrap();
        assert_eq!((u8::from(later.month()), later.day()), (2, 29));
    }

    #[test]
    fn nobody_counts_beyond_the_calendar() {
        let now = Unit::Day.beginning(NOW);
        for (unit, count) in
            [(Unit::Day, i32::MIN), (Unit::Year, 100_000), (Unit::Month, 100_001), (Unit::Week, i32::MAX)]
        {
            assert_eq!(unit.add(now, count), None, "{unit:?} {count}");
        }
        for text in ["", "x", "1q", "99999999999d", "1.5", "d", "💡"] {
            assert_eq!(shift(text, Unit::Day), None, "{text}");
        }
    }

    #[test]
    fn dates_are_read_in_the_forms_that_clients_write() {
        let day = date::parse("2026-01-18");
        for text in
            ["2026-01-18", "01/18/2026", "1/18/2026", "01-18-2026", "01-18-2026 GMT", "2026-01-18T00:00:00.0000000"]
        {
            assert_eq!(literal(text), day, "{text}");
        }
        let moment = date::parse("2026-01-18T14:30:01Z");
        for text in
            ["2026-01-18 14:30:01", "1/18/2026 14:30:01", "2026-01-18T14:30:01Z", "Sun, 18 Jan 2026 14:30:01 GMT"]
        {
            assert_eq!(literal(text), moment, "{text}");
        }
        for text in ["", "soon", "13/13/2026", "1/1/26", "1/1/2026 25:00", "1/1/2026/2", "+1/1/2026", "-", "1/1/2026 1"]
        {
            assert_eq!(literal(text), None, "{text}");
        }
    }
}
