//! What an app exposes to others, as its form shows it.

use latchkey_identity::client::{Client, exposed_api};

/// What an app exposes to others. The form posts to `/apps/{client_id}/api`: `exposed_scopes`, one a line.
pub struct ApiForm {
    /// What names the app as a resource.
    pub identifier: String,
    /// The names of its scopes, one a line.
    pub exposed_scopes: String,
    /// The same by their full names, as other apps ask for them.
    pub full_names: Vec<String>,
}

impl ApiForm {
    /// The form of what is registered, or of what was typed.
    pub fn of(client: &Client, typed: Option<String>) -> Self {
        let exposed = &client.metadata.exposed_scopes;
        Self {
            identifier: exposed_api::identifier(client.id),
            full_names: exposed.iter().map(|name| exposed_api::scope_of(client.id, name)).collect(),
            exposed_scopes: typed.unwrap_or_else(|| exposed.join("\n")),
        }
    }
}
