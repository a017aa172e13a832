//! How many cases passed, read from what test programs print.

use std::fmt;
use std::ops::AddAssign;

/// Cases that passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Count {
    /// A step that is one case by itself, and passed.
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    /// A step that is one case by itself, and failed.
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    /// A step that is one case by itself, and could not be done here.
    pub(crate) const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    /// The summary line of cargo-nextest: `Summary [ 0.1s] 5 tests run: 4 passed (1 slow), 1 failed, 0 skipped`.
    pub(crate) fn of_nextest(line: &str) -> Option<Self> {
        let line = line.trim_start().strip_prefix("Summary [")?;
        let (_, results) = line.split_once("run: ")?;
        let mut count = Self::default();
        for part in results.split(',') {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            if what.starts_with("passed") {
                count.passed += number;
            } else if what.starts_with("skipped") {
                count.skipped += number;
            } else if ["failed", "exec failed", "timed out"].iter().any(|failure| what.starts_with(failure)) {
                count.failed += number;
            }
        }
        Some(count)
    }

    /// The result line of Rust's own test runner: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    pub(crate) fn of_libtest(line: &str) -> Option<Self> {
        let (_, results) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let mut count = Self::default();
        for part in results.split(';') {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => count.passed += number.parse::<u64>().ok()?,
                Some((number, "failed")) => count.failed += number.parse::<u64>().ok()?,
                Some((number, "ignored")) => count.skipped += number.parse::<u64>().ok()?,
                _ => {}
            }
        }
        Some(count)
    }

    /// One case of the Test Anything Protocol: `ok - name`, `not ok - name`, `ok - name # SKIP why`.
    pub(crate) fn of_tap(line: &str) -> Option<Self> {
        if line.starts_with("not ok ") {
            Some(Self::FAILED)
        } else if line.starts_with("ok ") {
            Some(if line.contains("# SKIP") { Self::SKIPPED } else { Self::PASSED })
        } else {
            None
        }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 { write!(formatter, ", {} skipped", self.skipped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u64, failed: u64, skipped: u64) -> Count {
        Count { passed, failed, skipped }
    }

    #[test]
    fn a_green_nextest_summary_is_counted() {
        let line = "     Summary [   0.006s] 12 tests run: 12 passed, 3 skipped";
        assert_eq!(Count::of_nextest(line), Some(count(12, 0, 3)));
    }

    #[test]
    fn every_way_to_fail_in_a_nextest_summary_counts_as_failed() {
        let line = "     Summary [  61.5s] 9/11 tests run: 5 passed (1 slow, 1 flaky), 2 failed, 1 exec failed, \
                    1 timed out, 2 skipped";
        assert_eq!(Count::of_nextest(line), Some(count(5, 4, 2)));
    }

    #[test]
    fn a_test_that_prints_the_word_summary_is_not_a_summary() {
        assert_eq!(Count::of_nextest("Summary of the day: 3 passed"), None);
    }

    #[test]
    fn a_libtest_result_is_counted() {
        let line = "test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.10s";
        assert_eq!(Count::of_libtest(line), Some(count(3, 1, 2)));
    }

    #[test]
    fn each_tap_line_is_one_case() {
        assert_eq!(Count::of_tap("ok - clones with a token"), Some(Count::PASSED));
        assert_eq!(Count::of_tap("not ok - pushes with a token"), Some(Count::FAILED));
        assert_eq!(Count::of_tap("ok - reads mail # SKIP no mail here"), Some(Count::SKIPPED));
        assert_eq!(Count::of_tap("# ok, so far"), None);
        assert_eq!(Count::of_tap("1..3"), None);
    }

    #[test]
    fn the_closing_line_names_what_was_skipped_only_if_something_was() {
        assert_eq!(count(7, 0, 0).to_string(), "7 passed, 0 failed");
        assert_eq!(count(7, 1, 2).to_string(), "7 passed, 1 failed, 2 skipped");
    }
}
