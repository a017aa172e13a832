//! UserInfo, [OpenID Connect Core §5.3].

use serde::Serialize;

use crate::account::Account;
use crate::authorization::Authorization;
use crate::claims::UserClaims;
use crate::error::OAuthError;
use crate::scope::OPENID;
use crate::token::access_token::AccessToken;

/// UserInfo as a token for one client. [OpenID Connect Core §5.3.2]
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SignedUserInfo {
    /// Who tells it.
    pub iss: String,
    /// Whom it is told.
    pub aud: String,
    /// What is told.
    #[serde(flatten)]
    pub claims: UserClaims,
}

/// What an access token that holds opens of its owner's claims: its scopes, cut to what the authorization still allows.
pub fn userinfo(
    token: &AccessToken,
    authorization: &Authorization,
    account: &Account,
) -> Result<UserClaims, OAuthError> {
    let scopes = token.scopes.intersection(&authorization.scopes);
    if !scopes.contains(OPENID) {
        return Err(OAuthError::insufficient_scope("the token is not for openid"));
    }
    Ok(UserClaims::of(account, token.subject.clone(), &scopes))
}
