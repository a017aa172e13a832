//! Public keys of clients, by value: a JSON Web Key, a set of them, a certificate or a bare public key. The private part never leaves the
//! client. [OpenID Connect Core §9], [RFC 7591 §2] (`jwks`)

use latchkey_jose::assertion::Assertion;
use latchkey_jose::certificate::{self, Certificate, KeyOrCertificate};
use latchkey_jose::jwk::BadKey;
use latchkey_jose::thumbprint::thumbprint;
use latchkey_jose::{Algorithm, Jwk, JwkSet, VerifyingKey, base64url};
use std::sync::Arc;
use uuid::Uuid;

use crate::account::{Account, is_presentable};
use crate::change::Change;
use crate::client::registration::{Client, RegistrationError, may_be_edited};
use crate::client_auth::{Credential, CredentialKind};
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::Event;
use crate::limits;
use crate::time::Timestamp;
use crate::token::confirmation::Thumbprint;

/// A public key that a client signs its assertions with, parsed once.
#[derive(Clone, Debug)]
pub struct ClientKey {
    /// Its id, for lists.
    pub id: Uuid,
    /// The key as it was registered.
    pub jwk: Jwk,
    /// The thumbprints of the certificate that it came in.
    pub certificate: Option<Thumbprints>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    parsed: Arc<[VerifyingKey]>,
}

/// The names that a certificate has in assertions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thumbprints {
    /// `x5t`, [RFC 7515 §4.1.7].
    pub sha1: [u8; 20],
    /// `x5t#S256`, [RFC 7515 §4.1.8].
    pub sha256: [u8; 32],
}

impl From<Certificate> for Thumbprints {
    fn from(certificate: Certificate) -> Self {
        Self { sha1: certificate.x5t, sha256: certificate.x5t_s256 }
    }
}

/// Two keys are the same if what was registered is.
impl PartialEq for ClientKey {
    fn eq(&self, other: &Self) -> bool {
        (self.id, &self.jwk, self.certificate, self.created_at, self.expires_at)
            == (other.id, &other.jwk, other.certificate, other.created_at, other.expires_at)
    }
}

impl Eq for ClientKey {}

/// Why a text brings no keys, in a sentence for the person who gave it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// It is none of the forms.
    #[error(
        "Give a certificate or a public key in PEM, or a JSON Web Key (Set): RSA of 2,048 bits or more, P-256 or Ed25519."
    )]
    Unreadable,
    /// It contains the private part.
    #[error(
        "This contains a private key, which is no secret any more: make another one, and give its public part only."
    )]
    Private,
    /// A key with the certificate of another.
    #[error("x5c has to be a list that begins with the certificate of this very key, in base64.")]
    OthersCertificate,
    /// A name that people cannot read.
    #[error("The name of a key, its kid, has 1 to 256 characters, all of which are seen.")]
    Name,
    /// The certificate has ended.
    #[error("The certificate has ended.")]
    Ended,
    /// More than a few.
    #[error("An app has at most 6 keys: remove one first.")]
    TooMany,
    /// The app has it already.
    #[error("The app has this key already.")]
    Known,
}

impl ClientKey {
    /// Reads the keys of a text. Each lives as long as its certificate, and two years at most.
    pub fn read(text: &str, now: Timestamp, entropy: &mut Entropy) -> Result<Vec<Self>, KeyError> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err(KeyError::Private);
        }
        let longest = now + limits::CLIENT_SECRET_LIFETIME;
        let found = match text.starts_with('{') {
            true => JwkSet::registered(text).map_err(|bad| match bad {
                BadKey::Private => KeyError::Private,
                BadKey::Certificate => KeyError::OthersCertificate,
                _ => KeyError::Unreadable,
            })?,
            false => vec![certificate::read(text).map_err(|_| KeyError::Unreadable)?],
        };
        let keep = |found: KeyOrCertificate| {
            let (jwk, certificate) = found.into_parts();
            if jwk.kid.as_deref().is_some_and(|name| !is_presentable(name)) {
                return Err(KeyError::Name);
            }
            let end = certificate.as_ref().map_or(longest, |certificate| certificate.not_after.min(longest));
            let key = Self::stored(entropy.uuid(), jwk, certificate.map(Thumbprints::from), now, end);
            let key = key.ok_or(KeyError::Unreadable)?;
            if key.is_live(now) { Ok(key) } else { Err(KeyError::Ended) }
        };
        found.into_iter().map(keep).collect()
    }

    /// Whether it came in this certificate.
    pub fn is_of_certificate(&self, certificate: Thumbprint) -> bool {
        self.certificate.is_some_and(|thumbprints| thumbprints.sha256 == certificate.0)
    }

    /// A key as it is kept; `None` if it is not sound.
    pub fn stored(
        id: Uuid,
        jwk: Jwk,
        certificate: Option<Thumbprints>,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Option<Self> {
        let suiting = Algorithm::ALL.into_iter().filter(|algorithm| jwk.key.suits(*algorithm));
        let stated = suiting.filter(|algorithm| jwk.alg.is_none_or(|stated| stated == *algorithm));
        let parsed = stated.map(|algorithm| VerifyingKey::for_algorithm(&jwk, algorithm)).collect::<Result<_, _>>();
        Some(Self { id, parsed: parsed.ok()?, jwk, certificate, created_at, expires_at })
    }

    /// Whether it still holds.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether it is the same key, by the same name and in the same certificate, whenever each of them was registered.
    pub(crate) fn is_the_key_of(&self, other: &Self) -> bool {
        (&self.jwk, self.certificate) == (&other.jwk, other.certificate)
    }

    /// What assertions call it: its own name, else its thumbprint. [RFC 7638]
    pub fn kid(&self) -> String {
        self.jwk.kid.clone().unwrap_or_else(|| thumbprint(&self.jwk.key))
    }

    /// `x5t` and `x5t#S256` of the certificate that it came in, as assertions have them.
    pub fn certificate_names(&self) -> [Option<String>; 2] {
        [
            self.certificate.map(|named| base64url::encode(named.sha1)),
            self.certificate.map(|named| base64url::encode(named.sha256)),
        ]
    }

    /// The algorithms that it verifies.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.parsed.iter().map(VerifyingKey::algorithm)
    }

    /// What stands in for it where it was used.
    pub fn credential(&self) -> Credential {
        Credential { id: self.id, kind: CredentialKind::Key, expires_at: Some(self.expires_at) }
    }

    /// Whether an assertion may mean this key: by the thumbprint of its certificate, if it came in one; else by the name; by any if none is
    /// given. The signature decides.
    pub fn is_meant_by(&self, assertion: &Assertion) -> bool {
        if let (Some(named), Some(own)) = (&assertion.x5t_s256, self.certificate) {
            return own.sha256.as_slice() == named;
        }
        if let (Some(named), Some(own)) = (&assertion.x5t, self.certificate) {
            return own.sha1.as_slice() == named;
        }
        match (&assertion.kid, &self.jwk.kid) {
            (Some(named), Some(own)) => named == own,
            // A key that was registered without a name is called by its thumbprint, or by what its owner made up.
            (Some(_), None) | (None, _) => true,
        }
    }

    /// Whether the owner of this key signed an assertion.
    pub fn signed(&self, assertion: &Assertion) -> bool {
        self.parsed.iter().any(|key| assertion.is_signed_by(key))
    }
}

/// Adds the keys that a text brings.
pub fn add_keys(
    client: &Client,
    by: &Account,
    text: &str,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Vec<ClientKey>, RegistrationError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    if let Err(error) = may_be_edited(client) {
        return Decision::refuse(error);
    }
    if !client.kind.is_confidential() {
        return Decision::refuse(RegistrationError::PublicClient);
    }
    let keys = match ClientKey::read(text, now, entropy) {
        Ok(keys) => keys,
        Err(error) => return Decision::refuse(RegistrationError::Key(error)),
    };
    let mut known: Vec<&Jwk> = client.authentication.keys.iter().map(|key| &key.jwk).collect();
    for key in &keys {
        if known.iter().any(|known| known.key == key.jwk.key) {
            return Decision::refuse(RegistrationError::Key(KeyError::Known));
        }
        known.push(&key.jwk);
    }
    if known.len() > limits::KEYS_PER_CLIENT {
        return Decision::refuse(RegistrationError::Key(KeyError::TooMany));
    }
    let events = keys.iter().map(|key| Change::Record(Event::key_added(client, key).by(by.id))).collect::<Vec<_>>();
    let added = Change::AddClientKeys { client: client.id, keys: keys.clone(), from_version: client.version };
    Decision::grant(keys).and_all(events).and(added)
}

/// Removes a key: nobody authenticates with it again, and tokens that the app got with it in its own name end.
pub fn remove_key(client: &Client, key: Uuid, by: &Account, now: Timestamp) -> Decision<(), RegistrationError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    let Some(held) = client.authentication.keys.iter().find(|held| held.id == key) else {
        return Decision::refuse(RegistrationError::NotYours);
    };
    Decision::grant(())
        .and(Change::Record(Event::key_removed(client, held, now).by(by.id)))
        .and(Change::RemoveClientKey { client: client.id, key })
}

#[cfg(test)]
pub(crate) mod tests;
