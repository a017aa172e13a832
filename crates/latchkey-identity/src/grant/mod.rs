//! Grants: ways of getting a token. One file each; all end in [`crate::token::issue`].

pub mod authorization_code;
pub mod refresh_token;

/// The grants we know, as `grant_types_supported` lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantType {
    /// [RFC 6749 §4.1.3]
    AuthorizationCode,
    /// [RFC 6749 §6]
    RefreshToken,
}

impl GrantType {
    /// Every grant.
    pub const ALL: [Self; 2] = [Self::AuthorizationCode, Self::RefreshToken];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// The grant of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.name() == name)
    }
}
