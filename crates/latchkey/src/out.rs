//! The only place that prints: data on standard output, everything for people on standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

/// Prints what was asked for. A reader that went away (`| head`) is no failure.
pub(crate) fn data(text: impl Display) {
    drop(writeln!(io::stdout().lock(), "{text}"));
}

/// Prints something for the person who is watching.
pub(crate) fn note(text: impl Display) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Asks on standard error, without a line break.
pub(crate) fn question(text: impl Display) {
    let mut stderr = io::stderr().lock();
    drop(write!(stderr, "{text} "));
    drop(stderr.flush());
}

/// Whether somebody is there to be asked.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
