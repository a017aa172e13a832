//! The file of an import: registrations of the older kind, as JSON or CSV, with the field names of the `Registration` object.
//!
//! What cannot be read at all is a failure of the whole file, with its place. Whether an app can be imported is not decided here.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::failure::{Exit, Failure};

/// Bytes of a file: ten thousand apps have room in it.
const FILE_BYTES: u64 = 10 * 1_024 * 1_024;
/// Apps of one file.
const APPS: usize = 10_000;

/// A registration as the file has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Exported {
    /// Where in the file it is: `line 3`.
    pub(super) place: String,
    /// `registrationId`
    pub(super) id: Uuid,
    /// `registrationName`
    pub(super) name: String,
    /// `registrationDescription`
    pub(super) description: String,
    /// `registrationLocation`
    pub(super) website: String,
    /// `organizationName`
    pub(super) company: String,
    /// `redirectUris`
    pub(super) redirect_uris: Vec<String>,
    /// `scopes`
    pub(super) scopes: Vec<String>,
    /// `ownerEmail`, or else `identityId`
    pub(super) owner: Option<String>,
    /// Why it did not work where it comes from, and will not here.
    pub(super) unusable: Option<String>,
}

/// What is wrong with a file, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Trouble(String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One registration before its fields are understood: their names in lower case.
struct Record {
    place: String,
    cells: BTreeMap<String, Cell>,
}

enum Cell {
    Text(String),
    List(Vec<String>),
    /// Nothing that a registration has there.
    Else,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Vec<Exported>, Failure> {
    let name = path.display();
    let unreadable = |error| Failure::not_found(format!("{name} cannot be read")).because(error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let found = if bytes.len() as u64 > FILE_BYTES {
        Err(Trouble("it has more than 10 MiB: make several files of it".to_owned()))
    } else {
        parse(&bytes)
    };
    found.map_err(|trouble| {
        Failure::new(Exit::Usage, format!("{name} cannot be imported, and nothing was changed")).because(trouble)
    })
}

fn parse(bytes: &[u8]) -> Result<Vec<Exported>, Trouble> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| Trouble("it is not written in UTF-8: save it as UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    let records = if text.trim_start().starts_with(['[', '{']) { of_json(text)? } else { of_csv(text)? };
    if records.is_empty() {
        return Err(Trouble("there is no registration in it".to_owned()));
    }
    if records.len() > APPS {
        return Err(Trouble("it has more than 10,000 registrations: make several files of it".to_owned()));
    }
    let exported = records.iter().map(Exported::read).collect::<Result<Vec<_>, _>>()?;
    let mut places: HashMap<Uuid, &str> = HashMap::new();
    for one in &exported {
        if let Some(before) = places.insert(one.id, &one.place) {
            return Err(Trouble(format!("{}, registrationId: it is that of {before} too", one.place)));
        }
    }
    Ok(exported)
}

fn of_json(text: &str) -> Result<Vec<Record>, Trouble> {
    let value: Value = serde_json::from_str(text).map_err(|error| Trouble(error.to_string()))?;
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut members) => match members.remove("value") {
            Some(Value::Array(list)) => list,
            _ => {
                return Err(Trouble(
                    "an object has its registrations as the array `value`, and this one has none".to_owned(),
                ));
            }
        },
        _ => Vec::new(),
    };
    let record = |(place, value)| {
        let place = format!("registration {}", place + 1);
        let Value::Object(members) = value else { return Err(Trouble(format!("{place} is no object"))) };
        let cells =
            members.into_iter().filter_map(|(name, value)| Some((name.to_lowercase(), Cell::of(value)?))).collect();
        Ok(Record { place, cells })
    };
    list.into_iter().enumerate().map(record).collect()
}

fn of_csv(text: &str) -> Result<Vec<Record>, Trouble> {
    let first = text.lines().next().unwrap_or_default();
    // Some offices separate by semicolons. No name has one in it.
    let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().map_err(of_line)?.iter().map(|name| name.trim().to_lowercase()).collect();
    if !names.iter().any(|name| name == "registrationid") {
        return Err(Trouble(
            "it is no JSON, and line 1 does not name the fields of a CSV: there is no registrationId".to_owned(),
        ));
    }
    if let Some(twice) =
        names.iter().enumerate().find(|(place, name)| names.iter().take(*place).any(|one| one == *name))
    {
        return Err(Trouble(format!("line 1 names the field {} twice", twice.1)));
    }
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(of_line)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = names.iter().cloned().zip(record.iter().map(|text| Cell::Text(text.to_owned()))).collect();
        records.push(Record { place: format!("line {line}"), cells });
    }
    Ok(records)
}

fn of_line(error: csv::Error) -> Trouble {
    Trouble(match error.kind() {
        csv::ErrorKind::UnequalLengths { pos: Some(place), expected_len, len } => {
            format!("line {} has {len} fields, and line 1 names {expected_len}", place.line())
        }
        _ => error.to_string(),
    })
}

impl Cell {
    fn of(value: Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::String(text) => Self::Text(text),
            Value::Bool(_) | Value::Number(_) => Self::Text(value.to_string()),
            Value::Array(list) => {
                let texts = list.into_iter().map(|one| if let Value::String(text) = one { Some(text) } else { None });
                texts.collect::<Option<_>>().map_or(Self::Else, Self::List)
            }
            Value::Object(_) => Self::Else,
        })
    }
}

impl Record {
    fn cell(&self, name: &str) -> Option<&Cell> {
        self.cells.get(&name.to_lowercase())
    }

    /// A field that is one text; empty if it is not there.
    fn text(&self, name: &str) -> Result<&str, Trouble> {
        match self.cell(name) {
            None => Ok(""),
            Some(Cell::Text(text)) => Ok(text.trim()),
            Some(_) => Err(self.trouble(name, "a text belongs here")),
        }
    }

    /// A field that is a list, or a text that has one, separated by spaces or semicolons.
    fn list(&self, name: &str) -> Result<Vec<String>, Trouble> {
        match self.cell(name) {
            None => Ok(Vec::new()),
            Some(Cell::List(texts)) => Ok(texts.clone()),
            Some(Cell::Text(text)) if text.starts_with("System.") && text.ends_with("[]") => {
                Err(self
                    .trouble(name, "PowerShell wrote the list's type in its place: join the list with spaces first"))
            }
            Some(Cell::Text(text)) => {
                let parts = text.split(|c: char| c.is_whitespace() || c == ';').filter(|part| !part.is_empty());
                Ok(parts.map(str::to_owned).collect())
            }
            Some(Cell::Else) => Err(self.trouble(name, "a list of texts belongs here")),
        }
    }

    fn trouble(&self, name: &str, what: &str) -> Trouble {
        Trouble(format!("{}, {name}: {what}", self.place))
    }
}

impl Exported {
    fn read(record: &Record) -> Result<Self, Trouble> {
        let text = |name| record.text(name).map(str::to_owned);
        let id = Uuid::parse_str(record.text("registrationId")?)
            .map_err(|_| record.trouble("registrationId", "a GUID belongs here"))?;
        let named = |name| record.text(name).map(|text| (!text.is_empty()).then(|| text.to_owned()));
        Ok(Self {
            place: record.place.clone(),
            id,
            name: text("registrationName")?,
            description: text("registrationDescription")?,
            website: text("registrationLocation")?,
            company: text("organizationName")?,
            redirect_uris: record.list("redirectUris")?,
            scopes: record.list("scopes")?,
            owner: named("ownerEmail")?.or(named("identityId")?).filter(|owner| owner != NOBODY),
            unusable: unusable(record)?,
        })
    }
}

/// The id of nobody.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

fn unusable(record: &Record) -> Result<Option<String>, Trouble> {
    let is = |name, text: &str| record.text(name).map(|found| found.eq_ignore_ascii_case(text));
    Ok(if is("isValid", "false")? {
        Some("isValid is false: it did not work any more where it comes from".to_owned())
    } else if is("clientType", "public")? {
        Some("its clientType is public: apps of this kind keep a secret".to_owned())
    } else {
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-3333-4444-555555555555";

    fn trouble(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn json_and_csv_say_the_same() {
        let json = format!(
            r#"{{"count": 1, "value": [{{"registrationId": "{ID}", "registrationName": "Old CI", "organizationName": "Old & Sons",
               "redirectUris": ["https://ci.test/a", "https://ci.test/b"], "scopes": "vso.work vso.code", "identityId": "ana@harbor.test",
               "isValid": true, "secretVersionId": null, "tenantIds": [1, 2]}}]}}"#
        );
        let csv = format!(
            "RegistrationId,registrationName,organizationName,redirectUris,scopes,ownerEmail,isValid\n\
             {ID},Old CI,Old & Sons,https://ci.test/a;https://ci.test/b,vso.work vso.code,ana@harbor.test,True\n"
        );
        let of_json = parse(json.as_bytes()).unwrap().remove(0);
        let of_csv = parse(format!("\u{feff}{csv}").as_bytes()).unwrap().remove(0);
        assert_eq!((of_json.place.as_str(), of_csv.place.as_str()), ("registration 1", "line 2"));
        assert_eq!(Exported { place: String::new(), ..of_json.clone() }, Exported { place: String::new(), ..of_csv });
        assert_eq!(of_json.redirect_uris, ["https://ci.test/a", "https://ci.test/b"]);
        assert_eq!(of_json.scopes, ["vso.work", "vso.code"]);
        assert_eq!((of_json.owner.as_deref(), of_json.unusable), (Some("ana@harbor.test"), None));
        let array = format!(r#"[{{"registrationId": "{ID}", "scopes": ["vso.work"]}}]"#);
        assert_eq!(parse(array.as_bytes()).unwrap().remove(0).scopes, ["vso.work"]);
    }

    #[test]
    fn an_office_may_separate_by_semicolons_and_quote_lines() {
        let csv = format!(
            "registrationId;registrationName;redirectUris\n{ID};\"Old; or\nnot\";\"https://a.test/;https://b.test/\"\n"
        );
        let found = parse(csv.as_bytes()).unwrap().remove(0);
        assert_eq!(found.name, "Old; or\nnot");
        assert_eq!(found.redirect_uris, ["https://a.test/", "https://b.test/"]);
    }

    #[test]
    fn what_did_not_work_any_more_says_so() {
        let of = |field: &str| {
            parse(format!(r#"[{{"registrationId": "{ID}", {field}}}]"#).as_bytes()).unwrap().remove(0).unusable
        };
        assert!(of(r#""isValid": false"#).unwrap().contains("isValid"));
        assert!(of(r#""clientType": "public""#).unwrap().contains("secret"));
        assert_eq!(of(r#""clientType": "confidential""#), None);
    }

    #[test]
    fn a_bad_file_says_where() {
        let csv = |rest: &str| trouble(&format!("registrationId,redirectUris\n{rest}"));
        assert_eq!(csv("x,y"), "line 2, registrationId: a GUID belongs here");
        assert_eq!(csv(&format!("{ID},https://a.test/\n{ID}\n")), "line 3 has 1 fields, and line 1 names 2");
        assert_eq!(csv(&format!("{ID},a\n{ID},a")), "line 3, registrationId: it is that of line 2 too");
        assert!(csv(&format!("{ID},System.String[]")).contains("PowerShell"));
        assert!(trouble("hello,world\n1,2").contains("there is no registrationId"));
        assert!(trouble("registrationId,scopes,Scopes\n").contains("twice"));
        assert!(trouble("[{\n\"registrationId\": }]").contains("line 2"));
        assert_eq!(trouble("[1]"), "registration 1 is no object");
        assert_eq!(trouble("[]"), "there is no registration in it");
        assert!(trouble("{}").contains("`value`"));
        let scopes = format!(r#"[{{"registrationId": "{ID}", "scopes": {{}}}}]"#);
        assert_eq!(trouble(&scopes), "registration 1, scopes: a list of texts belongs here");
        assert!(parse(&[0xff, 0xfe, 0x5b, 0]).unwrap_err().to_string().contains("UTF-8"));
    }

    #[test]
    fn a_file_has_an_end() {
        let id = |n: usize| Uuid::from_u128(n as u128 + 1);
        let csv: String = (0..=APPS).map(|n| format!("{}\n", id(n))).collect();
        assert!(trouble(&format!("registrationId\n{csv}")).contains("10,000"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.csv");
        std::fs::write(&path, vec![b'x'; usize::try_from(FILE_BYTES).unwrap() + 1]).unwrap();
        assert_eq!(read(&path).unwrap_err().exit(), Exit::Usage);
        assert_eq!(read(&folder.path().join("none.csv")).unwrap_err().exit(), Exit::NotFound);
    }
}
