//! Whether a crate has doc tests: asking rustdoc would cost a build of each crate.

use std::fs;
use std::path::Path;

/// Whether any Rust file below this folder has a code block in its documentation that rustdoc would run.
pub(crate) fn below(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.filter_map(|entry| Some(entry.ok()?.path())).any(|path| {
        if path.is_dir() {
            below(&path)
        } else {
            path.extension().is_some_and(|extension| extension == "rs")
                && fs::read_to_string(&path).is_ok_and(|source| in_source(&source))
        }
    })
}

fn in_source(source: &str) -> bool {
    let mut inside = false;
    for line in source.lines() {
        let line = line.trim_start();
        let Some(words) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else { continue };
        let Some(language) = words.trim().strip_prefix("```") else { continue };
        if !inside && is_run(language) {
            return true;
        }
        inside = !inside;
    }
    false
}

fn is_run(language: &str) -> bool {
    let mut words = language.split(',').map(str::trim);
    words.all(|word| matches!(word, "" | "rust" | "no_run" | "should_panic" | "compile_fail"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rust_block_is_a_doc_test() {
        assert!(in_source("/// Adds.\n///\n/// ```\n/// assert_eq!(1 + 1, 2);\n/// ```\nfn add() {}\n"));
        assert!(in_source("//! ```compile_fail\n//! let x: u8 = -1;\n//! ```\n"));
    }

    #[test]
    fn a_block_of_text_is_not_even_where_it_closes() {
        assert!(!in_source("/// ```text\n/// parse -> decide\n/// ```\nfn f() {}\n"));
        assert!(!in_source("/// ```ignore\n/// later\n/// ```\n"));
    }

    #[test]
    fn a_block_outside_a_doc_comment_is_not() {
        assert!(!in_source("// ```\n// let x = 1;\n// ```\nconst FENCE: &str = \"```\";\n"));
    }
}
