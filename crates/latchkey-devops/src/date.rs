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
        serializer.serialize_str(str::from_utf8(&iso_8601(self.0)).unwrap_or_default())
    }
}

/// Writes a moment as `2026-11-22T07:00:00.123Z`. Moments beyond the year 9999 are written as its last.
pub fn format(moment: Timestamp) -> String {
    String::from_utf8_lossy(&iso_8601(moment)).into_owned()
}

/// The same in ASCII, digit by digit: most answers have several.
fn iso_8601(moment: Timestamp) -> [u8; 24] {
    let at = utc(moment);
    let (year, month, day) = at.to_calendar_date();
    let (century, year) = two_parts(u16::try_from(year).unwrap_or_default());
    let (hundreds, rest) = two_parts(at.millisecond());
    let ([y1, y2], [y3, y4], [o1, o2], [d1, d2]) = (two(century), two(year), two(month.into()), two(day));
    let ([h1, h2], [m1, m2], [s1, s2]) = (two(at.hour()), two(at.minute()), two(at.second()));
    let ([_, f1], [f2, f3]) = (two(hundreds), two(rest));
    [y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', f1, f2, f3, b'Z']
}

/// The hundreds of a number below 10,000, and the rest.
fn two_parts(number: u16) -> (u8, u8) {
    ((number / 100) as u8, (number % 100) as u8)
}

/// The two digits of a number below 100.
fn two(number: u8) -> [u8; 2] {
    [b'0' + number / 10 % 10, b'0' + number % 10]
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
    let at = utc(moment);
    format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day())
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

/// Reads the last moment of a span. Answers tell moments to the millisecond, so a whole millisecond means all of it.
pub fn parse_last(text: &str) -> Option<Timestamp> {
    let micros = parse(text)?.as_micros();
    let rest = if micros % 1_000 == 0 { 999 } else { 0 };
    Some(Timestamp::from_micros(micros.saturating_add(rest)))
}

/// A moment in UTC; the nearest that the calendar has.
pub(crate) fn utc(moment: Timestamp) -> OffsetDateTime {
    let micros = moment.as_micros();
    let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let at = OffsetDateTime::from_unix_timestamp(seconds).and_then(|at| at.replace_microsecond(rest as u32));
    at.unwrap_or_else(|_| {
        let nearest = if micros < 0 { PrimitiveDateTime::MIN } else { PrimitiveDateTime::MAX };
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
        assert_eq!((day(MOMENT), field(MOMENT)), ("20261122".to_owned(), "2026-11-22".to_owned()));
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
    fn a_span_that_ends_at_a_moment_as_it_was_told_holds_that_moment() {
        assert!(parse(&format(MOMENT)).unwrap() < MOMENT);
        let last = parse_last(&format(MOMENT)).unwrap();
        assert!(last >= MOMENT && last.as_micros() - MOMENT.as_micros() < 1_000);
        assert_eq!(parse_last("2026-11-22T07:00:00.123456Z"), Some(MOMENT), "a part of a millisecond means itself");
        assert_eq!(parse_last("yesterday"), None);
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
        assert_eq!(format(Timestamp::from_micros(i64::MIN)), "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn every_digit_stands_in_its_place() {
        assert_eq!(format(Timestamp::from_micros(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(format(Timestamp::from_micros(-1)), "1969-12-31T23:59:59.999Z");
        assert_eq!(format(Timestamp::from_micros(951_782_399_987_000)), "2000-02-28T23:59:59.987Z");
        for day in 0..40_000 {
            let moment = Timestamp::from_micros(day * 86_400_000_000 + day % 1_000 * 1_000);
            assert_eq!(parse(&format(moment)), Some(moment));
        }
    }
}
