//! Claims about people, [OpenID Connect Core §5.1]. What is not known is left out.

use serde::Serialize;

use crate::account::Account;
use crate::scope::{EMAIL, PROFILE, ScopeSet};

/// The claims that UserInfo can give, as `claims_supported` lists them beside those of the ID token.
pub const SUPPORTED: [&str; 14] = [
    "aud",
    "auth_time",
    "email",
    "email_verified",
    "exp",
    "iat",
    "iss",
    "name",
    "nonce",
    "preferred_username",
    "sid",
    "sub",
    "updated_at",
    "at_hash",
];

/// The standard claims of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(missing_docs, reason = "named by OpenID Connect Core §5.1")]
pub struct UserClaims {
    pub sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
}

impl UserClaims {
    /// What these scopes open.
    pub fn of(account: &Account, subject: String, scopes: &ScopeSet) -> Self {
        let (profile, email) = (scopes.contains(PROFILE), scopes.contains(EMAIL));
        Self {
            sub: subject,
            name: profile.then(|| account.name.clone()),
            preferred_username: profile.then(|| account.email.clone()),
            updated_at: profile.then(|| account.changed_at.as_secs()),
            email: email.then(|| account.email.clone()),
            email_verified: email.then_some(account.email_verified),
        }
    }
}
