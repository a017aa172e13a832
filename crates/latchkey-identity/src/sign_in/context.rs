//! How sure a sign-in makes us, told to clients as `acr` and `amr`, [OpenID Connect Core §2], [RFC 8176].

/// An authentication context class: what a person showed when they signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuthenticationContext {
    /// A password, over a protected transport.
    Password,
}

impl AuthenticationContext {
    /// Every one, as `acr_values_supported` lists them.
    pub const ALL: [Self; 1] = [Self::Password];

    /// The value of `acr`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        }
    }

    /// The value of `amr`.
    pub const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
        }
    }
}
