//! Every statement is one that both databases understand in the same way, and answers by an index.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use latchkey_store::catalogue::{TINY_TABLES, catalogue};
use latchkey_store::statement::{Kind, Reach};
use latchkey_testkit::databases::{TestDatabase, on_both_databases, runtime};

#[test]
fn every_statement_has_a_name_of_its_own() {
    let mut texts = BTreeMap::new();
    for sql in catalogue() {
        assert_eq!(texts.insert(sql.name(), sql.text()), None, "two statements are called {}", sql.name());
    }
}

#[test]
fn every_statement_can_be_prepared_on_both_engines_and_has_the_same_columns() {
    let seen = std::sync::Mutex::new(BTreeMap::new());
    on_both_databases(async |store| {
        let mut failures = Vec::new();
        for sql in catalogue() {
            match store.describe(sql).await {
                Ok(description) => {
                    let columns = description.columns;
                    let mut seen = seen.lock().unwrap();
                    let first = seen.entry(sql.name()).or_insert_with(|| columns.clone());
                    if *first != columns {
                        failures
                            .push(format!("{}: SQLite has the columns {first:?}, PostgreSQL {columns:?}", sql.name()));
                    }
                }
                Err(error) => failures.push(error.to_string()),
            }
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    });
}

#[test]
fn no_statement_walks_a_table_or_sorts_unless_it_says_so() {
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let store = database.open().await;
        let mut failures = Vec::new();
        for sql in catalogue().filter(|sql| sql.kind() != Kind::Sweep) {
            for step in store.describe(sql).await.unwrap().plan {
                if walks(&step, sql.text()) || step.contains("USE TEMP B-TREE") {
                    failures.push(format!("{}: {step}", sql.name()));
                }
            }
        }
        let advice = "add an index, or make it a Sql::sweep if it runs rarely";
        assert!(failures.is_empty(), "{advice}:\n{}", failures.join("\n"));
    });
}

/// Whether a step of a plan reads a whole table, which neither is declared to be tiny nor is a part of the statement itself.
fn walks(step: &str, text: &str) -> bool {
    let Some(scanned) = step.strip_prefix("SCAN ") else { return false };
    let name = scanned.split_whitespace().next().unwrap_or_default();
    let constant = scanned.contains("CONSTANT ROW");
    let of_the_statement =
        name.starts_with('(') || text.contains(&format!("{name} AS (")) || text.contains(&format!(") AS {name}"));
    !constant && !of_the_statement && !TINY_TABLES.contains(&name)
}

#[test]
fn a_plan_that_walks_is_recognized() {
    assert!(walks("SCAN account", "SELECT 1 FROM account"));
    assert!(walks("SCAN account USING COVERING INDEX account_name", "SELECT 1 FROM account"));
    assert!(!walks("SEARCH account USING PRIMARY KEY (id=?)", ""));
    assert!(!walks("SCAN 2 CONSTANT ROWS", ""));
    assert!(!walks("SCAN live", "WITH live AS (SELECT 1) SELECT * FROM live"));
}

#[test]
fn every_statement_names_its_tenant_or_organization_or_says_why_not() {
    let mut failures = Vec::new();
    for sql in catalogue() {
        match (names_its_tenant(sql.text()), sql.reach()) {
            (false, Reach::Named) => failures.push(format!("{}: name the tenant, or say why not", sql.name())),
            (true, Reach::Key | Reach::Owner | Reach::Server) => {
                failures.push(format!("{}: it names its tenant, and says that it does not", sql.name()));
            }
            _ => {}
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Whether a statement compares a tenant or an organization with a value, or gives one to the rows that it makes; or finds the tenant or the
/// organization itself.
fn names_its_tenant(text: &str) -> bool {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || "(),.".contains(c)).filter(|word| !word.is_empty()).collect();
    let compared = |window: &[&str]| matches!(window, ["tenant" | "organization", "=" | "<" | ">" | "IN", value, ..] if value.starts_with('$') || *value == "SELECT");
    let columns = text.trim_start().strip_prefix("INSERT INTO").and_then(|rest| rest.split_once(')'));
    let itself = words.windows(2).any(|pair| matches!(pair, ["FROM" | "UPDATE" | "INTO", "tenant" | "organization"]));
    let found =
        |window: &[&str]| matches!(window, ["id" | "domain" | "name_key", "=", value] if value.starts_with('$'));
    words.windows(3).any(compared)
        || (itself && words.windows(3).any(found))
        || columns.is_some_and(|(columns, _)| {
            let mut columns = columns.split(|c: char| !c.is_alphanumeric() && c != '_');
            columns.any(|word| matches!(word, "tenant" | "organization"))
        })
}

#[test]
fn a_statement_that_names_its_tenant_is_recognized() {
    assert!(names_its_tenant("SELECT id FROM account WHERE tenant = $2"));
    assert!(names_its_tenant("UPDATE build b SET x = 1 WHERE b.organization = $1"));
    assert!(names_its_tenant("INSERT INTO account (id, tenant) SELECT $1, $2"));
    assert!(names_its_tenant("SELECT domain FROM tenant WHERE id = $1"));
    assert!(!names_its_tenant("SELECT tenant FROM account WHERE id = $1"));
    assert!(!names_its_tenant("INSERT INTO legacy_app (client) SELECT tenant FROM client"));
    assert!(!names_its_tenant("SELECT 1 FROM account a JOIN client c ON a.tenant = c.tenant"));
}

#[test]
fn every_statement_in_the_source_is_in_the_catalogue() {
    let known: BTreeSet<&str> = catalogue().map(|sql| sql.name()).collect();
    let mut unknown = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |path, source| {
        for constructor in ["read", "write", "guarded", "sweep"] {
            for after in source.split(&format!("Sql::{constructor}(")).skip(1) {
                let name = after.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                if name.is_none_or(|name| !known.contains(name)) {
                    unknown.push(format!(
                        "{}: {}",
                        path.display(),
                        name.unwrap_or("a statement without a literal name")
                    ));
                }
            }
        }
    });
    assert!(unknown.is_empty(), "not in any `ALL`, or the `ALL` not in catalogue.rs:\n{}", unknown.join("\n"));
}

fn visit(folder: &Path, see: &mut dyn FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, see);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            see(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}
