//! Base64url as JOSE writes it: no padding, no stray bits, one spelling for every value. [RFC 7515 §2]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text is not the one base64url spelling of any bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not base64url without padding")]
pub struct NotBase64Url;

/// Bytes as base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends bytes as base64url to a text.
pub fn encode_to(bytes: impl AsRef<[u8]>, text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Reads base64url; padding, blanks, the other alphabet and left-over bits are errors.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

/// Reads base64url of exactly `N` bytes.
pub fn decode_exactly<const N: usize>(text: &str) -> Result<[u8; N], NotBase64Url> {
    decode(text)?.try_into().map_err(|_| NotBase64Url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        assert_eq!(encode([0xfb, 0xff]), "-_8");
        assert_eq!(decode("-_8"), Ok(vec![0xfb, 0xff]));
        for other in ["-_8=", "-_9", "+/8", "-_8\n", " -_8", "-", "é"] {
            assert_eq!(decode(other), Err(NotBase64Url), "{other:?}");
        }
    }

    #[test]
    fn a_length_can_be_insisted_on() {
        assert_eq!(decode_exactly::<2>("-_8"), Ok([0xfb, 0xff]));
        assert_eq!(decode_exactly::<3>("-_8"), Err(NotBase64Url));
    }
}
