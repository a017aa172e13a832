//! Values of the environment that take the place of what the file says: `LATCHKEY__LIMITS__CONNECTIONS=500`.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::problem::Problem;
use super::{Config, read};
use crate::config::plan::Plan;
use crate::failure::{Exit, Failure};

/// What the names of such variables begin with.
const PREFIX: &str = "LATCHKEY__";

/// A value of the environment.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Override {
    /// The variable.
    pub(crate) variable: String,
    /// The key that it stands for, from the outermost section on. An element of a list goes by its number.
    pub(crate) key: Vec<String>,
    value: Value,
}

/// Those among the variables, by name. An environment is a list without an order.
pub(crate) fn among(variables: impl IntoIterator<Item = (String, String)>) -> Vec<Override> {
    let one = |(variable, text): (String, String)| {
        let key = variable.strip_prefix(PREFIX)?.split("__").map(str::to_lowercase).collect();
        Some(Override { key, value: value(&text), variable })
    };
    let mut found: Vec<Override> = variables.into_iter().filter_map(one).collect();
    found.sort_by(|one, other| one.variable.cmp(&other.variable));
    found
}

/// A number, a truth value or a list as the file would have it, and anything else as a text.
fn value(text: &str) -> Value {
    let read = toml::from_str::<Table>(&format!("value = {text}")).ok().filter(|table| table.len() == 1);
    match read.and_then(|mut table| table.remove("value")) {
        None | Some(Value::Datetime(_)) => Value::String(text.to_owned()),
        Some(value) => value,
    }
}

/// Reads and checks what a file says with these in place.
pub(crate) fn plan(path: &Path, text: &str, overrides: &[Override]) -> Result<Plan, Failure> {
    if overrides.is_empty() {
        return read(path, text).map_err(|problem| problem.failure(path, text));
    }
    let merged = merged(path, text, overrides)?;
    let label = label(path, overrides);
    let folder = path.parent().unwrap_or(Path::new(""));
    let shown = |problem: Problem| problem.failure(&label, &merged);
    let config: Config = toml::from_str(&merged).map_err(|error| shown(Problem::read(&error)))?;
    Plan::of(config, folder).map_err(shown)
}

/// What the file says with these in place, as a file would say it.
pub(crate) fn merged(path: &Path, text: &str, overrides: &[Override]) -> Result<String, Failure> {
    let in_file = |error: toml::de::Error| Problem::read(&error).failure(path, text);
    // What is wrong with the file is shown where it stands there; only what is missing may be added.
    match toml::from_str::<Config>(text) {
        Err(error) if !error.message().starts_with("missing field") => return Err(in_file(error)),
        _ => {}
    }
    let mut table: Table = toml::from_str(text).map_err(in_file)?;
    for one in overrides {
        set(&mut table, &one.key, &one.value).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("the variable {} stands for nothing that can be set", one.variable))
                .because(
                    "an element of a list goes by its number, from 0 on, and only the one after the last can be new",
                )
        })?;
    }
    toml::to_string(&table)
        .map_err(|error| Failure::new(Exit::Failed, "the configuration cannot be put together").because(error))
}

/// What a merged text is called where it is shown.
fn label(path: &Path, overrides: &[Override]) -> PathBuf {
    let names: Vec<&str> = overrides.iter().map(|one| one.variable.as_str()).collect();
    format!("{} with {}", path.display(), names.join(", ")).into()
}

fn set(table: &mut Table, key: &[String], value: &Value) -> Option<()> {
    let (first, rest) = key.split_first()?;
    if rest.is_empty() {
        table.insert(first.clone(), value.clone());
        return Some(());
    }
    match table.entry(first.clone()).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => set(inner, rest, value),
        Value::Array(elements) => {
            let (number, rest) = rest.split_first()?;
            let number: usize = number.parse().ok()?;
            if number == elements.len() {
                elements.push(Value::Table(Table::new()));
            }
            match elements.get_mut(number)? {
                Value::Table(inner) => set(inner, rest, value),
                element if rest.is_empty() => {
                    *element = value.clone();
                    Some(())
                }
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::GOOD;
    use super::*;
    use crate::config::{Format, Level};

    fn with(variables: &[(&str, &str)]) -> Result<Plan, String> {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        plan(Path::new("/etc/latchkey/latchkey.toml"), GOOD, &among(owned)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_variable_takes_the_place_of_what_the_file_says() {
        let plan = with(&[
            ("LATCHKEY__LIMITS__CONNECTIONS", "500"),
            ("LATCHKEY__LOG__FORMAT", "json"),
            ("LATCHKEY__SERVER__BEHIND_PROXY", "true"),
            ("LATCHKEY__STORAGE__FOLDER", "/srv/latchkey"),
            ("LATCHKEY__SERVER__ORIGINS__0__LISTEN", "0.0.0.0:8443"),
            ("LATCHKEY_LOG", "debug"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!((plan.limits.connections, plan.log.format, plan.log.level), (500, Format::Json, Level::Info));
        assert!(plan.behind_proxy);
        assert_eq!(plan.place.folder, Path::new("/srv/latchkey"));
        assert_eq!(plan.origins[0].listen.port(), 8443);
    }

    #[test]
    fn a_text_that_looks_like_a_number_is_quoted() {
        assert_eq!(value("500"), Value::Integer(500));
        assert_eq!(value("\"500\""), Value::String("500".into()));
        assert_eq!(value("https://id.example.com"), Value::String("https://id.example.com".into()));
        assert_eq!(value("2027-01-01"), Value::String("2027-01-01".into()));
        assert_eq!(value("[\"a\"]"), Value::Array(vec![Value::String("a".into())]));
        assert_eq!(value("1\nkey = 2"), Value::String("1\nkey = 2".into()));
    }

    #[test]
    fn a_variable_that_means_nothing_stops_the_start_and_is_named() {
        let said = with(&[("LATCHKEY__LIMITS__CONECTIONS", "5")]).unwrap_err();
        assert!(
            said.contains("did you mean `connections`?") && said.contains("LATCHKEY__LIMITS__CONECTIONS"),
            "{said}"
        );
        let said = with(&[("LATCHKEY__LIMITS__CONNECTIONS", "many")]).unwrap_err();
        assert!(said.contains("invalid type") && said.contains("many"), "{said}");
        let said = with(&[("LATCHKEY__SERVER__ORIGINS__7__URL", "x")]).unwrap_err();
        assert!(said.contains("stands for nothing that can be set"), "{said}");
    }

    #[test]
    fn what_is_wrong_with_the_file_is_shown_where_it_stands_there() {
        let wrong = GOOD.replace("listen =", "lisen =");
        let one = among([("LATCHKEY__LOG__LEVEL".to_owned(), "debug".to_owned())]);
        let said = plan(Path::new("latchkey.toml"), &wrong, &one).unwrap_err().to_string();
        assert!(said.contains("latchkey.toml:7:1") && said.contains("did you mean `listen`?"), "{said}");
    }

    #[test]
    fn what_the_file_leaves_out_may_come_from_a_variable() {
        let bare = GOOD.replace("master = \"master.key\"", "");
        let one = among([("LATCHKEY__KEYS__MASTER".to_owned(), "/run/master.key".to_owned())]);
        let read = plan(Path::new("latchkey.toml"), &bare, &one).unwrap();
        assert_eq!(read.place.master_key, Path::new("/run/master.key"));
    }
}
