//! `client_secret_basic`: id and secret in the `Authorization` header, each form-urlencoded first, [RFC 6749 §2.3.1].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Method, Presentable, Presented};
use crate::error::OAuthError;
use crate::secret::Secret;

/// Reads the value of the header.
pub fn read(header: &str) -> Result<Presented, OAuthError> {
    let malformed = || OAuthError::invalid_client("the Authorization header is not Basic with client id and secret");
    let (scheme, encoded) = header.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    let (id, secret) = text.split_once(':').ok_or_else(malformed)?;
    let decode = |part: &str| {
        let pair = format!("v={}", part.replace('&', "%26"));
        url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    let client_id = decode(id).filter(|id| !id.is_empty()).ok_or_else(malformed)?;
    let secret = decode(secret).filter(|secret| !secret.is_empty());
    Ok(match secret {
        Some(secret) => {
            let proof = Presentable::Secret(Secret::new(secret));
            Presented { client_id, method: Method::ClientSecretBasic, proof }
        }
        None => Presented { client_id, method: Method::None, proof: Presentable::Nothing },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_secret_are_form_decoded_after_base64() {
        let presented = read(&format!("Basic {}", STANDARD.encode("my%3Aid:a+b%2Bc%26d"))).unwrap();
        assert_eq!(presented.client_id, "my:id");
        assert_eq!(presented.proof, Presentable::Secret(Secret::new("a b+c&d")));
    }

    #[test]
    fn anything_else_is_invalid_client() {
        for bad in ["", "Basic", "Basic !!", "Bearer abc", "Basic Og==", "Basic YQ=="] {
            assert_eq!(read(bad).unwrap_err().code, "invalid_client", "{bad}");
        }
    }
}
