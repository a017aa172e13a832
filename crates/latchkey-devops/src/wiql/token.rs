//! The words and signs of a query.

use std::ops::Range;

use super::malformed;
use crate::error::DevOpsError;

/// A word or a sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token<'a> {
    /// A keyword, or the name of a field without brackets.
    Word(&'a str),
    /// `[a name]`.
    Bracketed(&'a str),
    /// `'a text'` or `"a text"`, without what doubles its quotes.
    Text(String),
    /// Digits, with a point among them or not.
    Number(&'a str),
    /// `@a macro`, without the sign.
    Macro(&'a str),
    /// A sign.
    Sign(&'static str),
    /// Behind the last.
    End,
}

/// The signs, the longer ones first.
const SIGNS: &[&str] = &["<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-", "*", "."];

/// Cuts a query into words and signs, each with its place in the text.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, DevOpsError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = token(first, rest)?;
        tokens.push((token, at..at + length));
        at += length;
    }
    tokens.push((Token::End, text.len()..text.len()));
    Ok(tokens)
}

/// The token that a text begins with, and its length.
fn token(first: char, rest: &str) -> Result<(Token<'_>, usize), DevOpsError> {
    let prefix = |part: &dyn Fn(char) -> bool, from: usize| {
        let tail = rest.get(from..).unwrap_or_default();
        let length = from + tail.find(|c: char| !part(c)).unwrap_or(tail.len());
        (rest.get(from..length).unwrap_or_default(), length)
    };
    match first {
        '\'' | '"' => quoted(first, rest),
        '[' => match rest.find(']') {
            Some(end) => Ok((Token::Bracketed(rest.get(1..end).unwrap_or_default().trim()), end + 1)),
            None => Err(malformed("Expecting closing square bracket.", rest)),
        },
        '@' => match prefix(&|c| c.is_alphanumeric() || c == '_', 1) {
            ("", _) => Err(malformed("Expecting the name of a macro.", rest)),
            (name, length) => Ok((Token::Macro(name), length)),
        },
        _ if first.is_ascii_digit() => {
            let (number, length) = prefix(&|c| c.is_ascii_digit() || c == '.', 0);
            Ok((Token::Number(number), length))
        }
        _ if first.is_alphabetic() || first == '_' => {
            let (word, length) = prefix(&|c| c.is_alphanumeric() || c == '_' || c == '.', 0);
            Ok((Token::Word(word), length))
        }
        _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => Ok((Token::Sign(sign), sign.len())),
            None => Err(malformed("Unexpected character.", first.encode_utf8(&mut [0; 4]))),
        },
    }
}

/// A text in quotes. A quote inside is written twice.
fn quoted(quote: char, rest: &str) -> Result<(Token<'_>, usize), DevOpsError> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return Ok((Token::Text(text), at + 1));
        }
    }
    Err(malformed("Expecting closing quote.", rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Token<'_>> {
        tokens(text).unwrap().into_iter().map(|(token, _)| token).collect()
    }

    #[test]
    fn a_query_is_cut_into_its_words() {
        assert_eq!(
            read("[System.Id]<>@Me-7 and a.B='it''s' \"x\"\"y\""),
            [
                Token::Bracketed("System.Id"),
                Token::Sign("<>"),
                Token::Macro("Me"),
                Token::Sign("-"),
                Token::Number("7"),
                Token::Word("and"),
                Token::Word("a.B"),
                Token::Sign("="),
                Token::Text("it's".into()),
                Token::Text("x\"y".into()),
                Token::End,
            ]
        );
    }

    #[test]
    fn what_has_no_end_or_no_meaning_is_refused_and_never_panics() {
        for text in ["'a", "\"a''", "[a", "@", "@ me", "a ; b", "\u{0}", "💡", "a!=b"] {
            assert_eq!(tokens(text).unwrap_err().status(), 400, "{text}");
        }
        assert_eq!(read("'ü💡' ü"), [Token::Text("ü💡".into()), Token::Word("ü"), Token::End]);
    }
}
