//! DPoP keys and proofs, good ones and such as no client should send.

use std::sync::{Arc, Mutex};

use latchkey_identity::Timestamp;
use latchkey_jose::digest::sha256;
use latchkey_jose::{Algorithm, SigningKey, base64url};
use serde_json::{Value, json};

use crate::relying_party::unpredictable;
use crate::server::{Answer, Ask};

/// A key that a client proves with, and the nonce that the server gave for it. Cheap to clone.
#[derive(Clone)]
pub struct DpopKey(Arc<Parts>);

struct Parts {
    key: SigningKey,
    nonce: Mutex<Option<String>>,
}

impl DpopKey {
    /// A new one for ES256.
    pub fn new() -> Self {
        Self::of(Algorithm::Es256)
    }

    /// A new one for another algorithm.
    pub fn of(algorithm: Algorithm) -> Self {
        Self(Arc::new(Parts { key: SigningKey::generate(algorithm).expect("a key"), nonce: Mutex::default() }))
    }

    /// Its thumbprint, as `jkt` names it.
    pub fn thumbprint(&self) -> &str {
        self.0.key.kid()
    }

    /// Takes the nonce of an answer, for the next proofs.
    pub fn learns(&self, answer: &Answer) {
        let nonce = answer.header("dpop-nonce").expect("a nonce").to_owned();
        *self.0.nonce.lock().expect("a nonce") = Some(nonce);
    }

    /// A proof for a request.
    pub fn proof(&self, method: &str, url: &str, now: Timestamp) -> Proof {
        let mut jwk = serde_json::to_value(self.0.key.public_jwk()).expect("a JWK");
        for member in ["kid", "alg", "use"] {
            jwk.as_object_mut().expect("a JWK").remove(member);
        }
        let proof = Proof {
            key: self.clone(),
            header: json!({ "typ": "dpop+jwt", "alg": self.0.key.algorithm().name(), "jwk": jwk }),
            claims: json!({ "jti": unpredictable(), "htm": method, "htu": url, "iat": now.as_secs() }),
        };
        proof.with("nonce", self.0.nonce.lock().expect("a nonce").clone())
    }
}

impl Default for DpopKey {
    fn default() -> Self {
        Self::new()
    }
}

/// A proof that is about to be signed.
#[derive(Clone)]
pub struct Proof {
    key: DpopKey,
    header: Value,
    claims: Value,
}

impl Proof {
    /// With this claim; `null` takes it out.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    /// With this in the header; `null` takes it out.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.header, name, value.into());
        self
    }

    /// For this access token.
    #[must_use]
    pub fn for_token(self, token: &str) -> Self {
        self.with("ath", base64url::encode(sha256(token)))
    }

    /// A claim.
    pub fn claim(&self, name: &str) -> &Value {
        &self.claims[name]
    }

    /// Signed.
    pub fn text(&self) -> String {
        let [header, claims] = [&self.header, &self.claims].map(|part| base64url::encode(part.to_string()));
        let message = format!("{header}.{claims}");
        let signature = self.key.0.key.sign(message.as_bytes()).expect("a signature");
        format!("{message}.{}", base64url::encode(signature))
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
}

impl Ask {
    /// A good proof for this request, to be spoilt.
    pub fn proof(&self, key: &DpopKey) -> Proof {
        let url = self.url();
        key.proof(self.method().as_str(), &format!("{}{}", url.origin().ascii_serialization(), url.path()), self.now())
    }

    /// With this proof.
    #[must_use]
    pub fn proving(self, proof: &Proof) -> Self {
        self.header("DPoP", &proof.text())
    }

    /// With a good proof.
    #[must_use]
    pub fn proving_by(self, key: &DpopKey) -> Self {
        let proof = self.proof(key);
        self.proving(&proof)
    }

    /// With this token, and a good proof for it.
    #[must_use]
    pub fn dpop(self, token: &str, key: &DpopKey) -> Self {
        let proof = self.proof(key).for_token(token);
        self.presenting(token).proving(&proof)
    }

    /// With this token as one that is bound to a key.
    #[must_use]
    pub fn presenting(self, token: &str) -> Self {
        self.header("authorization", &format!("DPoP {token}"))
    }
}
