//! Calls by day, drawn: bars in SVG that the server writes, small enough for a list. What a picture shows, words and a table say, too.

use std::fmt::{self, Write as _};

use askama::filters::HtmlSafe;

use super::Moment;

/// The calls of one day.
pub struct DayOfUse {
    /// The day.
    pub day: Moment,
    /// How many calls were answered.
    pub calls: u32,
    /// How many were refused.
    pub refused: u32,
}

/// The calls of some days, the oldest first.
pub struct UseByDay(pub Vec<DayOfUse>);

/// The size of a picture, in its own units.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Size {
    height: u32,
    /// From one bar to the next.
    step: usize,
    /// How wide a bar is.
    bar: usize,
}

/// Beside a few words.
const SMALL: Size = Size { height: 18, step: 4, bar: 3 };
/// Across a page.
const LARGE: Size = Size { height: 60, step: 12, bar: 8 };

impl UseByDay {
    /// How many calls were answered.
    pub(crate) fn calls(&self) -> u64 {
        self.0.iter().map(|day| u64::from(day.calls)).sum()
    }

    /// How many were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.0.iter().map(|day| u64::from(day.refused)).sum()
    }

    /// How many were answered on the busiest day.
    pub(crate) fn most(&self) -> u32 {
        self.0.iter().map(|day| day.calls).max().unwrap_or(0)
    }

    /// The days with calls, the newest first.
    pub(crate) fn busy(&self) -> impl Iterator<Item = &DayOfUse> {
        self.0.iter().rev().filter(|day| day.calls > 0 || day.refused > 0)
    }

    /// What is drawn, in words.
    fn title(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            write!(f, "{} calls in {} days, {} on the busiest day", self.calls(), self.0.len(), self.most())?;
            if self.refused() > 0 { write!(f, "; {} refused", self.refused()) } else { Ok(()) }
        })
    }

    /// A picture beside a few words.
    pub(crate) fn sparkline(&self) -> Picture<'_> {
        Picture { days: self, size: SMALL }
    }

    /// A picture across the page.
    pub(crate) fn chart(&self) -> Picture<'_> {
        Picture { days: self, size: LARGE }
    }
}

/// A picture of calls by day.
pub(crate) struct Picture<'a> {
    days: &'a UseByDay,
    size: Size,
}

impl Picture<'_> {
    /// The bars: answered calls, and those on top of them that were refused.
    fn bars(&self) -> (String, String) {
        let Size { height: full, step, bar } = self.size;
        let all = |day: &DayOfUse| u64::from(day.calls) + u64::from(day.refused);
        let most = self.days.0.iter().map(all).max().unwrap_or(0).max(1);
        let height = |calls: u32| {
            let height = u64::from(calls) * u64::from(full) / most;
            // What happened at all can be seen.
            u32::try_from(height).unwrap_or(full).max(u32::from(calls > 0))
        };
        let (mut answered, mut refused) = (String::new(), String::new());
        for (x, day) in self.days.0.iter().enumerate().map(|(at, day)| (at * step + (step - bar) / 2, day)) {
            let above = height(day.refused);
            let below = height(day.calls).min(full - above);
            draw(&mut answered, (x, full), (bar, below));
            draw(&mut refused, (x, full - below), (bar, above));
        }
        (answered, refused)
    }
}

/// Adds a bar that stands on a point.
fn draw(path: &mut String, (x, y): (usize, u32), (width, height): (usize, u32)) {
    if height > 0 {
        // Writing into a string has no way to fail.
        let _: fmt::Result = write!(path, "M{x} {y}v-{height}h{width}v{height}z");
    }
}

impl fmt::Display for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = (self.days.0.len().max(1) * self.size.step, self.size.height);
        let (answered, refused) = self.bars();
        if self.size == LARGE {
            write!(
                f,
                "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" height=\"120\" preserveAspectRatio=\"none\""
            )?;
        } else {
            write!(f, "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\"")?;
        }
        write!(f, " role=\"img\"><title>{}</title>", self.days.title())?;
        write!(f, "<path fill=\"currentColor\" d=\"M0 {height}h{width}v-.5H0z{answered}\"/>")?;
        if !refused.is_empty() {
            write!(f, "<path class=\"refused\" d=\"{refused}\"/>")?;
        }
        f.write_str("</svg>")
    }
}

// It writes its own markup and holds nothing but numbers.
impl HtmlSafe for Picture<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(calls: &[(u32, u32)]) -> UseByDay {
        let day = |&(calls, refused)| DayOfUse { day: Moment::from_micros(0), calls, refused };
        UseByDay(calls.iter().map(day).collect())
    }

    #[test]
    fn each_day_with_calls_is_one_bar() {
        let picture = days(&[(0, 0), (9, 0), (18, 0)]).sparkline().to_string();
        assert!(picture.contains("M4 18v-9h3v9zM8 18v-18h3v18z"), "{picture}");
        assert!(picture.contains("<title>27 calls in 3 days, 18 on the busiest day</title>"), "{picture}");
        assert!(!picture.contains("refused"), "{picture}");
    }

    #[test]
    fn what_was_refused_stands_on_top_and_nothing_leaves_the_picture() {
        let picture = days(&[(30, 30), (1, 0)]).chart().to_string();
        assert!(
            picture.contains("M2 60v-30h8v30z") && picture.contains("class=\"refused\" d=\"M2 30v-30h8v30z\""),
            "{picture}"
        );
        assert!(picture.contains("M14 60v-1h8v1z"), "a single call is seen, too: {picture}");
        let most = days(&[(u32::MAX, u32::MAX)]).chart().to_string();
        assert!(most.contains("M2 60v-30h8v30z") && most.contains("M2 30v-30h8v30z"), "{most}");
        let one = days(&[(u32::MAX, 1)]).chart().to_string();
        assert!(one.contains("M2 60v-59h8v59z") && one.contains("M2 1v-1h8v1z"), "{one}");
    }

    #[test]
    fn thirty_days_cost_less_than_a_kilobyte() {
        assert!(days(&[(1_000, 0); 30]).sparkline().to_string().len() < 1_024);
    }
}
