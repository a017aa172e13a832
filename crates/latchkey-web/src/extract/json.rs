//! Bodies of JSON, bounded.

use axum::body::Body;
use http::header::HeaderMap;
use http_body_util::{BodyExt as _, Limited};
use latchkey_identity::limits;
use serde_json::Value;

use super::media_type;

/// Why a body is no JSON.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JsonError {
    /// Another content type.
    #[error("the body has to be application/json")]
    ContentType,
    /// Too long, or broken off.
    #[error("the body is longer than 65536 bytes, or broke off")]
    Body,
    /// Other bytes.
    #[error("the body is not UTF-8")]
    Utf8,
    /// Other text.
    #[error("the body is not JSON: {0}")]
    Syntax(String),
    /// A null character, which no field of ours has and not every database can hold.
    #[error("the body contains a null character")]
    Null,
}

/// Reads a body of at most 64 KiB. None at all is `null`.
pub async fn json(headers: &HeaderMap, body: Body) -> Result<Value, JsonError> {
    let bytes = Limited::new(body, limits::FORM_BYTES).collect().await.map_err(|_| JsonError::Body)?.to_bytes();
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    if !media_type(headers).eq_ignore_ascii_case("application/json") {
        return Err(JsonError::ContentType);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| JsonError::Utf8)?;
    let value = serde_json::from_str(text).map_err(|error| JsonError::Syntax(error.to_string()))?;
    if holds_null_character(&value) { Err(JsonError::Null) } else { Ok(value) }
}

fn holds_null_character(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_null_character),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.contains('\0') || holds_null_character(value))
        }
        _ => false,
    }
}
