//! `htu`: the URL of the request, without query and fragment, however its client writes it. [RFC 9449 §4.3], [RFC 3986 §6.2]

use url::Url;

/// Whether `htu` is the URL of a request to `path` at `origin`.
pub(super) fn is_same(htu: &str, origin: &str, path: &str) -> bool {
    // Nearly every client writes the URL as it calls it.
    if htu.strip_prefix(origin) == Some(path) {
        return true;
    }
    match (Url::parse(htu), Url::parse(&format!("{origin}{path}"))) {
        (Ok(one), Ok(other)) => {
            let is_bare = one.username().is_empty() && one.password().is_none();
            is_bare && one.origin() == other.origin() && normal(one.path()) == normal(other.path())
        }
        _ => false,
    }
}

/// A path in one spelling: what needs no escape has none, the others are in capitals, and a run of slashes is one, as the site reads it.
fn normal(path: &str) -> Vec<u8> {
    let mut normal = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escaped = match after.first_chunk::<2>() {
            Some(digits) if byte == b'%' && digits.iter().all(u8::is_ascii_hexdigit) => {
                std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok())
            }
            _ => None,
        };
        match escaped {
            Some(decoded) => {
                rest = after.get(2..).unwrap_or_default();
                if decoded.is_ascii_alphanumeric() || matches!(decoded, b'-' | b'.' | b'_' | b'~') {
                    normal.push(decoded);
                } else {
                    normal.extend_from_slice(format!("%{decoded:02X}").as_bytes());
                }
            }
            None if byte == b'/' && normal.last() == Some(&b'/') => {}
            None => normal.push(byte),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_be_written_in_more_than_one_way() {
        let same = |htu| is_same(htu, "https://id.test", "/harbor/_apis/~a%2Fb");
        for htu in [
            "https://id.test/harbor/_apis/~a%2Fb",
            "https://id.test/harbor/_apis/~a%2Fb?api-version=7.1#top",
            "HTTPS://ID.test:443/harbor/_apis/~a%2Fb",
            "https://id.test/harbor/_apis/%7ea%2fb",
            "https://id.test//harbor/_apis/~a%2Fb",
        ] {
            assert!(same(htu), "{htu}");
        }
        for htu in [
            "",
            "/harbor/_apis/~a%2Fb",
            "http://id.test/harbor/_apis/~a%2Fb",
            "https://id.test:444/harbor/_apis/~a%2Fb",
            "https://evil.test/harbor/_apis/~a%2Fb",
            "https://ana@id.test/harbor/_apis/~a%2Fb",
            "https://id.test/harbor/_apis/~a/b",
            "https://id.test/harbor/_apis/~A%2Fb",
            "https://id.test/harbor/_apis/~a%2Fb/",
            "https://id.test/harbor/_apis",
            "https://id.test.evil.test/harbor/_apis/~a%2Fb",
        ] {
            assert!(!same(htu), "{htu}");
        }
    }
}
