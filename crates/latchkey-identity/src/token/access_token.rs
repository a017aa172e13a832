//! Access tokens: JWTs by [RFC 9068], in the shape that the client's profile wants. What our own side reads is signed with ES256; an app that is
//! called says what is for it.
//!
//! The `jti` carries the authorization, its version and the token family, so that no row is needed for a token and ending any of them ends it.
//! That of an app of the older kind also carries the secret that it was made with, and ends with that.

mod claims;
mod id;

use latchkey_jose::Algorithm;

use crate::account::{Account, AccountState};
use crate::authorization::Authorization;
use crate::client::{Client, ClientState};
use crate::resource::ResourceServer;
use crate::scope::ScopeSet;
use crate::time::Timestamp;
use crate::token::confirmation::Confirmation;
use crate::token::narrowing::Narrowing;
use crate::token::read_issuer;

pub use claims::{AccessTokenClaims, EntraClaims, MicrosoftClaims, userinfo_audience};
pub use id::TokenId;

/// The `typ` of access tokens, [RFC 9068 §2.1].
pub const TYP: &str = "at+jwt";

/// What access tokens are signed with unless an app that is called says otherwise: our own side reads them, and this is the quickest.
pub const ALGORITHM: Algorithm = Algorithm::Es256;

/// An access token whose signature held, read into what the resource side decides by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessToken {
    /// What its `jti` says.
    pub id: TokenId,
    /// Its scopes.
    pub scopes: ScopeSet,
    /// Its audience.
    pub audience: String,
    /// Its subject.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// What it is bound to.
    pub confirmation: Option<Confirmation>,
    /// What it is narrowed to.
    pub narrowing: Narrowing,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Why a token is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// It is not an access token of ours at all.
    #[error("the token is not an access token of this server")]
    NotOurs,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It is for somebody else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// The authorization above it was revoked, or ran out.
    #[error("the authorization has ended")]
    AuthorizationEnded,
    /// The person has paused the authorization above it.
    #[error("paused by the person")]
    Paused,
    /// Its family ended: a code or a refresh token was used twice, or the app gave a token of it back.
    #[error("the token was revoked")]
    FamilyEnded,
    /// It is bound to a certificate, and another one was shown, or none.
    #[error("the token is bound to another client certificate")]
    OtherCertificate,
    /// The secret or key that an app got it with is gone.
    #[error("the secret that the token was made with has ended")]
    CredentialEnded,
    /// An app got it in its own name, and this is about a person.
    #[error("the token is an app's own, and nobody signed in")]
    NoPerson,
    /// The account is disabled.
    #[error("the account is disabled")]
    AccountDisabled,
    /// The app is suspended.
    #[error("the app was stopped by an administrator")]
    AppSuspended,
}

impl AccessToken {
    /// Reads claims whose signature held. `origins` are ours: any of them may have issued it. What is not for `resource` may be for an app.
    pub fn read(
        claims: AccessTokenClaims,
        origins: &[String],
        resource: &ResourceServer,
    ) -> Result<Self, TokenRefusal> {
        let (origin, _) = read_issuer(&claims.iss).ok_or(TokenRefusal::NotOurs)?;
        if !origins.iter().any(|ours| ours == origin) {
            return Err(TokenRefusal::NotOurs);
        }
        let scope = match &claims.microsoft {
            Some(EntraClaims::Person(claims)) => Some(claims.scp.as_str()),
            Some(EntraClaims::App(_)) => None,
            None => claims.scope.as_deref(),
        };
        let scopes = ScopeSet::from_text(scope.ok_or(TokenRefusal::NotOurs)?);
        let api = claims.api(resource);
        Ok(Self {
            id: TokenId::read(&claims.jti).ok_or(TokenRefusal::NotOurs)?,
            scopes: match api {
                None => scopes,
                Some(api) => scopes.of_app(api),
            },
            audience: claims.aud,
            subject: claims.sub,
            issuer: claims.iss,
            confirmation: claims.cnf,
            narrowing: Narrowing { places: claims.places, actor: claims.act },
            issued_at: Timestamp::from_secs(claims.iat),
            expires_at: Timestamp::from_secs(claims.exp),
        })
    }

    /// Whether it holds at this moment, with what is now true of everything it hangs below.
    pub fn check(
        &self,
        authorization: Option<&Authorization>,
        family_ended: bool,
        account: Option<&Account>,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<(), TokenRefusal> {
        if now >= self.expires_at {
            return Err(TokenRefusal::Expired);
        }
        let authorization = authorization.filter(|authorization| authorization.id == self.id.authorization);
        if !authorization
            .is_some_and(|authorization| authorization.is_live(now) && authorization.version >= self.id.version)
        {
            return Err(TokenRefusal::AuthorizationEnded);
        }
        if family_ended {
            return Err(TokenRefusal::FamilyEnded);
        }
        if authorization.is_some_and(Authorization::is_paused) {
            return Err(TokenRefusal::Paused);
        }
        if !account.is_some_and(|account| account.state == AccountState::Active) {
            return Err(TokenRefusal::AccountDisabled);
        }
        let Some(client) = client.filter(|client| client.state == ClientState::Active) else {
            return Err(TokenRefusal::AppSuspended);
        };
        let mut live = client.secrets.iter().filter(|secret| secret.is_live(now));
        if client.is_legacy() && !live.any(|secret| Some(secret.id) == self.id.made_with) {
            return Err(TokenRefusal::CredentialEnded);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
