//! A person's own profile, as answers show it.

use latchkey_jose::Timestamp;
use serde::Serialize;

use crate::date::WireDate;
use crate::ids::PersonId;
use crate::membership::Person;

/// A profile.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Their name.
    pub display_name: String,
    /// Their id, as a name.
    pub public_alias: PersonId,
    /// Their address.
    pub email_address: String,
    /// How often the profile was changed.
    pub core_revision: i64,
    /// When the profile was last changed.
    pub time_stamp: WireDate,
    /// Their id.
    pub id: PersonId,
    /// How often the profile was changed, once more.
    pub revision: i64,
}

/// Shows a person their profile.
pub fn profile(person: &Person, changed_at: Timestamp) -> Profile {
    Profile {
        display_name: person.display_name.clone(),
        public_alias: person.id,
        email_address: person.unique_name.clone(),
        core_revision: 1,
        time_stamp: WireDate(changed_at),
        id: person.id,
        revision: 1,
    }
}
