//! What an app shows of itself to people, as its owner sets it.

use latchkey_identity::client::Metadata;

use super::app::{Shown, edited, refused};
use super::registration::one;
use super::visit::{Answer, Visit};

/// `POST /apps/{id}/presentation`
pub(super) async fn save(visit: Visit) -> Answer {
    let typed = Metadata {
        client_uri: one(&visit, "client_uri"),
        logo_uri: one(&visit, "logo_uri"),
        policy_uri: one(&visit, "policy_uri"),
        tos_uri: one(&visit, "tos_uri"),
        ..Metadata::default()
    };
    match edited(&visit, |registration| put(&typed, &mut registration.metadata)).await? {
        Ok(client) => visit.go_to(&format!("/apps/{}?done=presentation", client.id)),
        Err(error) => refused(&visit, &error, Shown::with_presentation(typed)).await,
    }
}

/// Makes it true. What the form does not show stays as it is.
fn put(typed: &Metadata, metadata: &mut Metadata) {
    metadata.client_uri.clone_from(&typed.client_uri);
    metadata.logo_uri.clone_from(&typed.logo_uri);
    metadata.policy_uri.clone_from(&typed.policy_uri);
    metadata.tos_uri.clone_from(&typed.tos_uri);
}
