//! Why a step could not be done, in words for the person who started it.

use std::fmt;
use std::io;
use std::path::Path;

/// A sentence or two that say what failed and, where it is known, what to do.
#[derive(Debug)]
pub(crate) struct Problem(String);

/// What a step that may fail answers.
pub(crate) type Outcome<T> = Result<T, Problem>;

impl Problem {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// For a file operation: `could not <what> <path>: <why>`.
    pub(crate) fn at(what: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let place = format!("could not {what} {}", path.display());
        move |error| Self(format!("{place}: {error}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
