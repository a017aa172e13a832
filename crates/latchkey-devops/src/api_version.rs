//! The version of the API that a client asks for: `{major}.{minor}[-preview[.{resource version}]]`.
//!
//! Every version from 1.0 to 7.2 is served alike, previews included.

use std::fmt;

use crate::error::{DevOpsError, ErrorType, Shown};

/// A version of the API.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ApiVersion {
    major: u8,
    minor: u8,
    preview: Option<Preview>,
}

/// That a version is a preview, and which one of a resource.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Preview(Option<u16>);

impl ApiVersion {
    /// The first version that is served.
    pub const FIRST: Self = Self { major: 1, minor: 0, preview: None };
    /// The version that is served to whoever names none.
    pub const RELEASED: Self = Self { major: 7, minor: 1, preview: None };
    /// The last version that is served.
    pub const LAST: Self = Self { major: 7, minor: 2, preview: None };

    /// Reads a version.
    pub fn parse(text: &str) -> Result<Self, DevOpsError> {
        let text = text.trim();
        let unreadable = || {
            DevOpsError::new(
                ErrorType::InvalidApiVersion,
                format!(
                    "VS404000: The api-version '{}' cannot be read; it has the form 7.1 or 7.1-preview.1.",
                    Shown(text)
                ),
            )
        };
        let (number, suffix) = match text.split_once('-') {
            Some((number, suffix)) => (number, Some(suffix)),
            None => (text, None),
        };
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        let (major, minor) = (digits(major).ok_or_else(unreadable)?, digits(minor).ok_or_else(unreadable)?);
        let preview = suffix.map(|suffix| preview(suffix, text)).transpose()?;
        if (major, minor) > (u16::from(Self::LAST.major), u16::from(Self::LAST.minor)) {
            return Err(DevOpsError::new(
                ErrorType::VersionOutOfRange,
                format!("VS404002: The api-version {} is above the latest, which is {}.", Shown(text), Self::LAST),
            ));
        }
        if major < u16::from(Self::FIRST.major) {
            return Err(DevOpsError::new(
                ErrorType::VersionNotSupported,
                format!("VS404003: The api-version {} is no longer served; the first is {}.", Shown(text), Self::FIRST),
            ));
        }
        let small = |number: u16| u8::try_from(number).map_err(|_| unreadable());
        Ok(Self { major: small(major)?, minor: small(minor)?, preview })
    }

    /// Settles the version of a request: that of the query, else that of `Accept`, else the released one if the request
    /// only reads.
    pub fn of_request(method: &str, query: Option<&str>, accept: Option<&str>) -> Result<Self, DevOpsError> {
        if let Some(version) = query.filter(|version| !version.trim().is_empty()) {
            return Self::parse(version);
        }
        if let Some(version) = accept.and_then(in_accept) {
            return Self::parse(version);
        }
        match method {
            "GET" | "HEAD" | "OPTIONS" => Ok(Self::RELEASED),
            _ => Err(DevOpsError::new(
                ErrorType::VersionNotSpecified,
                format!(
                    "No api-version was supplied for the \"{}\" request. The version must be supplied either as part of \
                     the Accept header (e.g. \"application/json; api-version=1.0\") or as a query parameter \
                     (e.g. \"?api-version=1.0\").",
                    Shown(method)
                ),
            )),
        }
    }
}

/// The version in an `Accept` header: `application/json;api-version=7.1-preview.1`.
fn in_accept(accept: &str) -> Option<&str> {
    accept.split([',', ';']).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("api-version").then(|| value.trim().trim_matches('"'))
    })
}

fn preview(suffix: &str, text: &str) -> Result<Preview, DevOpsError> {
    let unreadable = || {
        DevOpsError::new(
            ErrorType::InvalidPreviewVersion,
            format!(
                "VS404001: The preview of the api-version '{}' cannot be read; it has the form 7.1-preview.1.",
                Shown(text)
            ),
        )
    };
    let rest = suffix
        .get(.."preview".len())
        .filter(|word| word.eq_ignore_ascii_case("preview"))
        .and(suffix.get("preview".len()..));
    match rest {
        Some("") => Ok(Preview(None)),
        Some(rest) => {
            let number = rest.strip_prefix('.').and_then(digits).ok_or_else(unreadable)?;
            Ok(Preview(Some(number)))
        }
        None => Err(unreadable()),
    }
}

fn digits(text: &str) -> Option<u16> {
    let only_digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if only_digits { text.parse().ok() } else { None }
}

/// As answers name it: without leading zeros.
impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.preview {
            None => Ok(()),
            Some(Preview(None)) => f.write_str("-preview"),
            Some(Preview(Some(number))) => write!(f, "-preview.{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_1_0_to_7_2_are_served_previews_included() {
        for text in ["1.0", "5.0", "7.1", "7.2", "7.2-preview.4", "7.1-preview", "3.2-preview.3"] {
            assert_eq!(ApiVersion::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(ApiVersion::parse(" 7.1-PREVIEW.1 ").unwrap().to_string(), "7.1-preview.1");
        assert_eq!(ApiVersion::parse("5").unwrap().to_string(), "5.0");
    }

    #[test]
    fn each_way_of_being_wrong_has_its_own_error() {
        for (text, kind) in [
            ("7.3", ErrorType::VersionOutOfRange),
            ("8.0-preview.1", ErrorType::VersionOutOfRange),
            ("9999.0", ErrorType::VersionOutOfRange),
            ("0.9", ErrorType::VersionNotSupported),
            ("7.1-alpha", ErrorType::InvalidPreviewVersion),
            ("7.1-preview.x", ErrorType::InvalidPreviewVersion),
            ("7.1-preview1", ErrorType::InvalidPreviewVersion),
            ("7.1-é", ErrorType::InvalidPreviewVersion),
            ("latest", ErrorType::InvalidApiVersion),
            ("", ErrorType::InvalidApiVersion),
            ("+7.1", ErrorType::InvalidApiVersion),
            ("7.", ErrorType::InvalidApiVersion),
            ("7.1.1", ErrorType::InvalidApiVersion),
            ("99999999999.0", ErrorType::InvalidApiVersion),
        ] {
            assert_eq!(ApiVersion::parse(text).unwrap_err().kind, kind, "{text}");
        }
    }

    #[test]
    fn the_query_goes_before_the_header_and_reading_needs_none() {
        let accept = Some("application/json;api-version=7.0-preview.1");
        assert_eq!(ApiVersion::of_request("GET", Some("5.0"), accept).unwrap().to_string(), "5.0");
        assert_eq!(ApiVersion::of_request("POST", None, accept).unwrap().to_string(), "7.0-preview.1");
        assert_eq!(ApiVersion::of_request("GET", None, Some("*/*")), Ok(ApiVersion::RELEASED));
        let error = ApiVersion::of_request("POST", None, None).unwrap_err();
        assert_eq!(error.kind, ErrorType::VersionNotSpecified);
        assert!(error.message.starts_with("No api-version was supplied for the \"POST\" request"));
    }
}
