//! What an app exposes to others, as its form shows it.

use latchkey_identity::client::{Client, Metadata, exposed_api};

use super::app_answers::AlgorithmChoice;

/// What an app exposes to others. The form posts to `/apps/{client_id}/api`: `exposed_scopes` and `callers`, one a line, and
/// `access_token_signed_response_alg`.
pub struct ApiForm {
    /// What names the app as a resource.
    pub identifier: String,
    /// The names of its scopes, one a line.
    pub exposed_scopes: String,
    /// The same by their full names, as other apps ask for them.
    pub full_names: Vec<String>,
    /// The apps that may call it in their own name, one a line.
    pub callers: String,
    /// What the tokens are signed by that it is called with.
    pub signed: AlgorithmChoice,
}

impl ApiForm {
    /// The form of what is registered, or of what was typed.
    pub fn of(client: &Client, typed: Option<&Metadata>) -> Self {
        let (exposed, shown) = (&client.metadata.exposed_scopes, typed.unwrap_or(&client.metadata));
        Self {
            identifier: exposed_api::identifier(client.id),
            full_names: exposed.iter().map(|name| exposed_api::scope_of(client.id, name)).collect(),
            exposed_scopes: shown.exposed_scopes.join("\n"),
            callers: shown.callers.join("\n"),
            signed: AlgorithmChoice {
                name: "access_token_signed_response_alg",
                label: "Tokens that it is called with are signed by",
                otherwise: "ES256",
                chosen: shown.access_token_signed_response_alg,
            },
        }
    }
}
