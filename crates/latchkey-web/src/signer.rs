//! The keys that tokens are signed with, parsed once and held.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use latchkey_identity::Timestamp;
use latchkey_identity::resource::ResourceServer;
use latchkey_identity::secret::PurposeKey;
use latchkey_identity::token::access_token::AccessTokenClaims;
use latchkey_identity::token::app_token::AppIssue;
use latchkey_identity::token::{Issue, access_token};
use latchkey_jose::{Algorithm, JwkSet, KeySet, SigningKey};
use latchkey_store::Store;
use latchkey_store::identity::StoredKey;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::StartError;

/// The signing keys: ES256 for what our own side reads, RS256 where clients expect it.
pub struct Signer {
    access: SigningKey,
    identity: SigningKey,
    access_keys: KeySet,
    identity_keys: KeySet,
    published: JwkSet,
    made: AtomicU64,
    checked: AtomicU64,
}

/// Signatures since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signatures {
    /// Those that were made.
    pub made: u64,
    /// Those that were checked.
    pub checked: u64,
}

/// The answer of the token endpoint. [RFC 6749 §5.1], [OpenID Connect Core §3.1.3.3]
#[derive(Serialize)]
#[allow(missing_docs, reason = "named by the specifications")]
pub struct TokenResponse {
    pub token_type: &'static str,
    pub access_token: String,
    pub expires_in: u64,
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext_expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_info: Option<String>,
}

/// The answer of the token endpoint of the older kind.
#[derive(Serialize)]
#[allow(missing_docs, reason = "named by the clients of that kind")]
pub struct LegacyTokenResponse {
    pub access_token: String,
    pub token_type: &'static str,
    /// A number as text: clients declare it so.
    pub expires_in: String,
    pub refresh_token: Option<String>,
    pub scope: String,
}

impl Signer {
    /// Reads the keys from the store, or makes the first ones and stores them.
    pub async fn load(store: &Store, sealing: &PurposeKey, now: Timestamp) -> Result<Self, StartError> {
        let mut stored = store.signing_keys().await?;
        for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
            if !stored.iter().any(|key| key.algorithm == algorithm.name()) {
                let key = SigningKey::generate(algorithm).map_err(|_| StartError::Provider)?;
                let document = key.to_pkcs8().map_err(|_| StartError::Provider)?;
                let sealed = sealing.seal(&document, key.kid().as_bytes()).ok_or(StartError::Provider)?;
                store
                    .add_signing_key(StoredKey {
                        kid: key.kid().to_owned(),
                        algorithm: algorithm.name().to_owned(),
                        sealed,
                        created_at: now,
                    })
                    .await?;
                stored = store.signing_keys().await?;
            }
        }
        let mut keys = Vec::new();
        for key in stored {
            let algorithm: Algorithm = key.algorithm.parse().map_err(|_| StartError::SigningKey)?;
            let document = sealing.open(&key.sealed, key.kid.as_bytes()).ok_or(StartError::SigningKey)?;
            keys.push(SigningKey::from_pkcs8(algorithm, &document).map_err(|_| StartError::SigningKey)?);
        }
        Self::new(keys)
    }

    fn new(keys: Vec<SigningKey>) -> Result<Self, StartError> {
        let published = JwkSet { keys: keys.iter().map(SigningKey::public_jwk).collect() };
        let set = |algorithm| {
            let fitting = keys.iter().filter(|key| key.algorithm() == algorithm);
            let verifying: Result<Vec<_>, _> = fitting.map(SigningKey::verifying_key).collect();
            verifying.map(KeySet::new).map_err(|_| StartError::SigningKey)
        };
        let (access_keys, identity_keys) = (set(Algorithm::Es256)?, set(Algorithm::Rs256)?);
        let (mut access, mut identity) = (None, None);
        for key in keys {
            match key.algorithm() {
                Algorithm::Es256 => access = Some(key),
                Algorithm::Rs256 => identity = Some(key),
                Algorithm::Ps256 | Algorithm::EdDsa => {}
            }
        }
        match (access, identity) {
            (Some(access), Some(identity)) => Ok(Self {
                access,
                identity,
                access_keys,
                identity_keys,
                published,
                made: AtomicU64::new(0),
                checked: AtomicU64::new(0),
            }),
            _ => Err(StartError::SigningKey),
        }
    }

    /// The claims of an access token, if its signature is one of ours.
    pub fn access_token_claims(&self, text: &str) -> Option<AccessTokenClaims> {
        self.checked.fetch_add(1, Relaxed);
        let verified = latchkey_jose::verify(text, &self.access_keys, &[access_token::TYP]).ok()?;
        Some(verified.into_claims())
    }

    /// The claims of an ID token that comes back as a hint, if its signature is one of ours.
    pub fn id_token_claims<Claims: DeserializeOwned>(&self, text: &str) -> Option<Claims> {
        self.checked.fetch_add(1, Relaxed);
        let verified = latchkey_jose::verify(text, &self.identity_keys, &["JWT"]).ok()?;
        Some(verified.into_claims())
    }

    /// How many signatures were made and checked so far.
    pub fn signatures(&self) -> Signatures {
        Signatures { made: self.made.load(Relaxed), checked: self.checked.load(Relaxed) }
    }

    /// The public keys, for the JWKS document.
    pub fn published(&self) -> &JwkSet {
        &self.published
    }

    /// Signs what was issued to an app of the older kind.
    pub fn legacy_token_response(&self, issue: &Issue, resource: &ResourceServer) -> Option<LegacyTokenResponse> {
        Some(LegacyTokenResponse {
            access_token: self.sign(&self.access, access_token::TYP, &issue.access_token_claims(resource))?,
            token_type: "jwt-bearer",
            expires_in: issue.expires_in().to_string(),
            refresh_token: issue.refresh_token().map(|token| token.reveal().to_owned()),
            scope: issue.scope_text().to_owned(),
        })
    }

    /// Signs what was issued.
    pub fn token_response(&self, issue: &Issue, resource: &ResourceServer) -> Option<TokenResponse> {
        let access_token = self.sign(&self.access, access_token::TYP, &issue.access_token_claims(resource))?;
        let id_token = match issue.has_id_token() {
            true => Some(self.sign(&self.identity, "JWT", &issue.id_token_claims(&access_token))?),
            false => None,
        };
        let microsoft = issue.profile() == latchkey_identity::client::Profile::Microsoft;
        Some(TokenResponse {
            token_type: "Bearer",
            expires_in: issue.expires_in(),
            ext_expires_in: microsoft.then(|| issue.expires_in()),
            scope: issue.scope_text().to_owned(),
            refresh_token: issue.refresh_token().map(|token| token.reveal().to_owned()),
            client_info: issue.client_info(),
            access_token,
            id_token,
        })
    }

    /// Signs what was issued to an app that acts by itself: an access token and nothing else. [RFC 6749 §4.4.3]
    pub fn app_token_response(&self, issue: &AppIssue, resource: &ResourceServer) -> Option<TokenResponse> {
        let microsoft = issue.profile() == latchkey_identity::client::Profile::Microsoft;
        Some(TokenResponse {
            token_type: "Bearer",
            access_token: self.sign(&self.access, access_token::TYP, &issue.access_token_claims(resource))?,
            expires_in: issue.expires_in(),
            scope: issue.scope_text().to_owned(),
            ext_expires_in: microsoft.then(|| issue.expires_in()),
            refresh_token: None,
            id_token: None,
            client_info: None,
        })
    }

    fn sign(&self, key: &SigningKey, typ: &str, claims: &impl Serialize) -> Option<String> {
        self.made.fetch_add(1, Relaxed);
        key.sign_jwt(typ, claims).ok()
    }
}
