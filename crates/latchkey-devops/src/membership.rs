//! Who belongs to an organization and to its projects.

use std::collections::{BTreeMap, BTreeSet};

use crate::access_level::AccessLevel;
use crate::approval_request::AppShown;
use crate::group::{OrganizationGroup, ProjectGroup};
use crate::ids::{PersonId, ProjectId};
use crate::organization::Organization;
use crate::scope::{Scope, Scopes};

/// A membership in one organization, with all that follows from it: a person's, or an app's that acts by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Who. An app is known by its own id.
    pub person: PersonId,
    /// As what it was accepted, if it is an app that acts by itself. What a person holds is never an app's, and the other way round.
    pub service: Option<AcceptedService>,
    /// What their licence in this organization lets them use.
    pub access_level: AccessLevel,
    /// The organization's groups they are in.
    pub groups: BTreeSet<OrganizationGroup>,
    /// The projects they are in, with the groups of each.
    pub projects: BTreeMap<ProjectId, BTreeSet<ProjectGroup>>,
}

impl Member {
    /// Whether they are in Project Collection Administrators. The owner is, by being the owner.
    /// An app never is: whoever holds its secret would hold the organization.
    pub fn administers(&self, organization: &Organization) -> bool {
        let in_group = self.groups.contains(&OrganizationGroup::ProjectCollectionAdministrators);
        self.service.is_none() && (organization.owner == self.person || in_group)
    }

    /// Whether an administrator accepted that it does this, if it is an app: what it registers later is not accepted yet.
    pub fn accepts(&self, scope: Scope) -> bool {
        self.service.is_some_and(|service| service.scopes.implies(scope))
    }

    /// Whether they may enter a project: as its member, or as an administrator of the whole organization.
    pub fn reaches(&self, organization: &Organization, project: ProjectId) -> bool {
        self.projects.contains_key(&project) || self.administers(organization)
    }
}

/// What an app that acts by itself was when an administrator let it in: it gets no more rights by registering more, until one accepts that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AcceptedService {
    /// The scopes that it was registered for then.
    pub scopes: Scopes,
    /// What the administrator was told of it; `None` where that was not kept.
    pub shown: Option<AppShown>,
}

impl AcceptedService {
    /// Whether an app that is `shown` so now, and registered for `scopes`, is more or other than what was accepted.
    pub fn differs_from(&self, scopes: Scopes, shown: AppShown) -> bool {
        self.shown.is_some_and(|then| then != shown) || !self.scopes.implies_all(scopes)
    }
}

/// A person as others see them: the name on a work item, the author of a build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// The name they go by.
    pub display_name: String,
    /// Their sign-in name, an address that is theirs alone.
    pub unique_name: String,
    /// Whether the account is a personal one, not an organization's.
    pub personal: bool,
}

/// The people an answer or a change may speak of.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct People(BTreeMap<PersonId, Person>);

impl People {
    /// Finds a person by id.
    pub fn by_id(&self, id: PersonId) -> Option<&Person> {
        self.0.get(&id)
    }

    /// Finds the one person whom a text means: an id, a sign-in name, `Name <sign-in name>`, or a name only one bears.
    pub fn meant_by(&self, text: &str) -> Option<&Person> {
        let text = without_display_name(text);
        if let Some(person) = uuid::Uuid::try_parse(text).ok().and_then(|id| self.by_id(PersonId(id))) {
            return Some(person);
        }
        if let Some(person) = self.0.values().find(|person| person.unique_name.eq_ignore_ascii_case(text)) {
            return Some(person);
        }
        let mut namesakes = self.0.values().filter(|person| person.display_name.eq_ignore_ascii_case(text));
        let first = namesakes.next();
        if namesakes.next().is_some() { None } else { first }
    }
}

/// How a text names somebody: of `Name <sign-in name>` it is the sign-in name, of anything else all of it.
pub(crate) fn without_display_name(text: &str) -> &str {
    let text = text.trim();
    let inside = text.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    inside.map_or(text, str::trim)
}

impl FromIterator<Person> for People {
    fn from_iter<I: IntoIterator<Item = Person>>(people: I) -> Self {
        Self(people.into_iter().map(|person| (person.id, person)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn person(id: u128, name: &str, address: &str) -> Person {
        Person {
            id: PersonId(Uuid::from_u128(id)),
            display_name: name.into(),
            unique_name: address.into(),
            personal: false,
        }
    }

    #[test]
    fn a_person_is_meant_by_id_by_address_or_by_a_name_only_one_bears() {
        let people: People = [
            person(1, "Ana", "ana@harbor.test"),
            person(2, "Ben", "ben@harbor.test"),
            person(3, "Ben", "b2@harbor.test"),
        ]
        .into_iter()
        .collect();
        let id = |text: &str| people.meant_by(text).map(|person| person.id.0.as_u128());
        assert_eq!(id("ANA@harbor.test"), Some(1));
        assert_eq!(id("Ana Harbor <ana@harbor.test>"), Some(1));
        assert_eq!(id(&Uuid::from_u128(2).to_string()), Some(2));
        assert_eq!(id("ana"), Some(1));
        assert_eq!(id("Ben"), None, "two people are called Ben");
        assert_eq!(id("<"), None);
        assert_eq!(id(""), None);
    }
}
