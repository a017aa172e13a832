//! UserInfo, [OpenID Connect Core §5.3].

use crate::account::Account;
use crate::authorization::Authorization;
use crate::claims::UserClaims;
use crate::error::OAuthError;
use crate::scope::OPENID;
use crate::token::access_token::AccessToken;

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
