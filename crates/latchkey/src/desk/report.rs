//! What an order answers, for people and for programs.

use std::fmt::Write as _;

use latchkey_identity::account::is_hidden;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(crate) enum Output {
    /// Columns for people.
    #[default]
    Table,
    /// JSON for programs.
    Json,
}

/// One thing, by the names of its fields.
pub(crate) type Row = Map<String, Value>;

/// Things, or one thing, and what is to be said about them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    columns: Vec<String>,
    rows: Vec<Row>,
    /// Whether it is one thing and not a list.
    single: bool,
    notes: Vec<String>,
}

impl Report {
    /// A list.
    pub(crate) fn list(columns: &[&str], rows: Vec<Row>) -> Self {
        Self { columns: columns.iter().map(|&column| column.to_owned()).collect(), rows, ..Self::default() }
    }

    /// One thing.
    pub(crate) fn one(columns: &[&str], row: Row) -> Self {
        Self { single: true, ..Self::list(columns, vec![row]) }
    }

    /// Nothing but a sentence.
    pub(crate) fn done(note: impl Into<String>) -> Self {
        Self::default().note(note)
    }

    /// With a sentence for whoever watches.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what the next part of the same order answered.
    pub(crate) fn append(&mut self, next: Self) {
        self.columns = next.columns;
        self.single = next.single;
        self.rows.extend(next.rows);
        for note in next.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// The things.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many rows have this there.
    pub(crate) fn count(&self, column: &str, word: &str) -> usize {
        self.rows.iter().filter(|row| row.get(column).and_then(Value::as_str) == Some(word)).count()
    }

    /// What is said beside the data.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The data; `None` if there is none.
    pub(crate) fn write(&self, output: Output) -> Option<String> {
        if self.columns.is_empty() {
            return None;
        }
        Some(match (output, self.single) {
            (Output::Json, single) => {
                let rows = self.rows.iter().cloned().map(Value::Object);
                let value = if single { rows.into_iter().next().unwrap_or_default() } else { rows.collect() };
                escaped(&format!("{value:#}"))
            }
            (Output::Table, true) => self.as_fields(),
            (Output::Table, false) => self.as_table(),
        })
    }

    fn as_fields(&self) -> String {
        let width = self.columns.iter().map(|column| column.len()).max().unwrap_or_default();
        let mut text = String::new();
        for row in &self.rows {
            for column in &self.columns {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{:width$}  {}", column.replace('_', " "), cell(row, column));
            }
        }
        text.trim_end().to_owned()
    }

    fn as_table(&self) -> String {
        let width = |column: &String| {
            let cells = self.rows.iter().map(|row| cell(row, column).chars().count());
            cells.chain([column.len()]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = self.columns.iter().map(width).collect();
        let heads: Vec<String> = self.columns.iter().map(|column| column.replace('_', " ").to_uppercase()).collect();
        let rows = self.rows.iter().map(|row| self.columns.iter().map(|column| cell(row, column)).collect());
        let lines = std::iter::once(heads).chain(rows).map(|cells: Vec<String>| {
            let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// JSON with everything that is not seen written as an escape: programs read the same, and a terminal is told nothing. Such characters stand
/// in strings only, but for the line breaks between members.
pub(crate) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !is_hidden(c) {
            text.push(c);
        } else {
            // Writing to a string cannot fail.
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Characters of a cell: a table is for people, and JSON has all of it.
const WIDEST: usize = 2_000;

fn cell(row: &Row, column: &str) -> String {
    let whole = whole_cell(row, column);
    match whole.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}\u{2026}", whole.get(..end).unwrap_or_default()),
        None => whole,
    }
}

fn whole_cell(row: &Row, column: &str) -> String {
    let word = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        // A name cannot tell a terminal what to do.
        Value::String(text) => text.chars().filter(|character| !is_hidden(*character)).collect(),
        other => escaped(&other.to_string()),
    };
    match row.get(column) {
        None => "-".to_owned(),
        Some(Value::Array(values)) if values.is_empty() => "-".to_owned(),
        Some(Value::Array(values)) => values.iter().map(word).collect::<Vec<_>>().join(" "),
        Some(value) => word(value),
    }
}

/// A row: `row! { "name": name, ... }`.
macro_rules! row {
    ($($name:literal: $value:expr),* $(,)?) => {{
        let mut row = $crate::desk::report::Row::new();
        $(row.insert($name.to_owned(), serde_json::json!($value));)*
        row
    }};
}
pub(crate) use row;

#[cfg(test)]
mod tests {
    use super::*;

    fn a_list() -> Report {
        let rows = vec![
            row! { "name": "Burndown", "scopes": ["vso.work", "vso.code"], "active": true },
            row! { "name": "CI\u{1b}[31m", "scopes": Vec::<String>::new(), "active": false },
        ];
        Report::list(&["name", "active", "scopes"], rows)
    }

    #[test]
    fn a_list_is_a_table_for_people_and_an_array_for_programs() {
        assert_eq!(
            a_list().write(Output::Table).unwrap(),
            "NAME      ACTIVE  SCOPES\nBurndown  yes     vso.work vso.code\nCI[31m    no      -"
        );
        let json: Value = serde_json::from_str(&a_list().write(Output::Json).unwrap()).unwrap();
        assert_eq!(json[0]["scopes"][1], "vso.code");
    }

    #[test]
    fn a_cell_has_an_end_and_no_hidden_characters() {
        let long = row! { "name": "x".repeat(70_000), "other": "a\u{202e}b" };
        let table = Report::list(&["name", "other"], vec![long.clone()]).write(Output::Table).unwrap();
        assert!(table.len() < 10_000 && table.contains('\u{2026}') && table.ends_with("ab"));
        assert!(Report::one(&["name"], long).write(Output::Table).unwrap().len() < 10_000);
    }

    #[test]
    fn json_carries_hidden_characters_as_escapes_and_reads_the_same() {
        let name = "a\u{1b}[31m\u{9b}31m\u{7f}\u{202e}\u{e0041}b\nc \u{c1}";
        let report = Report::list(&["name"], vec![row! { "name": name }]);
        let json = report.write(Output::Json).unwrap();
        assert!(json.chars().all(|c| c == '\n' || !is_hidden(c)), "{json:?}");
        assert!(json.contains("\\u009b31m") && json.contains('\u{c1}'));
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()[0]["name"], name);
    }

    #[test]
    fn one_thing_is_its_fields() {
        let report = Report::one(&["client_id", "name"], row! { "client_id": 7, "name": "x" });
        assert_eq!(report.write(Output::Table).unwrap(), "client id  7\nname       x");
        assert_eq!(serde_json::from_str::<Value>(&report.write(Output::Json).unwrap()).unwrap()["client_id"], 7);
        assert_eq!(Report::done("done").write(Output::Json), None);
    }
}
