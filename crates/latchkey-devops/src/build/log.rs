//! Logs of builds.

use latchkey_jose::Timestamp;

/// A log of a build. Its text is kept apart from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    /// Its number in the build, counted from 1.
    pub id: i64,
    /// The build it belongs to.
    pub build: i64,
    /// How many lines it has.
    pub line_count: i64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When something was last written to it.
    pub changed_at: Timestamp,
}

/// Counts the lines of a log.
pub fn count_lines(text: &str) -> i64 {
    i64::try_from(text.lines().count()).unwrap_or(i64::MAX)
}

/// The lines of a log from one to another, both counted from 1 and both included. Without them: all.
pub fn lines(text: &str, start_line: Option<i64>, end_line: Option<i64>) -> impl Iterator<Item = &str> {
    let place = |line: i64| usize::try_from(line.max(0)).unwrap_or(usize::MAX);
    let skipped = start_line.map_or(0, |line| place(line).saturating_sub(1));
    let last = end_line.map_or(usize::MAX, place);
    text.lines().take(last).skip(skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one_and_both_ends_are_included() {
        let text = "one\ntwo\nthree\nfour\n";
        let from_to = |start, end| lines(text, start, end).collect::<Vec<_>>();
        assert_eq!(count_lines(text), 4);
        assert_eq!(from_to(None, None), ["one", "two", "three", "four"]);
        assert_eq!(from_to(Some(2), Some(3)), ["two", "three"]);
        assert_eq!(from_to(Some(0), Some(1)), ["one"]);
        assert_eq!(from_to(Some(9), None), [""; 0]);
        assert_eq!(from_to(Some(i64::MIN), Some(i64::MAX)).len(), 4);
        assert_eq!(from_to(None, Some(-1)), [""; 0]);
    }
}
