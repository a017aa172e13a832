//! What a body is, by its own word.

use http::header::{CONTENT_TYPE, HeaderMap};

/// The media type that the headers name, without its parameters; nothing if they name none. [RFC 9110 §8.3.1]
pub fn media_type(headers: &HeaderMap) -> &str {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    named.split(';').next().unwrap_or_default().trim()
}

/// Whether a body is a form. [RFC 9110 §8.3.1]: no media type minds its case.
pub fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_media_type_stands_before_its_parameters() {
        let mut headers = HeaderMap::new();
        assert_eq!(media_type(&headers), "");
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("Application/X-WWW-Form-Urlencoded ; charset=utf-8"));
        assert!(is_form(&headers));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded-not"));
        assert!(!is_form(&headers));
    }
}
