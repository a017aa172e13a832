//! People of the DevOps side, by name. The same UUID names their account.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_devops::ids::PersonId;
use latchkey_identity::account::AccountId;
use latchkey_identity::client::ClientId;
use latchkey_store::{Store, StoreError};
use uuid::Uuid;

/// Names of people and apps, looked up once for each page.
#[derive(Default)]
pub(super) struct Names {
    people: BTreeMap<PersonId, String>,
    apps: BTreeMap<ClientId, String>,
}

impl Names {
    /// The name a person goes by.
    pub(super) async fn of(&mut self, store: &Store, person: PersonId) -> Result<String, StoreError> {
        if let Some(name) = self.people.get(&person) {
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
        self.people.insert(person, name.clone());
        Ok(name)
    }

    /// The name of an app, if there was one.
    pub(super) async fn of_app(&mut self, store: &Store, app: Option<Uuid>) -> Result<Option<String>, StoreError> {
        let Some(id) = app.map(ClientId) else { return Ok(None) };
        if let Some(name) = self.apps.get(&id) {
            return Ok(Some(name.clone()));
        }
        let found = store.client(id).await?;
        let name = found.map_or_else(|| "an app that is gone".to_owned(), |client| client.name.clone());
        self.apps.insert(id, name.clone());
        Ok(Some(name))
    }

    /// Looks up the names of these people.
    pub(super) async fn learn(&mut self, store: &Store, people: BTreeSet<PersonId>) -> Result<(), StoreError> {
        for person in people {
            self.of(store, person).await?;
        }
        Ok(())
    }

    /// The name of a person, if it was learned before.
    pub(super) fn learned(&self, person: PersonId) -> Option<&str> {
        self.people.get(&person).map(String::as_str)
    }

    /// The same, with a word for everybody else.
    pub(super) fn known(&self, person: PersonId) -> &str {
        self.learned(person).unwrap_or("somebody")
    }
}
