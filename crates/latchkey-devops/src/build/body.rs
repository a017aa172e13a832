//! What the bodies of requests say of builds.

use serde_json::Value;

use crate::error::{DevOpsError, ErrorType, Shown};
use crate::repository::is_object_id;

/// The longest build number, in characters.
const LONGEST_NUMBER: usize = 255;

/// A text of a body; one that says nothing is none.
pub(super) fn text<'a>(value: Option<&'a Value>, name: &str) -> Result<Option<&'a str>, DevOpsError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty())),
        Some(_) => Err(invalid(&format!("{name} must be a text."))),
    }
}

/// A word of a body, or the number that stands for it.
pub(super) fn word<T>(
    value: Option<&Value>,
    read: fn(&Value) -> Option<T>,
    name: &str,
) -> Result<Option<T>, DevOpsError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| invalid(&format!("{name} has no such value."))),
    }
}

/// A number of a body, which some clients write as a text.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The commit that `sourceVersion` names.
pub(super) fn commit(version: &str) -> Result<String, DevOpsError> {
    let version = version.trim();
    if is_object_id(version) {
        Ok(version.to_ascii_lowercase())
    } else {
        Err(invalid(&format!("sourceVersion must be a whole commit id, not '{}'.", Shown(version))))
    }
}

/// The number that people call a build by.
pub(super) fn named(number: &str) -> Result<String, DevOpsError> {
    let number = number.trim();
    let forbidden = |c: char| c.is_control() || "\"/:<>\\|?@*".contains(c);
    if number.chars().count() > LONGEST_NUMBER || number.contains(forbidden) || number.ends_with('.') {
        return Err(invalid(&format!(
            "A build number has at most {LONGEST_NUMBER} characters, none of \"/:<>\\|?@*, and no dot at its end."
        )));
    }
    Ok(number.to_owned())
}

/// The body asks for what cannot be.
pub(super) fn invalid(message: &str) -> DevOpsError {
    DevOpsError::new(ErrorType::BuildRequestInvalid, message)
}
