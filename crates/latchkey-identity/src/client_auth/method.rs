//! The methods by which clients authenticate, by their registered names. [OpenID Connect Core §9], [RFC 8705 §2]

/// The methods we know, as `token_endpoint_auth_methods_supported` lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Public clients: possession of the code and its verifier, or of the refresh token.
    None,
    /// `Authorization: Basic`.
    ClientSecretBasic,
    /// `client_secret` in the form.
    ClientSecretPost,
    /// An assertion that the client authenticates with its secret.
    ClientSecretJwt,
    /// An assertion that the client signs with a key of its own.
    PrivateKeyJwt,
    /// A certificate with the name that the client registered, shown when it shakes hands. [RFC 8705 §2.1]
    TlsClientAuth,
    /// The certificate that the client registered, shown when it shakes hands. [RFC 8705 §2.2]
    SelfSignedTlsClientAuth,
    /// `client_assertion` of the older kind: the client secret itself. At the older token endpoint only.
    LegacyAssertion,
}

impl Method {
    /// Every method that clients can choose.
    pub const ALL: [Self; 7] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::None,
    ];

    /// Those of them by which a client proves who it is.
    pub const PROVING: [Self; 6] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
    ];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::LegacyAssertion => "legacy_assertion",
        }
    }

    /// The method of that name, if clients can choose it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}
