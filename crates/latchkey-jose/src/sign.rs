//! Making a JSON Web Token. [RFC 7519 §7.1]

use serde::Serialize;

use crate::{KeyError, SigningKey, base64url};

/// Why a token could not be made. Either is a bug or a broken machine, never bad input.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims have no JSON form.
    #[error("the claims cannot be written as JSON: {0}")]
    Claims(#[from] serde_json::Error),
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl SigningKey {
    /// Signs claims as a token of a type: `JWT` for an ID token, `at+jwt` for an access token, ... The header is
    /// `{"alg":..,"kid":..,"typ":..}`.
    pub fn sign_jwt(&self, typ: &str, claims: &impl Serialize) -> Result<String, SignError> {
        let mut json = Vec::with_capacity(768);
        json.extend_from_slice(self.header_start.as_bytes());
        serde_json::to_writer(&mut json, typ)?;
        json.push(b'}');

        let mut token = String::with_capacity(1536);
        base64url::encode_to(&json, &mut token);
        token.push('.');
        json.clear();
        serde_json::to_writer(&mut json, claims)?;
        base64url::encode_to(&json, &mut token);

        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        base64url::encode_to(&signature, &mut token);
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::unverified;
    use crate::{Algorithm, SigningKey};

    #[test]
    fn a_token_says_algorithm_key_and_type_and_nothing_else() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();

            let token = key.sign_jwt("at+jwt", &json!({"sub": "ana"})).unwrap();

            let read = unverified::decode_for_display(&token).unwrap();
            assert_eq!(read.header, json!({"alg": algorithm.name(), "kid": key.kid(), "typ": "at+jwt"}));
            assert_eq!(read.payload, json!({"sub": "ana"}));
        }
    }
}
