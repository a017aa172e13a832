//! People, as answers name them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::ids::PersonId;
use crate::membership::{People, Person};
use crate::wire::{Links, Urls, links};

/// A person, as answers name them.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityRef {
    /// The name they go by.
    pub display_name: String,
    /// Where they are.
    pub url: String,
    /// Where their picture is.
    #[serde(rename = "_links")]
    pub links: Links,
    /// Their id.
    pub id: PersonId,
    /// Their sign-in name.
    pub unique_name: String,
    /// Where their picture is, once more.
    pub image_url: String,
    /// Their subject descriptor.
    pub descriptor: String,
}

/// Shows a person.
pub fn identity_ref(urls: &Urls, person: &Person) -> IdentityRef {
    let descriptor = subject_descriptor(person.id, person.personal);
    let image_url = urls.api(&format!("GraphProfile/MemberAvatars/{descriptor}"));
    IdentityRef {
        display_name: person.display_name.clone(),
        url: urls.api(&format!("Identities/{}", person.id)),
        links: links([("avatar", image_url.clone())]),
        id: person.id,
        unique_name: person.unique_name.clone(),
        image_url,
        descriptor,
    }
}

/// Shows a person by id. Somebody who is gone is shown as such: what they did is still there.
pub fn identity_of(urls: &Urls, people: &People, id: PersonId) -> IdentityRef {
    match people.by_id(id) {
        Some(person) => identity_ref(urls, person),
        None => identity_ref(
            urls,
            &Person { id, display_name: "Former member".to_owned(), unique_name: id.to_string(), personal: false },
        ),
    }
}

/// The subject descriptor of a person: how graph and identities APIs name them.
pub fn subject_descriptor(id: PersonId, personal: bool) -> String {
    let kind = if personal { "msa" } else { "aad" };
    format!("{kind}.{}", URL_SAFE_NO_PAD.encode(id.to_string()))
}
