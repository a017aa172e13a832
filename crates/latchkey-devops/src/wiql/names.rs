//! What people are called, as far as a query has met them.

use std::collections::BTreeMap;

use crate::ids::PersonId;
use crate::membership::{Person, without_display_name};

/// People with their names in lower case.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<PersonId, Named>);

#[derive(Debug, Default)]
struct Named {
    id: String,
    display_name: String,
    unique_name: String,
}

impl Names {
    /// Whether somebody is known, or known not to be there.
    pub(super) fn know(&self, person: PersonId) -> bool {
        self.0.contains_key(&person)
    }

    /// Somebody of whom no more than the id is known.
    pub(super) fn add_unknown(&mut self, person: PersonId) {
        self.0.entry(person).or_insert_with(|| Named { id: person.to_string(), ..Named::default() });
    }

    /// Somebody.
    pub(super) fn add(&mut self, person: &Person) {
        let named = Named {
            id: person.id.to_string(),
            display_name: person.display_name.to_lowercase(),
            unique_name: person.unique_name.to_lowercase(),
        };
        self.0.insert(person.id, named);
    }

    /// The name somebody goes by.
    pub(super) fn shown(&self, person: PersonId) -> &str {
        self.0.get(&person).map_or("", |named| &named.display_name)
    }

    /// Whether one of the names of somebody is such a one: the id, the sign-in name, the name they go by.
    pub(super) fn any(&self, person: PersonId, such: impl Fn(&str) -> bool) -> bool {
        self.0.get(&person).is_some_and(|named| such(&named.id)) || self.any_spoken(person, such)
    }

    /// The same without the id: nobody looks for a part of one, and a short text is in many.
    pub(super) fn any_spoken(&self, person: PersonId, such: impl Fn(&str) -> bool) -> bool {
        let names = self.0.get(&person);
        names.is_some_and(|named| {
            [&named.unique_name, &named.display_name].into_iter().any(|name| !name.is_empty() && such(name))
        })
    }
}

/// How a query names somebody, in lower case.
pub(super) fn name_of(text: &str) -> String {
    without_display_name(text).to_lowercase()
}
