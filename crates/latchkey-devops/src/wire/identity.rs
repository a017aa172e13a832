//! People, as answers name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};

use crate::ids::PersonId;
use crate::membership::Person;
use crate::wire::{Links, Urls, links};

/// A person, as answers name them. Cheap to clone: they name the same few people many times.
#[derive(Clone, PartialEq, Debug)]
pub struct IdentityRef(Arc<Named>);

impl Serialize for IdentityRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl IdentityRef {
    /// A person, as they look through these URLs.
    pub fn new(urls: &Urls, person: Person) -> Self {
        Self(Arc::new(Named::new(urls, person)))
    }
}

#[derive(PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    display_name: String,
    url: String,
    /// Where their picture is.
    #[serde(rename = "_links")]
    links: Links,
    id: PersonId,
    /// Their sign-in name.
    unique_name: String,
    /// Where their picture is, once more.
    image_url: String,
    /// Their subject descriptor.
    descriptor: String,
}

/// The people whom an answer speaks of, each made once.
#[derive(Clone, Debug)]
pub struct Identities<'a> {
    urls: Urls<'a>,
    known: BTreeMap<PersonId, IdentityRef>,
}

impl<'a> Identities<'a> {
    /// These people, as they look through these URLs.
    pub fn new(urls: &Urls<'a>, people: impl IntoIterator<Item = (PersonId, IdentityRef)>) -> Self {
        Self { urls: *urls, known: people.into_iter().collect() }
    }

    /// A person by id. Somebody who is gone is shown as such: what they did is still there.
    pub fn of(&self, id: PersonId) -> IdentityRef {
        self.known.get(&id).cloned().unwrap_or_else(|| {
            let gone =
                Person { id, display_name: "Former member".to_owned(), unique_name: id.to_string(), personal: false };
            IdentityRef::new(&self.urls, gone)
        })
    }
}

impl Named {
    fn new(urls: &Urls, person: Person) -> Self {
        let descriptor = subject_descriptor(person.id, person.personal);
        let image_url = urls.api(&format!("GraphProfile/MemberAvatars/{descriptor}"));
        Self {
            display_name: person.display_name,
            url: urls.api(&format!("Identities/{}", person.id)),
            links: links([("avatar", image_url.clone())]),
            id: person.id,
            unique_name: person.unique_name,
            image_url,
            descriptor,
        }
    }
}

/// The subject descriptor of a person: how graph and identities APIs name them.
pub(super) fn subject_descriptor(id: PersonId, personal: bool) -> String {
    let kind = if personal { "msa" } else { "aad" };
    format!("{kind}.{}", URL_SAFE_NO_PAD.encode(id.to_string()))
}
