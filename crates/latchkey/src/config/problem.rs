//! A mistake in the configuration, shown where it was made.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use super::nearest::nearest;
use crate::failure::{Exit, Failure};

/// A mistake, with its place in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    span: Range<usize>,
    message: String,
    hint: Option<String>,
}

impl Problem {
    /// A value at `span` that cannot be used.
    pub(crate) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: None }
    }

    /// With what to write instead.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What the reader of the file complains about: a wrong type, a key that does not exist, a broken line.
    pub(crate) fn read(error: &toml::de::Error) -> Self {
        let message = error.message();
        let mut quoted = message.split('`').skip(1).step_by(2);
        let unknown = message.starts_with("unknown field").then(|| quoted.next()).flatten();
        let hint = unknown.and_then(|unknown| nearest(unknown, quoted));
        let message = match unknown {
            Some(unknown) => {
                format!(
                    "there is no key `{unknown}` here{}",
                    message.split_once(',').map_or("", |(_, rest)| rest).replacen(" expected", "; there is", 1)
                )
            }
            None => message.trim_end().to_owned(),
        };
        Self {
            span: error.span().unwrap_or_default(),
            message,
            hint: hint.map(|meant| format!("did you mean `{meant}`?")),
        }
    }

    /// The failure that stops the start.
    pub(crate) fn failure(&self, path: &Path, text: &str) -> Failure {
        Failure::new(Exit::Failed, "the configuration cannot be used").because(Shown { problem: self, path, text })
    }
}

/// A line as it may be shown: passwords in addresses are nobody's to see.
fn without_passwords(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, address)) = rest.split_once("://") {
        shown.extend([before, "://"]);
        rest = address;
        // A password may have anything in it: what stands before the last `@` of a text is taken for one.
        let end = address.find('"').into_iter().chain(address.find("://")).min();
        let text = end.and_then(|end| address.get(..end)).unwrap_or(address);
        if let Some((user, password)) = text.rsplit_once('@').and_then(|(user, _)| user.split_once(':')) {
            shown.extend([user, ":"]);
            shown.extend(password.chars().map(|_| '*'));
            rest = address.get(user.len() + 1 + password.len()..).unwrap_or_default();
        }
    }
    shown + rest
}

/// A problem with the line it is in.
struct Shown<'a> {
    problem: &'a Problem,
    path: &'a Path,
    text: &'a str,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { span, message, hint } = self.problem;
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let number = before.matches('\n').count() + 1;
        let line = self.text.lines().nth(number - 1).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let marked = self.text.get(span.clone()).and_then(|marked| marked.lines().next()).unwrap_or_default();
        let carets = "^".repeat(marked.chars().count().max(1));
        let margin = " ".repeat(number.to_string().len());
        writeln!(f, "  {margin}--> {}:{number}:{}", self.path.display(), column + 1)?;
        writeln!(f, "  {margin} |")?;
        writeln!(f, "  {number} | {}", without_passwords(line))?;
        write!(f, "  {margin} | {}{carets} {message}", " ".repeat(column))?;
        if let Some(hint) = hint {
            write!(f, "\n  {margin} = {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let shown = without_passwords("a = \"postgres://l:hunter2@db/d?x=1\" # see https://db:1/ or smtps://m@host");
        assert_eq!(shown, "a = \"postgres://l:*******@db/d?x=1\" # see https://db:1/ or smtps://m@host");
        assert_eq!(without_passwords("a = \"postgres://l:p@ss@db"), "a = \"postgres://l:****@db");
        assert_eq!(without_passwords("a = \"postgres://l:wh?o/x@db/d\""), "a = \"postgres://l:******@db/d\"");
        assert_eq!(without_passwords("[keys]"), "[keys]");
    }
}
