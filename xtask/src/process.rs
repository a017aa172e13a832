//! Running other programs.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::problem::{Outcome, Problem};

/// The stream of a program that is read line by line while it is shown.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// Runs a program with its output shown, and insists that it succeeds.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    let status = command.stdin(Stdio::null()).status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(Problem::new(format!("{} ended with {status}", name(command)))) }
}

/// Whether a program can be started and succeeds; what it prints is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// What a program prints, if it succeeds.
pub(crate) fn answer(command: &mut Command) -> Outcome<String> {
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(Problem::new(format!("{} ended with {}", name(command), output.status)))
    }
}

/// Runs a program, shows every line of one stream and hands it on. Answers whether the program succeeded.
pub(crate) fn watch(command: &mut Command, stream: Stream, mut see: impl FnMut(&str)) -> Outcome<bool> {
    match stream {
        Stream::Stdout => command.stdout(Stdio::piped()),
        Stream::Stderr => command.stderr(Stdio::piped()),
    };
    let mut child = command.stdin(Stdio::null()).spawn().map_err(|error| not_started(command, &error))?;
    let output: Option<Box<dyn BufRead>> = match stream {
        Stream::Stdout => child.stdout.take().map(|pipe| Box::new(BufReader::new(pipe)) as _),
        Stream::Stderr => child.stderr.take().map(|pipe| Box::new(BufReader::new(pipe)) as _),
    };
    if let Some(mut output) = output {
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            see(text.trim_end());
            line.clear();
        }
    }
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    Ok(status.success())
}

fn not_started(command: &Command, error: &std::io::Error) -> Problem {
    Problem::new(format!("{} could not be run: {error}", name(command)))
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}
