//! The values that fields hold, as patches carry them and as the database keeps them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use latchkey_jose::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Field, FieldType};
use crate::date;
use crate::error::{DevOpsError, ErrorType, Shown};
use crate::ids::PersonId;
use crate::membership::People;

/// The longest text of one line, in characters.
pub(in crate::work_item) const LONGEST_LINE: usize = 255;
/// The longest text of many lines, in bytes.
const LONGEST_TEXT: usize = 512 * 1024;

/// A value of a field, which holds its text or borrows it. As JSON it is what the database keeps: `{"i":3}`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum FieldValue<Text = String> {
    /// Text.
    #[serde(rename = "s")]
    Text(Text),
    /// A whole number.
    #[serde(rename = "i")]
    Integer(i64),
    /// A number, never infinite.
    #[serde(rename = "d")]
    Double(f64),
    /// A moment.
    #[serde(rename = "t", with = "micros")]
    DateTime(Timestamp),
    /// A person.
    #[serde(rename = "p", with = "person")]
    Identity(PersonId),
}

impl FieldValue {
    /// The same, with its text borrowed.
    pub fn borrowed(&self) -> FieldValue<&str> {
        match self {
            Self::Text(text) => FieldValue::Text(text),
            Self::Integer(number) => FieldValue::Integer(*number),
            Self::Double(number) => FieldValue::Double(*number),
            Self::DateTime(moment) => FieldValue::DateTime(*moment),
            Self::Identity(person) => FieldValue::Identity(*person),
        }
    }
}

impl FieldValue<&str> {
    /// The same, with a text of its own.
    pub fn into_owned(self) -> FieldValue {
        match self {
            Self::Text(text) => FieldValue::Text(text.to_owned()),
            Self::Integer(number) => FieldValue::Integer(number),
            Self::Double(number) => FieldValue::Double(number),
            Self::DateTime(moment) => FieldValue::DateTime(moment),
            Self::Identity(person) => FieldValue::Identity(person),
        }
    }
}

mod micros {
    use latchkey_jose::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(moment.as_micros())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_micros)
    }
}

mod person {
    use crate::ids::PersonId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(person: &PersonId, serializer: S) -> Result<S::Ok, S::Error> {
        person.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PersonId, D::Error> {
        uuid::Uuid::deserialize(deserializer).map(PersonId)
    }
}

/// Values by reference name.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<&'static str, FieldValue>);

impl Fields {
    /// The value of a field, by its exact reference name.
    pub fn value(&self, reference_name: &str) -> Option<&FieldValue> {
        self.0.get(reference_name)
    }

    /// Sets a field, or clears it.
    pub fn set(&mut self, reference_name: &'static str, value: Option<FieldValue>) {
        match value {
            Some(value) => self.0.insert(reference_name, value),
            None => self.0.remove(reference_name),
        };
    }

    /// Every field that has a value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &FieldValue)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// Writes them as the database keeps them.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Reads what the database keeps. Fields that no longer exist are left out.
    pub fn from_json(text: &str) -> Option<Self> {
        let kept: BTreeMap<KeptName<'_>, FieldValue> = serde_json::from_str(text).ok()?;
        let known = kept.into_iter().filter_map(|(name, value)| Some((Field::find(&name.0)?.reference_name, value)));
        Some(Self(known.collect()))
    }
}

/// The name of a field, where the text holds it.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct KeptName<'a>(#[serde(borrow)] Cow<'a, str>);

impl Field {
    /// Reads a value for this field as a patch carries it. Nothing, or an empty text, clears the field.
    pub(in crate::work_item) fn read(&self, value: &Value, people: &People) -> Result<Option<FieldValue>, DevOpsError> {
        if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        let value = match self.kind {
            FieldType::String | FieldType::TreePath => FieldValue::Text(self.line(value)?),
            FieldType::Html | FieldType::History => FieldValue::Text(self.text(value)?),
            FieldType::Tags => return normalized_tags(value).map(|tags| tags.map(FieldValue::Text)),
            FieldType::Integer => FieldValue::Integer(self.integer(value)?),
            FieldType::Double => FieldValue::Double(self.double(value)?),
            FieldType::DateTime => {
                let moment = value.as_str().and_then(date::parse);
                FieldValue::DateTime(moment.ok_or_else(|| self.wrong("a date such as 2026-11-22T07:00:00Z"))?)
            }
            FieldType::Identity => FieldValue::Identity(self.person(value, people)?),
        };
        self.check_allowed(&value)?;
        Ok(Some(value))
    }

    fn check_allowed(&self, value: &FieldValue) -> Result<(), DevOpsError> {
        if self.allowed.is_empty() {
            return Ok(());
        }
        let text = match value {
            FieldValue::Text(text) => text.clone(),
            FieldValue::Integer(number) => number.to_string(),
            _ => return Ok(()),
        };
        if self.allowed.contains(&text.as_str()) {
            return Ok(());
        }
        Err(DevOpsError::rule(format!(
            "TF401320: Rule Error for field {}. The value '{}' is not in the list of supported values: {}.",
            self.name,
            Shown(&text),
            self.allowed.join(", ")
        )))
    }

    fn line(&self, value: &Value) -> Result<String, DevOpsError> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            _ => return Err(self.wrong("a text")),
        };
        if text.chars().count() > LONGEST_LINE {
            return Err(self.wrong(&format!("a text of at most {LONGEST_LINE} characters")));
        }
        if text.contains(char::is_control) {
            return Err(self.wrong("one line of text"));
        }
        Ok(text)
    }

    fn text(&self, value: &Value) -> Result<String, DevOpsError> {
        match value {
            Value::String(text) if text.len() > LONGEST_TEXT => Err(self.wrong("a text of at most 512 KiB")),
            Value::String(text) if text.contains('\0') => Err(self.wrong("a text")),
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.wrong("a text")),
        }
    }

    fn integer(&self, value: &Value) -> Result<i64, DevOpsError> {
        let number = match value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| i32::try_from(*number).is_ok()).ok_or_else(|| self.wrong("a whole number"))
    }

    fn double(&self, value: &Value) -> Result<f64, DevOpsError> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| self.wrong("a number"))
    }

    fn person(&self, value: &Value, people: &People) -> Result<PersonId, DevOpsError> {
        let text = mentioned(value).ok_or_else(|| self.wrong("a person"))?;
        let unknown = || {
            DevOpsError::rule(format!(
                "TF401326: Invalid field status 'InvalidIdentity' for field '{}': nobody in this organization is '{}'.",
                self.reference_name,
                Shown(text)
            ))
        };
        people.meant_by(text).map(|person| person.id).ok_or_else(unknown)
    }

    fn wrong(&self, expected: &str) -> DevOpsError {
        DevOpsError::new(
            ErrorType::RuleValidation,
            format!("TF51010: The value for the field '{}' must be {expected}.", self.reference_name),
        )
    }
}

fn whole(number: f64) -> Option<i64> {
    let fits = number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX);
    fits.then_some(number as i64)
}

/// How a patch names a person: a text, or an object with an id or a sign-in name.
pub(in crate::work_item) fn mentioned(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Object(person) => {
            let by = |key: &str| person.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
            by("id").filter(|id| Uuid::try_parse(id).is_ok()).or_else(|| by("uniqueName")).or_else(|| by("displayName"))
        }
        _ => None,
    }
}

/// The longest tag, in characters.
const LONGEST_TAG: usize = 400;
/// The most tags of one item.
const MOST_TAGS: usize = 100;

/// Tags in their one form: sorted, each once whatever its case, as `a; b`.
fn normalized_tags(value: &Value) -> Result<Option<String>, DevOpsError> {
    let wrong = |why: &str| DevOpsError::rule(format!("TF401407: Tags cannot be read: {why}."));
    let text = value.as_str().ok_or_else(|| wrong("they are a text such as \"a; b\""))?;
    let mut tags: BTreeMap<String, &str> = BTreeMap::new();
    for tag in text.split([';', ',']).map(str::trim).filter(|tag| !tag.is_empty()) {
        if tag.chars().count() > LONGEST_TAG || tag.contains(char::is_control) {
            return Err(wrong(&format!("a tag has at most {LONGEST_TAG} characters on one line")));
        }
        tags.entry(tag.to_lowercase()).or_insert(tag);
        if tags.len() > MOST_TAGS {
            return Err(wrong(&format!("an item has at most {MOST_TAGS}")));
        }
    }
    let tags: Vec<&str> = tags.into_values().collect();
    Ok((!tags.is_empty()).then(|| tags.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ANA, people};
    use crate::work_item::field::{ASSIGNED_TO, DESCRIPTION, PRIORITY, STATE_CHANGE_DATE, TAGS, TITLE};
    use serde_json::json;

    fn read(field: &str, value: Value) -> Result<Option<FieldValue>, String> {
        Field::find(field).unwrap().read(&value, &people()).map_err(|error| error.message)
    }

    fn text(text: &str) -> Result<Option<FieldValue>, String> {
        Ok(Some(FieldValue::Text(text.into())))
    }

    #[test]
    fn values_are_read_by_the_type_of_their_field() {
        assert_eq!(read(TITLE, json!("  Lamp ")), text("Lamp"));
        assert_eq!(read(TITLE, json!(7)), text("7"));
        assert_eq!(read(PRIORITY, json!("2")), Ok(Some(FieldValue::Integer(2))));
        assert_eq!(read(PRIORITY, json!(2.0)), Ok(Some(FieldValue::Integer(2))));
        assert_eq!(read(PRIORITY, Value::Null), Ok(None));
        assert_eq!(read("Microsoft.VSTS.Scheduling.StoryPoints", json!(0.5)), Ok(Some(FieldValue::Double(0.5))));
        assert_eq!(read(ASSIGNED_TO, json!({"uniqueName": "ana@harbor.test"})), Ok(Some(FieldValue::Identity(ANA))));
        assert_eq!(read(ASSIGNED_TO, json!("Ana <ana@harbor.test>")), Ok(Some(FieldValue::Identity(ANA))));
        let day = read("Microsoft.VSTS.Scheduling.StartDate", json!("2026-11-22")).unwrap();
        assert_eq!(day, Some(FieldValue::DateTime(Timestamp::from_secs(1_795_305_600))));
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused_in_words() {
        for (field, value) in [
            (TITLE, json!("a".repeat(256))),
            (TITLE, json!("a\nb")),
            (TITLE, json!({})),
            (PRIORITY, json!(5)),
            (PRIORITY, json!(1.5)),
            (PRIORITY, json!(1e300)),
            (PRIORITY, json!("many")),
            (ASSIGNED_TO, json!("nobody@harbor.test")),
            (ASSIGNED_TO, json!([])),
            ("Microsoft.VSTS.Scheduling.StoryPoints", json!("NaN")),
            ("Microsoft.VSTS.Scheduling.StartDate", json!(12)),
            (DESCRIPTION, json!("x".repeat(LONGEST_TEXT + 1))),
            (DESCRIPTION, json!("\0")),
            (TAGS, json!(1)),
        ] {
            assert!(read(field, value.clone()).is_err(), "{field}");
        }
    }

    #[test]
    fn tags_are_kept_once_in_order() {
        assert_eq!(read(TAGS, json!("web; Api,web ;WEB;;")), text("Api; web"));
        assert_eq!(read(TAGS, json!(" ; ")), Ok(None));
        let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
        assert!(read(TAGS, json!(many.join(";"))).is_err());
    }

    #[test]
    fn fields_come_back_from_the_database_as_they_went() {
        let mut fields = Fields::default();
        fields.set(TITLE, Some(FieldValue::Text("Lamp".into())));
        fields.set(PRIORITY, Some(FieldValue::Integer(2)));
        fields.set(ASSIGNED_TO, Some(FieldValue::Identity(ANA)));
        fields.set(STATE_CHANGE_DATE, Some(FieldValue::DateTime(Timestamp::from_micros(5))));
        fields.set("Microsoft.VSTS.Scheduling.Effort", Some(FieldValue::Double(1.0)));
        assert_eq!(Fields::from_json(&fields.to_json()), Some(fields));
        assert_eq!(Fields::from_json("{\"Gone.Field\":{\"i\":1}}"), Some(Fields::default()));
        assert_eq!(Fields::from_json("nonsense"), None);
    }
}
