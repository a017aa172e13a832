//! ID tokens, [OpenID Connect Core §2]: protocol claims only, unless the profile is for the Microsoft world.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::account::AccountId;
use crate::client::{ClientId, Profile};
use crate::limits;
use crate::scope::{EMAIL, PROFILE};
use crate::secret::sha256;
use crate::token::Issue;

/// The claims of an ID token.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(missing_docs, reason = "named by OpenID Connect Core and Entra")]
pub struct IdTokenClaims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub exp: i64,
    pub iat: i64,
    pub auth_time: i64,
    pub sid: String,
    pub at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub microsoft: Option<MicrosoftIdClaims>,
}

/// What clients of the Microsoft world read from an ID token.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(missing_docs, reason = "named by Entra")]
pub struct MicrosoftIdClaims {
    pub ver: &'static str,
    pub tid: String,
    pub oid: String,
    pub nbf: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Issue {
    /// The claims of the ID token that goes with this access token.
    pub fn id_token_claims(&self, access_token: &str) -> IdTokenClaims {
        let iat = self.issued_at.as_secs();
        let profile = self.scopes.contains(PROFILE);
        IdTokenClaims {
            iss: self.issuer(),
            sub: subject(self.profile, self.client, self.account.id),
            aud: self.client.to_string(),
            exp: (self.issued_at + limits::ID_TOKEN_LIFETIME).as_secs(),
            iat,
            auth_time: self.auth_time.as_secs(),
            sid: self.session.to_string(),
            at_hash: half_hash(access_token),
            nonce: self.nonce.clone(),
            microsoft: (self.profile == Profile::Microsoft).then(|| MicrosoftIdClaims {
                ver: "2.0",
                tid: self.tenant.to_string(),
                oid: self.account.id.to_string(),
                nbf: iat,
                name: profile.then(|| self.account.name.clone()),
                preferred_username: profile.then(|| self.account.email.clone()),
                email: (self.scopes.contains(EMAIL) && self.account.email_verified).then(|| self.account.email.clone()),
            }),
        }
    }
}

/// The `sub` of an account for a client: the account's id, or, in the Microsoft world, one of its own for each client.
pub fn subject(profile: Profile, client: ClientId, account: AccountId) -> String {
    match profile {
        Profile::Standard | Profile::Legacy => account.to_string(),
        Profile::Microsoft => {
            let mut bytes = [0; 32];
            let both = client.0.as_bytes().iter().chain(account.0.as_bytes());
            bytes.iter_mut().zip(both).for_each(|(byte, id)| *byte = *id);
            URL_SAFE_NO_PAD.encode(sha256(bytes))
        }
    }
}

/// `at_hash`: the left half of the hash, for algorithms with SHA-256. [OpenID Connect Core §3.1.3.6]
fn half_hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()).get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_left_half_of_the_hash_is_as_in_the_specifications_example() {
        // OpenID Connect Core, appendix A.3.
        assert_eq!(half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }

    #[test]
    fn a_subject_is_one_for_all_clients_or_one_for_each() {
        let (one, two, account) =
            (ClientId(Uuid::from_u128(1)), ClientId(Uuid::from_u128(2)), AccountId(Uuid::from_u128(3)));
        assert_eq!(subject(Profile::Standard, one, account), subject(Profile::Standard, two, account));
        assert_ne!(subject(Profile::Microsoft, one, account), subject(Profile::Microsoft, two, account));
        assert_eq!(subject(Profile::Microsoft, one, account).len(), 43);
    }
}
