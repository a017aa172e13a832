//! Proofs of possession, as a client makes them.

use std::cell::{Cell, RefCell};
use std::time::{SystemTime, UNIX_EPOCH};

use latchkey_jose::{Algorithm, SigningKey, base64url, digest};
use serde_json::json;

use crate::http::Answer;
use crate::problem::{Outcome, Problem};

/// The key of a client, and the nonce that the server gave last.
pub(crate) struct Prover {
    key: SigningKey,
    header: String,
    nonce: RefCell<String>,
    proofs: Cell<u64>,
}

impl Prover {
    /// One with a new key.
    pub(crate) fn new() -> Outcome<Self> {
        let key = SigningKey::generate(Algorithm::Es256)?;
        let jwk = serde_json::to_value(key.public_jwk())?;
        let public = |name: &str| jwk.get(name).cloned().unwrap_or_default();
        let jwk = json!({ "kty": public("kty"), "crv": public("crv"), "x": public("x"), "y": public("y") });
        let header = base64url::encode(json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }).to_string());
        Ok(Self { key, header, nonce: RefCell::default(), proofs: Cell::new(0) })
    }

    /// A proof for one request, with a token or for one.
    pub(crate) fn proof(&self, method: &str, url: &str, token: Option<&str>) -> Outcome<String> {
        let number = self.proofs.replace(self.proofs.get() + 1);
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let mut claims = json!({
            "jti": format!("{}-{number}", since.as_nanos()),
            "htm": method,
            "htu": url,
            "iat": since.as_secs(),
            "nonce": *self.nonce.borrow(),
        });
        if let Some(token) = token
            && let Some(claims) = claims.as_object_mut()
        {
            claims.insert("ath".into(), base64url::encode(digest::sha256(token)).into());
        }
        let message = format!("{}.{}", self.header, base64url::encode(claims.to_string()));
        let signature = self.key.sign(message.as_bytes())?;
        Ok(format!("{message}.{}", base64url::encode(signature)))
    }

    /// Takes the nonce of an answer. Whether the request has to be made again with it.
    pub(crate) fn hears(&self, answer: &Answer<'_>) -> bool {
        if let Some(nonce) = answer.header("dpop-nonce") {
            nonce.clone_into(&mut self.nonce.borrow_mut());
        }
        matches!(answer.status, 400 | 401) && answer.header("dpop-nonce").is_some()
    }

    /// The error of a server that asks for a new nonce again and again.
    pub(crate) fn gives_up() -> Problem {
        Problem::new("the server takes no proof")
    }
}
