//! The only place that prints: data on standard output, everything for people on standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

/// How wide a bar is.
const WIDTH: usize = 40;

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

/// Shows how far something long has come, to somebody who is watching; to nobody else. At its end the line is gone.
pub(crate) fn progress(done: usize, of: usize) {
    let mut stderr = io::stderr().lock();
    if !stderr.is_terminal() || of < 2 {
        return;
    }
    let filled = (done * WIDTH).checked_div(of).unwrap_or(WIDTH).min(WIDTH);
    let percent = (done * 100).checked_div(of).unwrap_or(100);
    drop(match done < of {
        true => write!(stderr, "\r[{}{}] {percent:>3} %", "#".repeat(filled), ".".repeat(WIDTH - filled)),
        // Back to the start of the line, and clear it.
        false => write!(stderr, "\r\x1b[K"),
    });
    drop(stderr.flush());
}

/// Whether somebody is there to be asked.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
