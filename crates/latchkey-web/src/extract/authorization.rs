//! The `Authorization` header. A request has one or none: which of two counts, others could see otherwise. [RFC 9110 §5.3 and §11.6.2]

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// There is a header, and no credentials can be read from it: it is there twice, or is no scheme with something behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is one Authorization header at the most, a scheme and what belongs to it")]
pub struct Unreadable;

/// The scheme of the header and what follows it, if there is a header.
pub fn authorization(headers: &HeaderMap) -> Result<Option<(&str, &str)>, Unreadable> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let header = match (all.next(), all.next()) {
        (None, _) => return Ok(None),
        // Quicker than asking for one visible character after another: tokens are long.
        (Some(header), None) => {
            str::from_utf8(header.as_bytes()).ok().filter(|text| text.is_ascii()).ok_or(Unreadable)?
        }
        (Some(_), Some(_)) => return Err(Unreadable),
    };
    let (scheme, credentials) = header.trim().split_once(' ').ok_or(Unreadable)?;
    Ok(Some((scheme, credentials.trim())))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn there_is_one_header_or_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(authorization(&headers), Ok(None));
        headers.append(AUTHORIZATION, HeaderValue::from_static(" Bearer  one "));
        assert_eq!(authorization(&headers), Ok(Some(("Bearer", "one"))));
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer two"));
        assert_eq!(authorization(&headers), Err(Unreadable));
        for text in ["", "Bearer", "\u{e9} \u{e9}"] {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(text).unwrap());
            assert_eq!(authorization(&headers), Err(Unreadable), "{text}");
        }
    }
}
