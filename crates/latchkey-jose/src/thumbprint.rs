//! The name of a key that follows from the key itself. [RFC 7638]

use crate::{PublicKey, base64url, digest};

/// The SHA-256 thumbprint of a public key in base64url: our `kid`.
///
/// The members that define the key, in lexicographic order and without blanks: [RFC 7638 §3.2], [RFC 8037 §2]. None of the
/// values needs escaping.
pub fn thumbprint(key: &PublicKey) -> String {
    let canonical = match key {
        PublicKey::Rsa { n, e } => {
            format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url::encode(e), base64url::encode(n))
        }
        PublicKey::P256 { x, y } => {
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, base64url::encode(x), base64url::encode(y))
        }
        PublicKey::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url::encode(x)),
    };
    base64url::encode(digest::sha256(canonical))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Jwk;

    #[test]
    fn an_rsa_thumbprint_is_that_of_rfc_7638() {
        let jwk: Jwk = serde_json::from_str(
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        )
        .unwrap();

        assert_eq!(thumbprint(&jwk.key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn an_ed25519_thumbprint_is_that_of_rfc_8037() {
        let jwk: Jwk =
            serde_json::from_str(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)
                .unwrap();

        assert_eq!(thumbprint(&jwk.key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
