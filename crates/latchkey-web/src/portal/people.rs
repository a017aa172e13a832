//! People of the DevOps side, by name. The same UUID names their account.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_devops::ids::PersonId;
use latchkey_identity::account::AccountId;
use latchkey_identity::client::ClientId;
use latchkey_store::{Store, StoreError};

/// Names of people, looked up once for each page.
#[derive(Default)]
pub(super) struct Names(BTreeMap<PersonId, String>);

impl Names {
    /// The name a person goes by.
    pub(super) async fn of(&mut self, store: &Store, person: PersonId) -> Result<String, StoreError> {
        if let Some(name) = self.0.get(&person) {
            return Ok(name.clone());
        }
        let name = match store.account(AccountId(person.0)).await? {
            Some(found) => found.account.name.clone(),
            // An app that acts by itself is known by its own id.
            None => match store.client(ClientId(person.0)).await? {
                Some(app) => app.name.clone(),
                None => "somebody who is gone".to_owned(),
            },
        };
        self.0.insert(person, name.clone());
        Ok(name)
    }

    /// Looks up the names of these people.
    pub(super) async fn learn(&mut self, store: &Store, people: BTreeSet<PersonId>) -> Result<(), StoreError> {
        for person in people {
            self.of(store, person).await?;
        }
        Ok(())
    }

    /// The name of a person who was learned before.
    pub(super) fn known(&self, person: PersonId) -> &str {
        self.0.get(&person).map_or("somebody", String::as_str)
    }
}
