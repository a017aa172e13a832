//! The only place that prints: data on standard output, everything for people on standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use latchkey_identity::account::is_hidden;

/// How wide a bar is.
const WIDTH: usize = 40;

/// Prints what was asked for. A reader that went away (`| head`) is no failure; whether it was still there is the answer.
pub(crate) fn data(text: impl Display) -> bool {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).is_ok()
}

/// Prints something for the person who is watching. What came from a file or from somebody else cannot tell their terminal what to do.
pub(crate) fn note(text: impl Display) {
    drop(writeln!(io::stderr().lock(), "{}", seen(&text)));
}

/// Asks on standard error, without a line break.
pub(crate) fn question(text: impl Display) {
    let mut stderr = io::stderr().lock();
    drop(write!(stderr, "{} ", seen(&text)));
    drop(stderr.flush());
}

/// A text without anything that is not seen, but for its lines and tabs.
fn seen(text: &impl Display) -> String {
    text.to_string().chars().filter(|c| matches!(c, '\n' | '\t') || !is_hidden(*c)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_tells_a_terminal_nothing() {
        let text = "line 1 names the field \u{1b}]0;x\u{7}\u{9b}31mname\u{202e} twice\n  do:\tit\r";
        assert_eq!(seen(&text), "line 1 names the field ]0;x31mname twice\n  do:\tit");
    }
}
