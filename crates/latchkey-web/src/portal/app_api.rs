//! What an app exposes to others, as its owner sets it.

use latchkey_identity::client::Metadata;
use latchkey_identity::client::registration::RegistrationError;

use super::app::{Shown, edited, refused};
use super::app_answers::value;
use super::registration::lines;
use super::visit::{Answer, Visit};

/// `POST /apps/{id}/api`
pub(super) async fn save(visit: Visit) -> Answer {
    let listed = |name: &str| lines(visit.posted(name).unwrap_or_default());
    let (name, mut readable) = ("access_token_signed_response_alg", Ok(()));
    let algorithm = visit.posted(name).map(str::trim).filter(|text| !text.is_empty());
    let typed = Metadata {
        exposed_scopes: listed("exposed_scopes"),
        callers: listed("callers"),
        access_token_signed_response_alg: value(name, algorithm, &mut readable),
        ..Metadata::default()
    };
    let saved = match readable {
        Ok(()) => edited(&visit, |registration| put(&typed, &mut registration.metadata)).await?,
        Err(error) => Err(RegistrationError::Metadata(error)),
    };
    match saved {
        Ok(client) => visit.go_to(&format!("/apps/{}?done=api", client.id)),
        Err(error) => refused(&visit, &error, Shown::with_api(typed)).await,
    }
}

/// Makes it true. What the form does not show stays as it is.
fn put(typed: &Metadata, metadata: &mut Metadata) {
    metadata.exposed_scopes.clone_from(&typed.exposed_scopes);
    metadata.callers.clone_from(&typed.callers);
    metadata.access_token_signed_response_alg = typed.access_token_signed_response_alg;
}
