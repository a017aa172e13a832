//! Moments as DevOps clients write and read them.
//!
//! Answers carry ISO 8601 in UTC. Questions may carry ISO 8601 (Python) or the form of HTTP dates (Node).

use latchkey_jose::Timestamp;
use serde::{Serialize, Serializer};
use time::format_description::well_known::{Iso8601, Rfc2822};
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time};

/// The longest date anybody writes.
const LONGEST: usize = 64;

/// A moment that is serialized as `2026-11-22T07:00:00.123Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WireDate(pub Timestamp);

impl Serialize for WireDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format(self.0))
    }
}

/// Writes a moment as `2026-11-22T07:00:00.123Z`. Moments beyond the year 9999 are written as its last.
pub fn format(moment: Timestamp) -> String {
    let at = utc(moment);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

/// The day of a moment in UTC, as `["2026", "11", "22"]`.
pub(crate) fn year_month_day(moment: Timestamp) -> [String; 3] {
    let at = utc(moment);
    [format!("{:04}", at.year()), format!("{:02}", u8::from(at.month())), format!("{:02}", at.day())]
}

/// The day of a moment in UTC, as `20261122`.
pub fn day(moment: Timestamp) -> String {
    let at = utc(moment);
    format!("{:04}{:02}{:02}", at.year(), u8::from(at.month()), at.day())
}

/// Writes a moment as an HTTP date, `Sun, 22 Nov 2026 07:00:00 GMT`. [RFC 9110 §5.6.7]
pub fn http(moment: Timestamp) -> String {
    let at = utc(moment);
    let (day, month) = (at.weekday().to_string(), at.month().to_string());
    let short = |name: &str| name.chars().take(3).collect::<String>();
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        short(&day),
        at.day(),
        short(&month),
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// The day of a moment in UTC, as people read it: `22 November 2026`.
pub fn in_words(moment: Timestamp) -> String {
    let at = utc(moment);
    format!("{} {} {}", at.day(), at.month(), at.year())
}

/// The day of a moment in UTC, as date fields of forms have it: `2026-11-22`.
pub fn field(moment: Timestamp) -> String {
    year_month_day(moment).join("-")
}

/// Reads ISO 8601 (with or without time, fraction and offset; UTC if it names none) or an HTTP date.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let moment = OffsetDateTime::parse(text, &Iso8601::PARSING)
        .or_else(|_| PrimitiveDateTime::parse(text, &Iso8601::PARSING).map(PrimitiveDateTime::assume_utc))
        .or_else(|_| Date::parse(text, &Iso8601::PARSING).map(|date| date.with_time(Time::MIDNIGHT).assume_utc()))
        .or_else(|_| OffsetDateTime::parse(text, &Rfc2822))
        .ok()?;
    i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000)).ok().map(Timestamp::from_micros)
}

fn utc(moment: Timestamp) -> OffsetDateTime {
    let nanos = i128::from(moment.as_micros()).saturating_mul(1_000);
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or_else(|_| {
        let nearest = if nanos < 0 { PrimitiveDateTime::MIN } else { PrimitiveDateTime::MAX };
        nearest.assume_utc()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Timestamp = Timestamp::from_micros(1_795_330_800_123_456);

    #[test]
    fn a_moment_is_written_in_utc_with_milliseconds() {
        assert_eq!(format(MOMENT), "2026-11-22T07:00:00.123Z");
        assert_eq!(day(MOMENT), "20261122");
    }

    #[test]
    fn both_ways_of_writing_a_date_are_read() {
        let whole = Timestamp::from_secs(1_795_330_800);
        for text in [
            "2026-11-22T07:00:00Z",
            "2026-11-22T07:00:00.0000000Z",
            "2026-11-22T08:00:00+01:00",
            "2026-11-22T07:00:00",
            "Sun, 22 Nov 2026 07:00:00 GMT",
        ] {
            assert_eq!(parse(text), Some(whole), "{text}");
        }
        assert_eq!(parse("2026-11-22"), Some(Timestamp::from_secs(1_795_305_600)));
        assert_eq!(parse("2026-11-22T07:00:00.123456Z"), Some(MOMENT));
    }

    #[test]
    fn nonsense_is_no_date_and_no_panic() {
        for text in
            ["", "yesterday", "2026-13-40", "0000", "99999-01-01", "2026-11-22T25:00:00Z", "\u{0}", "+", "-", "W"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"9".repeat(10_000)), None);
    }

    #[test]
    fn moments_beyond_the_calendar_are_still_written() {
        assert!(format(Timestamp::MAX).starts_with("9999-12-31"));
        assert!(!format(Timestamp::from_micros(i64::MIN)).is_empty());
    }
}
