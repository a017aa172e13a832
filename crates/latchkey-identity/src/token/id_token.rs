//! ID tokens, [OpenID Connect Core §2]: protocol claims only, unless the profile is for the Microsoft world.

use std::collections::BTreeMap;

use latchkey_jose::digest::left_half_hash;
use serde::Serialize;
use serde_json::Value;

use crate::claims::{Member, singles};
use crate::client::Profile;
use crate::limits;
use crate::scope::{EMAIL, PROFILE};
use crate::sign_in::context::AuthenticationContext;
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
    pub acr: &'static str,
    pub amr: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub microsoft: Option<MicrosoftIdClaims>,
    /// Those that were asked for one by one.
    #[serde(flatten)]
    pub claims: BTreeMap<&'static str, Value>,
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
        let microsoft = self.profile == Profile::Microsoft;
        let mut claims = singles(&self.account, &self.scopes, Member::IdToken);
        // Those stand in an ID token of that world already.
        claims.retain(|name, _| !(microsoft && profile && matches!(*name, "name" | "preferred_username")));
        claims.retain(|name, _| !(microsoft && self.scopes.contains(EMAIL) && *name == "email"));
        IdTokenClaims {
            iss: self.issuer(),
            sub: self.subject.clone(),
            aud: self.client.to_string(),
            exp: (self.issued_at + limits::ID_TOKEN_LIFETIME).as_secs(),
            iat,
            auth_time: self.auth_time.as_secs(),
            sid: self.session.to_string(),
            at_hash: left_half_hash(self.id_token_algorithm, access_token),
            nonce: self.nonce.clone(),
            acr: AuthenticationContext::Password.name(),
            amr: AuthenticationContext::Password.methods(),
            claims,
            microsoft: microsoft.then(|| MicrosoftIdClaims {
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
