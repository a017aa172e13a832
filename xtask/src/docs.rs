//! `cargo xtask docs`: the table from sections of specifications to functions to tests.

use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;

use clap::Args;

use crate::citations::{Citations, Item, Section, Test};
use crate::problem::{Outcome, Problem};
use crate::workspace::Workspace;

/// Where the table is.
const TABLE: &str = "docs/standards.md";

/// The pages that say which tests show what an examiner looks at, and what is demanded of security. They are written by hand.
const NAMING_TESTS: [&str; 2] = ["docs/examination.md", "docs/threats.md"];

/// So many tests are named of one item; the others are counted.
const NAMED: usize = 3;

/// What to do with the table.
#[derive(Args)]
pub(crate) struct Options {
    /// Only say whether the table is what it should be
    #[arg(long)]
    check: bool,
}

/// Writes the table, or checks it.
pub(crate) fn run(options: &Options, workspace: &Workspace) -> Outcome<ExitCode> {
    if options.check {
        check(workspace)?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = workspace.root.join(TABLE);
    fs::write(&path, table(&Citations::below(&workspace.root)?))
        .map_err(|error| Problem::new(format!("{}: {error}", path.display())))?;
    println!("{TABLE} is written.");
    Ok(ExitCode::SUCCESS)
}

/// Fails if the table is not what the code says.
pub(crate) fn check(workspace: &Workspace) -> Outcome<()> {
    let citations = Citations::below(&workspace.root)?;
    let read =
        |page| fs::read_to_string(workspace.root.join(page)).map_err(|error| Problem::new(format!("{page}: {error}")));
    if read(TABLE)? != table(&citations) {
        return Err(Problem::new(format!("{TABLE} is not what the code says: `cargo xtask docs` writes it anew.")));
    }
    // A file of tests is named as they are.
    let is_there = |name: &&str| {
        citations.tests.iter().any(|test| test.name == *name || test.file.file_stem().is_some_and(|stem| stem == *name))
    };
    for page in NAMING_TESTS {
        if let Some(name) = named_tests(&read(page)?).find(|name| !is_there(name)) {
            return Err(Problem::new(format!("{page} names the test {name}, which is not there.")));
        }
    }
    Ok(())
}

/// The tests that the tables of a page name: code that reads like a sentence.
fn named_tests(page: &str) -> impl Iterator<Item = &str> {
    let of_a_name = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let code = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    code.filter(move |code| code.matches('_').count() > 1 && code.bytes().all(of_a_name))
}

fn table(citations: &Citations) -> String {
    let mut page = "# From specifications to code to tests\n\n\
         What follows a section says so in its doc comment; this page is read from there by `cargo xtask docs`. The tests are those that \
         name the item, and those over HTTP whose file bears the same noun. What departs from a specification is in \
         [divergences.md](divergences.md).\n"
        .to_owned();
    let mut document = "";
    for (section, items) in &citations.sections {
        if section.document != document {
            document = &section.document;
            let _ = write!(page, "\n## {document}\n\n| section | where | tests |\n|---|---|---|\n");
        }
        for item in items {
            row(&mut page, section, item, &citations.tests);
        }
    }
    page
}

fn row(page: &mut String, section: &Section, item: &Item, tests: &[Test]) {
    let file = item.file.display();
    let place = if item.name.is_empty() {
        format!("[{file}](../{file})")
    } else {
        format!("[`{}`](../{file}) in {file}", item.name)
    };
    let shown: Vec<&Test> = tests.iter().filter(|test| item.is_shown_by(test)).collect();
    // Those beside the code first.
    let (beside, elsewhere): (Vec<&Test>, Vec<&Test>) = shown.iter().partition(|test| item.has_beside(&test.file));
    let named = beside.into_iter().chain(elsewhere).take(NAMED);
    let mut names: Vec<String> = named.map(|test| format!("`{}`", test.name)).collect();
    if shown.len() > NAMED {
        names.push(format!("{} more", shown.len() - NAMED));
    }
    let _ = writeln!(page, "| {} | {place} | {} |", section.title(), names.join("<br>"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_a_page_name_tests_as_code_that_reads_like_a_sentence() {
        let page = "`private_key_jwt` is a word.\n| `oidcc-server` | `a_code_becomes_tokens`, see `form_post` and `latchkey app import` | `it_is_used_up_by_its_answer` |";
        assert_eq!(named_tests(page).collect::<Vec<_>>(), ["a_code_becomes_tokens", "it_is_used_up_by_its_answer"]);
    }
}
