//! How an app proves who it is, beside by its secrets: a part of its page.

use super::Moment;

/// How an app proves who it is, beside by its secrets.
pub struct ProofForm {
    /// Its public keys.
    pub keys: Vec<KeyRow>,
    /// What was typed for another key.
    pub typed: String,
    /// Where it publishes its keys.
    pub jwks_uri: String,
    /// The methods that it can be fixed to.
    pub methods: Vec<MethodChoice>,
    /// The name that its certificates have, where somebody vouches for such.
    pub certificate_name: Option<CertificateNameForm>,
}

/// The name that the certificates of an app have. Its field is `certificate-name`.
pub struct CertificateNameForm {
    /// The kinds of names.
    pub kinds: Vec<MethodChoice>,
    /// The name.
    pub text: String,
}

/// A public key, by the names that assertions give it.
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// Its name, or its thumbprint.
    pub kid: String,
    /// What it verifies: `RS256, PS256`.
    pub algorithms: String,
    /// The SHA-1 thumbprint of its certificate.
    pub x5t: Option<String>,
    /// The SHA-256 thumbprint of its certificate.
    pub x5t_s256: Option<String>,
    /// When it was added.
    pub added: Moment,
    /// When it ends.
    pub expires: Moment,
    /// Whether it has ended.
    pub expired: bool,
}

/// A method of authentication, or a kind of name.
pub struct MethodChoice {
    /// What the form says.
    pub value: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Whether it is the one.
    pub chosen: bool,
}
