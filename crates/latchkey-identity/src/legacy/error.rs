//! How refusals are told to apps of the older kind: `Error` and `ErrorDescription`, status 400.

use std::borrow::Cow;

use crate::error::OAuthError;

/// Why a token request was refused, by the names of `accessTokenError` in the models of `delegatedauth`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are the models'")]
pub enum Reason {
    GrantTypeRequired,
    AuthorizationGrantRequired,
    ClientSecretRequired,
    RedirectUriRequired,
    InvalidAuthorizationGrant,
    AuthorizationGrantExpired,
    AccessAlreadyIssued,
    InvalidRefreshToken,
    AccessTokenAlreadyRefreshed,
    InvalidRedirectUri,
    InvalidScope,
    InvalidClient,
    InvalidClientSecret,
    ClientSecretExpired,
    AccessDenied,
    HostAuthorizationIsNotValid,
    ServerError,
}

impl Reason {
    /// The name in the models, for descriptions and the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GrantTypeRequired => "grantTypeRequired",
            Self::AuthorizationGrantRequired => "authorizationGrantRequired",
            Self::ClientSecretRequired => "clientSecretRequired",
            Self::RedirectUriRequired => "redirectUriRequired",
            Self::InvalidAuthorizationGrant => "invalidAuthorizationGrant",
            Self::AuthorizationGrantExpired => "authorizationGrantExpired",
            Self::AccessAlreadyIssued => "accessAlreadyIssued",
            Self::InvalidRefreshToken => "invalidRefreshToken",
            Self::AccessTokenAlreadyRefreshed => "accessTokenAlreadyRefreshed",
            Self::InvalidRedirectUri => "invalidRedirectUri",
            Self::InvalidScope => "invalidScope",
            Self::InvalidClient => "invalidClient",
            Self::InvalidClientSecret => "invalidClientSecret",
            Self::ClientSecretExpired => "clientSecretExpired",
            Self::AccessDenied => "accessDenied",
            Self::HostAuthorizationIsNotValid => "hostAuthorizationIsNotValid",
            Self::ServerError => "serverError",
        }
    }

    /// The `Error` of the answer. What is wrong with an assertion is an `invalid_request` there, as clients of this kind know it.
    pub const fn error(self) -> &'static str {
        match self {
            Self::InvalidClient | Self::InvalidClientSecret | Self::ClientSecretExpired => "invalid_client",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied | Self::HostAuthorizationIsNotValid => "access_denied",
            Self::ServerError => "server_error",
            _ => "invalid_request",
        }
    }
}

/// What an app of the older kind is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegacyError {
    /// Why.
    pub reason: Reason,
    /// A sentence for the client's developer. It never repeats a secret.
    pub description: Cow<'static, str>,
}

impl LegacyError {
    /// A refusal in our own words.
    pub fn new(reason: Reason, sentence: &str) -> Self {
        Self { reason, description: format!("{}: {sentence}", reason.name()).into() }
    }

    /// A client secret that is no JWT, told in the words that developers find when they search for them.
    pub fn not_a_jwt() -> Self {
        Self {
            reason: Reason::InvalidClientSecret,
            description: "Failed to deserialize the JsonWebToken object.".into(),
        }
    }

    /// The refusal of a code by the rule that all codes are redeemed by.
    pub fn of_code(error: &OAuthError) -> Self {
        let reason = match error.number {
            54_005 => Reason::AccessAlreadyIssued,
            70_008 => Reason::AuthorizationGrantExpired,
            500_112 => Reason::InvalidRedirectUri,
            _ => Self::other(error, Reason::InvalidAuthorizationGrant),
        };
        Self::new(reason, &error.description)
    }

    /// The refusal of a refresh token by the rule that all refresh tokens are rotated by.
    pub fn of_refresh_token(error: &OAuthError) -> Self {
        let reason = match error.number {
            50_173 => Reason::AccessTokenAlreadyRefreshed,
            _ => Self::other(error, Reason::InvalidRefreshToken),
        };
        Self::new(reason, &error.description)
    }

    /// A request that doubles a parameter, or has too many of them.
    pub fn of_form(error: &OAuthError) -> Self {
        Self::new(Reason::InvalidAuthorizationGrant, &error.description)
    }

    fn other(error: &OAuthError, otherwise: Reason) -> Reason {
        match error.code {
            "invalid_scope" => Reason::InvalidScope,
            "unauthorized_client" => Reason::InvalidClient,
            "access_denied" => Reason::HostAuthorizationIsNotValid,
            "temporarily_unavailable" => Reason::ServerError,
            _ => otherwise,
        }
    }
}
