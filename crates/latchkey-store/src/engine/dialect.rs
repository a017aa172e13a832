//! The few words in which the two engines differ.
//!
//! Everything is written in SQLite's words. Both rewritings leave quoted text alone and touch whole words in capitals only.

/// A statement for SQLite: `$n` becomes `?n`, because SQLite would number `$n` by first appearance and swap values; and
/// `FOR UPDATE` and `FOR SHARE` go, because its only writer is alone anyway.
pub(crate) fn sqlite(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut words = Words::of(text).peekable();
    while let Some(word) = words.next() {
        match word {
            Word::Plain("$") if words.peek().is_some_and(Word::is_number) => out.push('?'),
            Word::Plain("FOR") => {
                let lock = words.clone().find(|word| !word.is_space());
                if let Some(Word::Plain("UPDATE" | "SHARE")) = lock {
                    words.by_ref().find(|word| !word.is_space());
                } else {
                    out.push_str("FOR");
                }
            }
            other => out.push_str(other.text()),
        }
    }
    out
}

/// A statement for PostgreSQL: the types have other names.
pub(crate) fn postgres(text: &str) -> String {
    Words::of(text)
        .map(|word| match word {
            Word::Plain("INTEGER") => "BIGINT",
            Word::Plain("BLOB") => "BYTEA",
            other => other.text(),
        })
        .collect()
}

/// A guarded statement for PostgreSQL: when it touches no row it fails with `division_by_zero`, so that a `COMMIT` that is
/// already on its way ends the transaction without a trace.
pub(crate) fn postgres_guard(text: &str) -> String {
    let text = postgres(text);
    let statement = text.trim().trim_end_matches(';');
    let gives_rows =
        statement.starts_with("SELECT") || Words::of(statement).any(|word| word == Word::Plain("RETURNING"));
    let returning = if gives_rows { "" } else { " RETURNING 1" };
    format!("WITH touched AS ({statement}{returning}) SELECT 1 / count(*) AS guard FROM touched")
}

/// A migration for PostgreSQL: other types, no `STRICT` and no `WITHOUT ROWID`; text is ordered byte by byte, as SQLite does.
pub(crate) fn postgres_schema(text: &str) -> String {
    let text = ["STRICT, WITHOUT ROWID", "WITHOUT ROWID, STRICT", "WITHOUT ROWID", "STRICT"]
        .iter()
        .fold(text.to_owned(), |text, option| text.replace(&format!(") {option};"), ");"));
    Words::of(&text)
        .map(|word| match word {
            Word::Plain("INTEGER") => "BIGINT",
            Word::Plain("BLOB") => "BYTEA",
            Word::Plain("TEXT") => "TEXT COLLATE \"C\"",
            other => other.text(),
        })
        .collect()
}

/// A piece of SQL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Word<'a> {
    /// A word, a number, white space or one character.
    Plain(&'a str),
    /// A string, a quoted name or a comment.
    Quoted(&'a str),
}

impl<'a> Word<'a> {
    const fn text(&self) -> &'a str {
        match self {
            Self::Plain(text) | Self::Quoted(text) => text,
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Plain(text) if text.starts_with(|c: char| c.is_ascii_digit()))
    }

    fn is_space(&self) -> bool {
        matches!(self, Self::Plain(text) if text.starts_with(char::is_whitespace))
    }
}

/// Cuts SQL into words. Joined again they are the same text.
#[derive(Clone)]
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    const fn of(text: &'a str) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let first = self.rest.chars().next()?;
        let after = |quote: char| self.rest.get(1..).and_then(|rest| rest.find(quote)).map(|end| end + 2);
        let length_of = |belongs: fn(char) -> bool| self.rest.find(|c| !belongs(c));
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        let (end, quoted) = match first {
            '\'' | '"' => (after(first), true),
            '-' if self.rest.starts_with("--") => (after('\n'), true),
            c if in_word(c) => (length_of(in_word), false),
            c if c.is_whitespace() => (length_of(char::is_whitespace), false),
            c => (Some(c.len_utf8()), false),
        };
        let (word, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len())).unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(if quoted { Word::Quoted(word) } else { Word::Plain(word) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_gets_numbered_placeholders_and_no_row_locks() {
        assert_eq!(sqlite("SELECT a FROM t WHERE b = $2 AND c = $11"), "SELECT a FROM t WHERE b = ?2 AND c = ?11");
        assert_eq!(sqlite("SELECT '$1 FOR UPDATE', $x"), "SELECT '$1 FOR UPDATE', $x");
        assert_eq!(sqlite("(SELECT a FROM t WHERE b = $1 FOR\n  UPDATE)"), "(SELECT a FROM t WHERE b = ?1 )");
        assert_eq!(sqlite("SELECT a FROM t WHERE b = $1 FOR SHARE"), "SELECT a FROM t WHERE b = ?1 ");
        assert_eq!(sqlite("a FOR b"), "a FOR b");
    }

    #[test]
    fn postgres_gets_its_own_words_for_types() {
        assert_eq!(postgres("CAST($2 AS BLOB) = 'BLOB' -- BLOB\n"), "CAST($2 AS BYTEA) = 'BLOB' -- BLOB\n");
        assert_eq!(postgres("SELECT BLOB_ID, CAST(sum(x) AS INTEGER)"), "SELECT BLOB_ID, CAST(sum(x) AS BIGINT)");
        assert_eq!(
            postgres_schema("CREATE TABLE t (a INTEGER, b TEXT, c BLOB) STRICT, WITHOUT ROWID;"),
            "CREATE TABLE t (a BIGINT, b TEXT COLLATE \"C\", c BYTEA);"
        );
    }

    #[test]
    fn a_guard_counts_the_rows_it_touched() {
        assert_eq!(
            postgres_guard("\n DELETE FROM t WHERE a = $1;\n"),
            "WITH touched AS (DELETE FROM t WHERE a = $1 RETURNING 1) SELECT 1 / count(*) AS guard FROM touched"
        );
        assert!(!postgres_guard("UPDATE t SET a = 1 RETURNING a").contains("RETURNING 1"));
        for lock in ["SHARE", "UPDATE"] {
            assert!(
                !postgres_guard(&format!(" SELECT a FROM t WHERE b = $1 FOR {lock}")).contains("RETURNING"),
                "{lock}"
            );
        }
        let from_a_locked_row = "INSERT INTO t (a) SELECT a FROM u WHERE b = $1 FOR SHARE";
        assert!(postgres_guard(from_a_locked_row).contains("FOR SHARE RETURNING 1)"));
    }

    #[test]
    fn cutting_into_words_loses_nothing() {
        let text = "SELECT \"ü\" || 'it''s', -- why\n  ä.b FROM ä WHERE x='unclosed";
        assert_eq!(Words::of(text).map(|word| word.text()).collect::<String>(), text);
    }
}
