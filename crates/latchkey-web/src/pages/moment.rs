//! Points in time, as pages show them.

use std::fmt;
use std::time::Duration;

use askama::filters::HtmlSafe;
use latchkey_identity::Timestamp;
use time::OffsetDateTime;

/// A point in time. Shows as `3 March 2026, 14:05 UTC` in a `<time>` element.
#[derive(Clone, Copy)]
pub struct Moment(OffsetDateTime);

impl Moment {
    /// A moment from microseconds since the epoch; the epoch itself if the calendar does not reach that far.
    pub fn from_micros(micros: i64) -> Self {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000);
        Self(moment.unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }

    /// How long before `now` it was, in words, with the exact time beside it: `12 minutes ago`.
    pub fn before(self, now: Self) -> Ago {
        Ago { then: self, now }
    }

    /// The day alone: `3 March 2026`.
    pub fn day(self) -> Day {
        Day(self)
    }

    /// The same without an element around it, for a text.
    pub(crate) fn in_words(self) -> impl fmt::Display {
        let at = self.0;
        fmt::from_fn(move |f| write!(f, "{}, {:02}:{:02} UTC", DayText(at), at.hour(), at.minute()))
    }

    /// As machines read it: `2026-03-03T14:05:00Z`.
    pub(crate) fn machine(self) -> impl fmt::Display {
        let at = self.0;
        fmt::from_fn(move |f| {
            let (date, hour, minute, second) = (at.date(), at.hour(), at.minute(), at.second());
            write!(f, "{date}T{hour:02}:{minute:02}:{second:02}Z")
        })
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self::from_micros(at.as_micros())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\">{}</time>", self.machine(), self.in_words())
    }
}

/// The day of a moment.
pub struct Day(Moment);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\">{}</time>", self.0.machine(), DayText(self.0.0))
    }
}

/// How long ago a moment was.
pub struct Ago {
    then: Moment,
    now: Moment,
}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (then, seconds) = (self.then.0, (self.now.0 - self.then.0).whole_seconds());
        let (hour, minute) = (then.hour(), then.minute());
        let machine = self.then.machine();
        write!(f, "<time datetime=\"{machine}\" title=\"{}, {hour:02}:{minute:02} UTC\">", DayText(then))?;
        match seconds {
            ..60 => f.write_str("just now")?,
            60..3_600 => write!(f, "{} ago", Count(seconds / 60, "minute"))?,
            3_600..86_400 => write!(f, "{} ago", Count(seconds / 3_600, "hour"))?,
            86_400..2_592_000 => write!(f, "{} ago", Count(seconds / 86_400, "day"))?,
            _ => write!(f, "{}", DayText(then))?,
        }
        f.write_str("</time>")
    }
}

/// A number and its noun: `1 minute`, `2 minutes`.
pub(crate) struct Count(pub(crate) i64, pub(crate) &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// How much time is left, in seconds, rounded as people do: a key for 30 days has 30 days left when it is a moment old. With
/// script it counts down.
#[derive(Clone, Copy)]
pub struct Remaining(pub u32);

impl Remaining {
    /// A wait, in whole seconds. It is not over before there is one less.
    pub fn of(wait: Duration) -> Self {
        Self(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1))
    }
}

impl fmt::Display for Remaining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::from(self.0);
        let nearest = |unit: i64| (seconds + unit / 2) / unit;
        write!(f, "<span data-countdown=\"{seconds}\">")?;
        match seconds {
            ..120 => write!(f, "{}", Count(seconds, "second"))?,
            120..7_200 => write!(f, "{}", Count(nearest(60), "minute"))?,
            7_200..172_800 => write!(f, "{}", Count(nearest(3_600), "hour"))?,
            _ => write!(f, "{}", Count(nearest(86_400), "day"))?,
        }
        f.write_str("</span>")
    }
}

struct DayText(OffsetDateTime);

impl fmt::Display for DayText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.0.day(), self.0.month(), self.0.year())
    }
}

// All of these write their own markup and hold nothing but numbers.
impl HtmlSafe for Moment {}
impl HtmlSafe for Day {}
impl HtmlSafe for Ago {}
impl HtmlSafe for Remaining {}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_772_546_700_000_000;

    fn ago(seconds: i64) -> String {
        let text = Moment::from_micros(NOW - seconds * 1_000_000).before(Moment::from_micros(NOW)).to_string();
        text.split(['>', '<']).nth(2).unwrap_or_default().to_owned()
    }

    #[test]
    fn a_moment_reads_as_a_date_and_a_time() {
        assert_eq!(
            Moment::from_micros(NOW).to_string(),
            "<time datetime=\"2026-03-03T14:05:00Z\">3 March 2026, 14:05 UTC</time>"
        );
    }

    #[test]
    fn what_was_recently_is_told_in_words() {
        assert_eq!(ago(3), "just now");
        assert_eq!(ago(60), "1 minute ago");
        assert_eq!(ago(7_300), "2 hours ago");
        assert_eq!(ago(86_400 * 3), "3 days ago");
        assert_eq!(ago(86_400 * 60), "2 January 2026");
    }

    #[test]
    fn a_time_beyond_the_calendar_does_not_break_a_page() {
        assert!(Moment::from_micros(i64::MAX).to_string().contains("UTC"));
    }

    #[test]
    fn remaining_time_is_counted_in_the_unit_a_person_would_use() {
        assert!(Remaining(1).to_string().contains(">1 second<"));
        assert!(Remaining(2_460).to_string().contains(">41 minutes<"));
        assert!(Remaining(61 * 86_400).to_string().contains(">61 days<"));
        assert!(Remaining(30 * 86_400 - 40).to_string().contains(">30 days<"), "a key that was just issued");
        assert!(Remaining(90 * 60 - 1).to_string().contains(">90 minutes<"));
    }
}
