//! Decoding a token without believing it: for people who look at one.

use serde_json::Value;

use crate::compact::Compact;

/// What a token says of itself. Nobody vouches for any of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Unverified {
    /// The header.
    pub header: Value,
    /// The payload.
    pub payload: Value,
}

/// Decodes header and payload for display. **Nothing is verified**: no decision may rest on the result. `None` if the text is
/// not a JSON Web Token.
pub fn decode_for_display(token: &str) -> Option<Unverified> {
    let token = Compact::split(token).ok()?;
    Some(Unverified { header: token.header().ok()?, payload: serde_json::from_slice(&token.payload().ok()?).ok()? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base64url;
    use crate::verify::MAX_TOKEN_LEN;

    #[test]
    fn a_token_is_shown_even_if_nobody_signed_it() {
        let token = format!("{}.{}.", base64url::encode(r#"{"alg":"none"}"#), base64url::encode(r#"{"sub":"eve"}"#));

        let shown = decode_for_display(&token).unwrap();

        assert_eq!((shown.header, shown.payload), (json!({"alg": "none"}), json!({"sub": "eve"})));
    }

    #[test]
    fn what_is_not_a_token_is_not_shown() {
        for text in ["", "a.b", "e30.e30", "e30.e30.e30.e30", "e30.W10.", "e30.!.", &"a".repeat(MAX_TOKEN_LEN + 1)] {
            assert_eq!(decode_for_display(text), None, "{text:.20}");
        }
    }
}
