//! People as answers named them last: most answers name the same few, and each time alike.

use std::sync::Arc;

use latchkey_devops::ids::PersonId;
use latchkey_devops::wire::Urls;
use latchkey_devops::wire::identity::IdentityRef;
use latchkey_store::identity::Person;
use quick_cache::sync::Cache;

use super::people::seen;

/// How many people are kept.
const MOST: usize = 10_000;

/// Identities that are ready, for as long as nothing of the person changes.
pub(crate) struct NamedPeople(Cache<PersonId, Arc<Named>>);

struct Named {
    /// As they were then: another one in memory is somebody who has changed.
    person: Arc<Person>,
    /// The URL of the organization that named them.
    organization: String,
    identity: IdentityRef,
}

impl Default for NamedPeople {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl NamedPeople {
    /// A person, as they look through these URLs.
    pub(super) fn identity(&self, urls: &Urls, person: &Arc<Person>) -> IdentityRef {
        let id = PersonId(person.account.id.0);
        if let Some(named) = self.0.get(&id)
            && Arc::ptr_eq(&named.person, person)
            && urls.are_below(&named.organization)
        {
            return named.identity.clone();
        }
        let identity = IdentityRef::new(urls, seen(person));
        let named = Named { person: Arc::clone(person), organization: urls.organization(), identity: identity.clone() };
        self.0.insert(id, Arc::new(named));
        identity
    }
}

#[cfg(test)]
mod tests {
    use latchkey_devops::ids::OrganizationId;
    use latchkey_devops::name::OrganizationName;
    use latchkey_devops::organization::Organization;
    use latchkey_devops::policy::OrganizationPolicy;
    use latchkey_identity::Timestamp;
    use latchkey_identity::account::{Account, AccountId, AccountState};
    use latchkey_identity::tenant::{Tenant, TenantId, TenantKind};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn ana(name: &str) -> Arc<Person> {
        let (now, tenant) = (Timestamp::from_secs(1_795_330_800), TenantId(Uuid::from_u128(7)));
        let account = Account {
            id: AccountId(Uuid::from_u128(1)),
            tenant,
            email: "ana@harbor.test".into(),
            email_verified: true,
            name: name.into(),
            state: AccountState::Active,
            tenant_administrator: false,
            created_at: now,
            changed_at: now,
            claims: Default::default(),
        };
        let home = Tenant { id: tenant, kind: TenantKind::Work, name: "Harbor".into(), domain: "harbor.test".into() };
        Arc::new(Person { account, home: Arc::new(home), guest_of: Vec::new() })
    }

    fn named(people: &NamedPeople, origin: &str, organization: &str, person: &Arc<Person>) -> Value {
        let organization = Organization {
            id: OrganizationId(Uuid::from_u128(5)),
            tenant: Uuid::from_u128(7),
            name: OrganizationName::parse(organization).unwrap(),
            owner: PersonId(Uuid::from_u128(1)),
            policy: OrganizationPolicy::default(),
        };
        json!(people.identity(&Urls::new(origin, &organization), person))
    }

    #[test]
    fn somebody_is_named_as_they_are_now_and_by_whoever_asks() {
        let (people, before, after) = (NamedPeople::default(), ana("Ana"), ana("Ana Maria"));
        for _ in 0..2 {
            for (person, name) in [(&before, "Ana"), (&after, "Ana Maria")] {
                for (origin, organization) in
                    [("https://a.test", "harbor"), ("https://a.test", "harbor-two"), ("https://a.test:81", "harbor")]
                {
                    let shown = named(&people, origin, organization, person);
                    assert_eq!(shown["displayName"], name);
                    let url = format!("{origin}/{organization}/_apis/Identities/{}", person.account.id);
                    assert_eq!(shown["url"], url.as_str());
                    assert_eq!(shown, named(&people, origin, organization, person), "the same when it was kept");
                }
            }
        }
    }
}
