//! `latchkey config show`: what the configuration comes to, and where each value is from.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, Subcommand};
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::overrides::{self, Override};
use super::problem::Problem;
use super::{Config, Source};
use crate::desk::report::{Report, row};
use crate::failure::{Exit, Failure};

/// What there is about the configuration.
#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show what is set, in the file and by variables
    #[command(
        after_help = "Each key can be set by a variable: LATCHKEY__LIMITS__CONNECTIONS=500, LATCHKEY__SERVER__ORIGINS__0__LISTEN=0.0.0.0:443.\n\n\
        Examples:\n  latchkey config show\n  latchkey config show --effective --origin"
    )]
    Show(ShowArguments),
}

/// How much is shown.
#[derive(Args)]
pub(crate) struct ShowArguments {
    /// What is not set too, with its default
    #[arg(long)]
    effective: bool,
    /// Where each value is from: a line of the file, a variable, or the default
    #[arg(long)]
    origin: bool,
}

/// Shows it.
pub(crate) fn show(source: &Source, arguments: &ShowArguments) -> Result<Report, Failure> {
    let Source { path, text, overrides } = source;
    // What cannot be used is not shown as if it could.
    source.plan()?;
    let merged = overrides::merged(path, text, overrides)?;
    let config: Config = toml::from_str(&merged).map_err(|error| Problem::read(&error).failure(path, &merged))?;
    let values = Table::try_from(&config)
        .map_err(|error| Failure::new(Exit::Failed, "the configuration cannot be shown").because(error))?;
    let mut effective = BTreeMap::new();
    flatten(&mut effective, String::new(), &Value::Table(values));
    let lines = lines(text);
    let rows = effective.into_iter().filter_map(|(key, value)| {
        let origin = origin(&key, path, &lines, overrides);
        let shown = arguments.effective || origin.is_some();
        let origin = origin.unwrap_or_else(|| "default".to_owned());
        shown.then(|| row! { "key": key, "value": value, "origin": origin })
    });
    let columns: &[&str] = if arguments.origin { &["key", "value", "origin"] } else { &["key", "value"] };
    Ok(Report::list(columns, rows.collect()))
}

/// Where a value is from, if it is not the default.
fn origin(key: &str, path: &Path, lines: &BTreeMap<String, usize>, overrides: &[Override]) -> Option<String> {
    let is_within = |outer: &str| key == outer || key.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    if let Some(one) = overrides.iter().rev().find(|one| is_within(&one.key.join("."))) {
        return Some(one.variable.clone());
    }
    let line = lines.iter().find(|(set, _)| is_within(set)).map(|(_, line)| line)?;
    Some(format!("{}:{line}", path.display()))
}

fn flatten(found: &mut BTreeMap<String, String>, key: String, value: &Value) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        Value::Table(members) => members.iter().for_each(|(name, value)| flatten(found, below(name), value)),
        Value::Array(elements) if elements.iter().any(Value::is_table) => {
            elements.iter().enumerate().for_each(|(number, value)| flatten(found, below(&number.to_string()), value));
        }
        Value::String(text) => drop(found.insert(key, text.clone())),
        other => drop(found.insert(key, other.to_string())),
    }
}

/// The line of each key that is set in a file.
fn lines(text: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    if let Ok(table) = DeTable::parse(text) {
        walk(&mut found, text, "", table.get_ref());
    }
    found
}

fn walk(found: &mut BTreeMap<String, usize>, text: &str, key: &str, table: &DeTable<'_>) {
    for (name, value) in table {
        let name: &str = name.get_ref();
        let key = if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
        place(found, text, key, value);
    }
}

fn place(found: &mut BTreeMap<String, usize>, text: &str, key: String, value: &Spanned<DeValue<'_>>) {
    match value.get_ref() {
        DeValue::Table(inner) => walk(found, text, &key, inner),
        DeValue::Array(elements) if elements.iter().any(|element| element.get_ref().is_table()) => {
            for (number, element) in elements.iter().enumerate() {
                place(found, text, format!("{key}.{number}"), element);
            }
        }
        _ => {
            let before = text.get(..value.span().start).unwrap_or_default();
            found.insert(key, before.matches('\n').count() + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::GOOD;
    use super::*;
    use crate::desk::report::Output;

    fn shown(effective: bool, origin: bool) -> String {
        let overrides = overrides::among([("LATCHKEY__LIMITS__CONNECTIONS".to_owned(), "500".to_owned())]);
        let database = "\n[storage]\ndatabase = \"postgres://latchkey:hunter2@db/latchkey\"\n";
        let source = Source { path: "latchkey.toml".into(), text: format!("{GOOD}{database}"), overrides };
        show(&source, &ShowArguments { effective, origin }).unwrap().write(Output::Table).unwrap()
    }

    #[test]
    fn each_value_says_where_it_is_from() {
        let all = shown(true, true);
        let line = |key: &str| all.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("{key}: {all}"));
        assert!(line("limits.connections ").ends_with("LATCHKEY__LIMITS__CONNECTIONS"));
        assert!(line("limits.connections ").contains("500"));
        assert!(line("server.origins.0.listen").ends_with("latchkey.toml:7"));
        assert!(line("log.level").ends_with("default"));
        let set = shown(false, false);
        assert!(set.contains("server.origins.0.url") && !set.contains("log.level"));
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        assert!(!shown(true, true).contains("hunter2"));
    }
}
