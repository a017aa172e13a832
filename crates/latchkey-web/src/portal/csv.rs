//! Lists as files for spreadsheets: comma-separated values. [RFC 4180 §2]

use axum::body::Body;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};

use crate::reply;

/// A file that grows row by row.
pub(super) struct Csv(String);

impl Csv {
    /// A file with nothing but the names of its columns.
    pub(super) fn with_columns(names: &[&str]) -> Self {
        let mut file = Self(String::new());
        file.row(names);
        file
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: &[&str]) {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            self.cell(cell);
        }
        self.0.push_str("\r\n");
    }

    /// Adds a cell. What a spreadsheet would take for a formula is made a text: somebody else may have chosen the words.
    fn cell(&mut self, text: &str) {
        let is_formula =
            text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        self.0.push('"');
        if is_formula {
            self.0.push('\'');
        }
        self.0.push_str(&text.replace('"', "\"\""));
        self.0.push('"');
    }

    /// The answer that a browser keeps as a file of this name.
    pub(super) fn answer(self, name: &str) -> Response<Body> {
        kept(self.0, "text/csv; charset=utf-8; header=present", &format!("{name}.csv"))
    }
}

/// An answer that a browser keeps as a file of this name.
pub(super) fn kept(text: String, kind: &'static str, name: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply::attachment(&mut response, name);
    reply::no_store(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_one_cell_each() {
        let mut file = Csv::with_columns(&["name", "words"]);
        file.row(&["Ana, of harbor", "she said \"no\"\r\ntwice"]);
        assert_eq!(file.0, "\"name\",\"words\"\r\n\"Ana, of harbor\",\"she said \"\"no\"\"\r\ntwice\"\r\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"] {
            let mut file = Csv(String::new());
            file.row(&[formula]);
            assert!(file.0.starts_with("\"'"), "{formula:?}");
        }
        let mut file = Csv(String::new());
        file.row(&["a=1", "", "2026-03-03"]);
        assert_eq!(file.0, "\"a=1\",\"\",\"2026-03-03\"\r\n");
    }
}
