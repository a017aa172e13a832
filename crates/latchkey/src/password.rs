//! Asking whoever gives orders: for a password, or whether they mean it.

use std::io::{self, BufRead as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::failure::{Exit, Failure};
use crate::out;

/// Reads a new password: twice and unseen from a person, or a line from a program.
pub(crate) fn read() -> Result<String, Failure> {
    if !out::somebody_is_there() {
        return line().map_err(unreadable);
    }
    let first = unseen("New password:").map_err(unreadable)?;
    let second = unseen("Once more:").map_err(unreadable)?;
    if first == second { Ok(first) } else { Err(Failure::new(Exit::Usage, "the two passwords are not the same")) }
}

/// Asks whether something that cannot be undone is meant.
pub(crate) fn confirm(question: &str) -> Result<(), Failure> {
    if !out::somebody_is_there() {
        return Err(Failure::refused("this cannot be undone, and there is nobody to ask").remedy("add --yes"));
    }
    out::question(format_args!("{question} [y/N]"));
    match line().map_err(unreadable)?.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::refused("nothing was changed")),
    }
}

/// Asks for a line, with an answer for those who only press Enter.
pub(crate) fn ask(question: &str, default: &str) -> Result<String, Failure> {
    let offer = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    out::question(format_args!("{question}{offer}:"));
    let answer = line().map_err(unreadable)?;
    Ok(if answer.trim().is_empty() { default.to_owned() } else { answer.trim().to_owned() })
}

fn unreadable(error: io::Error) -> Failure {
    Failure::new(Exit::Failed, "standard input cannot be read").because(error)
}

fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

/// Reads a line while the terminal shows nothing of it.
fn unseen(question: &str) -> io::Result<String> {
    out::question(question);
    let stdin = io::stdin();
    let visible = tcgetattr(&stdin)?;
    let mut hidden = visible.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let read = line();
    tcsetattr(&stdin, OptionalActions::Now, &visible)?;
    out::note("");
    read
}
