//! Grants: ways of getting a token. One file each; all end in [`crate::token::issue`], or in its sibling for an app that acts by itself.

pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
pub mod implicit;
pub mod jwt_bearer;
pub mod refresh_token;
pub mod token_exchange;

/// The grants we know, as `grant_types_supported` lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantType {
    /// [RFC 6749 §4.1.3]
    AuthorizationCode,
    /// [RFC 6749 §6]
    RefreshToken,
    /// [RFC 6749 §4.4]
    ClientCredentials,
    /// [RFC 8628 §3.4]
    DeviceCode,
    /// [RFC 8693 §2.1]
    TokenExchange,
    /// [RFC 7523 §2.1]
    JwtBearer,
}

impl GrantType {
    /// Every grant.
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
    ];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }

    /// The grant of that name.
    pub fn parse(name: &str) -> Option<Self> {
        // Some libraries of the Microsoft world know only the short name.
        let name = if name == "device_code" { Self::DeviceCode.name() } else { name };
        Self::ALL.into_iter().find(|grant| grant.name() == name)
    }
}
