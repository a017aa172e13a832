//! What the access tokens of an app are bound to, and how long they live, as its form shows it.

/// The access tokens that an app gets. The form posts to `/apps/{client_id}/tokens`: `binding` and `access_token_lifetime`.
pub struct TokensForm {
    /// What they are bound to, always.
    pub binding: Binding,
    /// How long they live at most, in seconds, as it is typed.
    pub access_token_lifetime: String,
}

/// What the tokens of an app are bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// To nothing, unless a request proves a key.
    Optional,
    /// To a key, by DPoP.
    Dpop,
    /// To the app's certificate.
    Certificate,
}
