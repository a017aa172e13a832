//! Why a measurement could not be made, in words for the person who started it.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

/// A sentence or two that say what failed. Any error makes one by `?`.
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

    /// The same problem, with what was being done when it came up.
    pub(crate) fn during(self, what: &str) -> Self {
        Self(format!("{what}: {}", self.0))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Not an [`Error`] itself, so that this can hold for all of them.
impl<E: Error> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
