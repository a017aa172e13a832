//! The id of an access token: its `jti`. It says what the token hangs below.

use latchkey_jose::base64url;
use uuid::Uuid;

use crate::authorization::AuthorizationId;
use crate::entropy::Entropy;
use crate::token::family::FamilyId;

/// What the `jti` of an access token says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TokenId {
    /// The authorization it hangs below.
    pub authorization: AuthorizationId,
    /// The version of the authorization that it was issued at.
    pub version: u32,
    /// The token family it belongs to.
    pub family: FamilyId,
    /// The secret that an app of the older kind authenticated with. The token ends with it, whatever its family did meanwhile.
    pub made_with: Option<Uuid>,
    /// What makes it another than its siblings.
    unique: [u8; 16],
}

impl TokenId {
    /// The id of a token that is about to be issued.
    pub(crate) fn new(authorization: AuthorizationId, version: u32, family: FamilyId, entropy: &mut Entropy) -> Self {
        Self { authorization, version, family, made_with: None, unique: entropy.bytes16() }
    }

    /// The same, of a token that ends with a secret.
    pub(crate) fn made_with(self, made_with: Option<Uuid>) -> Self {
        Self { made_with, ..self }
    }

    /// Reads a `jti`.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text).ok()?;
        let (authorization, rest) = bytes.split_first_chunk::<16>()?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (family, rest) = rest.split_first_chunk::<16>()?;
        let (unique, made_with) = rest.split_first_chunk::<16>()?;
        let made_with = match made_with {
            [] => None,
            secret => Some(Uuid::from_slice(secret).ok()?),
        };
        Some(Self {
            made_with,
            authorization: AuthorizationId(Uuid::from_bytes(*authorization)),
            version: u32::from_be_bytes(*version),
            family: FamilyId(Uuid::from_bytes(*family)),
            unique: *unique,
        })
    }

    /// What makes it another than its siblings, as tokens of the Microsoft world tell it.
    pub(super) fn uti(&self) -> String {
        base64url::encode(self.unique)
    }

    /// The `jti`.
    pub fn text(&self) -> String {
        let mut bytes = Vec::with_capacity(68);
        bytes.extend_from_slice(self.authorization.0.as_bytes());
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(self.family.0.as_bytes());
        bytes.extend_from_slice(&self.unique);
        bytes.extend(self.made_with.iter().flat_map(Uuid::as_bytes));
        base64url::encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jti_carries_authorization_version_and_family() {
        let (authorization, family) = (AuthorizationId(Uuid::from_u128(2)), FamilyId(Uuid::from_u128(1)));
        let id = TokenId::new(authorization, 1, family, &mut Entropy::seeded(1));
        assert_eq!(TokenId::read(&id.text()), Some(id));
        assert_eq!(TokenId::read("AAAA"), None);
        assert_eq!(TokenId::read(&format!("{}A", id.text())), None);
        let older = id.made_with(Some(Uuid::from_u128(3)));
        assert_eq!(TokenId::read(&older.text()), Some(older));
    }
}
