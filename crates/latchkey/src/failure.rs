//! Why a command did not do what it was asked: what failed, why, and what to do about it.

use std::fmt;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

/// How a command ends, as scripts see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Exit {
    /// It failed.
    Failed = 1,
    /// It was not asked rightly.
    Usage = 2,
    /// What it was about does not exist.
    NotFound = 3,
    /// A rule forbids it.
    Refused = 4,
    /// It is there already, or somebody else was first.
    Conflict = 5,
    /// A server, a database or a disk could not be reached.
    Unreachable = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    why: Option<String>,
    remedy: Option<String>,
}

impl Failure {
    /// Something failed: `what`, as a sentence without its full stop.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), why: None, remedy: None }
    }

    /// What it was about does not exist.
    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, what)
    }

    /// A rule forbids it.
    pub(crate) fn refused(what: impl Into<String>) -> Self {
        Self::new(Exit::Refused, what)
    }

    /// It is there already.
    pub(crate) fn conflict(what: impl Into<String>) -> Self {
        Self::new(Exit::Conflict, what)
    }

    /// The reason.
    #[must_use]
    pub(crate) fn because(self, why: impl fmt::Display) -> Self {
        Self { why: Some(why.to_string()), ..self }
    }

    /// What to do about it.
    #[must_use]
    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// What failed and why, in one line.
    pub(crate) fn in_short(&self) -> String {
        self.why.as_ref().map_or_else(|| self.what.clone(), |why| format!("{}: {why}", self.what))
    }

    /// How the program ends.
    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        if let Some(why) = &self.why {
            // A reason of several lines (a place in a file) stands by itself.
            let separator = if why.contains('\n') { "\n" } else { "\n  why: " };
            write!(f, "{separator}{why}")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, "\n  do:  {remedy}")?;
        }
        Ok(())
    }
}

impl From<latchkey_store::StoreError> for Failure {
    fn from(error: latchkey_store::StoreError) -> Self {
        let exit = if error.is_temporary() { Exit::Unreachable } else { Exit::Failed };
        Self::new(exit, "the database did not do it").because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_why_and_what_to_do() {
        let failure = Failure::not_found("there is no app with this id").because("it was deleted").remedy("run `x`");
        assert_eq!(failure.to_string(), "error: there is no app with this id\n  why: it was deleted\n  do:  run `x`");
        assert_eq!(failure.exit() as u8, 3);
    }
}
