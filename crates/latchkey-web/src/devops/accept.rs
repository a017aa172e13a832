//! Which representation a client wants: `$format`, or the first known type in `Accept`.

use http::header::ACCEPT;
use latchkey_devops::error::DevOpsError;

use super::visit::Visit;

/// How something is represented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// What is known of it.
    Json,
    /// It, as text.
    Text,
    /// It, byte for byte.
    Bytes,
    /// It and everything below it, as an archive.
    Zip,
}

impl Visit {
    /// The representation that is asked for; none if any will do.
    pub(super) fn format(&self) -> Result<Option<Format>, DevOpsError> {
        match self.query.get("$format") {
            Some(name) => named(name).map(Some),
            None => Ok(self.header(ACCEPT).and_then(accepted)),
        }
    }
}

fn named(name: &str) -> Result<Format, DevOpsError> {
    match name.to_ascii_lowercase().as_str() {
        "json" => Ok(Format::Json),
        "text" => Ok(Format::Text),
        "octetstream" => Ok(Format::Bytes),
        "zip" => Ok(Format::Zip),
        _ => Err(DevOpsError::bad_request("The $format must be json, text, octetStream or zip.")),
    }
}

fn accepted(accept: &str) -> Option<Format> {
    accept.split(',').find_map(|entry| {
        let media_type = entry.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/json" => Some(Format::Json),
            "text/plain" => Some(Format::Text),
            "application/octet-stream" => Some(Format::Bytes),
            "application/zip" => Some(Format::Zip),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_type_counts() {
        assert_eq!(accepted("application/json;api-version=7.1"), Some(Format::Json));
        assert_eq!(accepted("text/html, TEXT/plain;q=0.5, */*"), Some(Format::Text));
        assert_eq!(accepted("*/*"), None);
        assert_eq!(named("octetStream"), Ok(Format::Bytes));
        assert_eq!(named("xml").unwrap_err().status(), 400);
    }
}
