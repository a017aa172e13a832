//! What the access tokens of an app are bound to, and how long they live, as its owner sets it.

use latchkey_identity::client::registration::{Registration, RegistrationError, SenderConstraint};
use latchkey_identity::client::{Client, Metadata};
use latchkey_identity::time::AccessTokenLifetime;

use super::app::{Shown, back, edited, refused};
use super::app_answers::value;
use super::visit::{Answer, Visit};
use crate::pages::app::Part;
use crate::pages::app_tokens::{Binding, TokensForm};

/// `POST /apps/{id}/tokens`
pub(super) async fn save(visit: Visit) -> Answer {
    let binding = match visit.posted("binding") {
        Some("dpop") => Binding::Dpop,
        Some("certificate") => Binding::Certificate,
        _ => Binding::Optional,
    };
    let (name, mut readable) = ("access_token_lifetime", Ok(()));
    let typed = visit.posted(name).unwrap_or_default().trim();
    let lifetime = value::<AccessTokenLifetime>(name, Some(typed).filter(|typed| !typed.is_empty()), &mut readable);
    let put = |registration: &mut Registration| {
        let metadata: &mut Metadata = &mut registration.metadata;
        metadata.dpop_bound_access_tokens = binding == Binding::Dpop;
        metadata.tls_client_certificate_bound_access_tokens = binding == Binding::Certificate;
        metadata.access_token_lifetime = lifetime;
    };
    let saved = match readable {
        Ok(()) => edited(&visit, put).await?,
        Err(error) => Err(RegistrationError::Metadata(error)),
    };
    match saved {
        Ok(client) => back(&visit, client.id, Part::Requests, "tokens"),
        Err(error) => {
            let form = TokensForm { binding, access_token_lifetime: typed.to_owned() };
            refused(&visit, &error, Shown::with_tokens(form)).await
        }
    }
}

/// The form of what is registered.
pub(super) fn form(client: &Client) -> TokensForm {
    let lifetime = client.metadata.access_token_lifetime;
    TokensForm {
        binding: match client.sender_constraint() {
            None => Binding::Optional,
            Some(SenderConstraint::Dpop) => Binding::Dpop,
            Some(SenderConstraint::Certificate) => Binding::Certificate,
        },
        access_token_lifetime: lifetime.map(|lifetime| lifetime.as_secs().to_string()).unwrap_or_default(),
    }
}
