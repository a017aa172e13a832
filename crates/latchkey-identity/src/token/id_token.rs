//! ID tokens, [OpenID Connect Core §2]: protocol claims only, unless the profile is for the Microsoft world.

use std::collections::BTreeMap;

use latchkey_jose::digest::left_half_hash;
use serde::Serialize;
use serde_json::Value;

use crate::claims::{Member, opened, singles};
use crate::client::Profile;
use crate::limits;
use crate::scope::{EMAIL, PROFILE};
use crate::secret::Secret;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    pub acr: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<&'static str>,
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
    /// The claims of the ID token that goes with this access token and this code, if it goes with them. Where there is neither, nobody
    /// can ask UserInfo, so it says what the scopes open. [OpenID Connect Core §3.2.2.10, §3.3.2.11, §5.4]
    pub fn id_token_claims(&self, access_token: Option<&str>, code: Option<&Secret>) -> IdTokenClaims {
        let iat = self.issued_at.as_secs();
        let profile = self.scopes.contains(PROFILE);
        let microsoft = self.profile == Profile::Microsoft;
        let mut claims = singles(&self.account, &self.scopes, Member::IdToken);
        if access_token.is_none() && code.is_none() {
            claims.extend(opened(&self.account, &self.scopes));
        }
        // Those stand in an ID token of that world already.
        claims.retain(|name, _| !(microsoft && profile && matches!(*name, "name" | "preferred_username")));
        claims.retain(|name, _| !(microsoft && self.scopes.contains(EMAIL) && *name == "email"));
        IdTokenClaims {
            iss: self.issuer(),
            sub: self.subject.clone(),
            aud: self.client.clone(),
            exp: (self.issued_at + limits::ID_TOKEN_LIFETIME).as_secs(),
            iat,
            auth_time: self.auth_time.as_secs(),
            sid: self.session_is_told.then(|| self.sid()),
            at_hash: access_token.map(|token| left_half_hash(self.id_token_algorithm, token)),
            c_hash: code.map(|code| left_half_hash(self.id_token_algorithm, code.reveal())),
            nonce: self.nonce.clone(),
            acr: self.context.class(),
            amr: self.context.methods(),
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
