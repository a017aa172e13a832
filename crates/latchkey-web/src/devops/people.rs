//! People, as answers and changes speak of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use latchkey_devops::ids::PersonId;
use latchkey_devops::membership::{People, Person};
use latchkey_devops::wire::Urls;
use latchkey_devops::wire::identity::{Identities, IdentityRef};
use latchkey_identity::account::{AccountId, email_key};
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::tenant::PERSONAL_TENANT;
use latchkey_store::{StoreError, identity};
use uuid::Uuid;

use super::call::InOrganization;
use super::error::ApiError;
use crate::app::App;
use crate::bearer::Holder;

/// How many members are looked at to find somebody who is only called by name.
const MOST_LOOKED_AT: usize = 5_000;
/// How many of them at once.
const AT_ONCE: u32 = 500;

/// A person as others see them.
pub(super) fn seen(person: &identity::Person) -> Person {
    let account = &person.account;
    Person {
        id: PersonId(account.id.0),
        display_name: account.name.clone(),
        unique_name: account.email.clone(),
        personal: account.tenant == PERSONAL_TENANT,
    }
}

/// An app that acts by itself, as others see it: it has no address, so its id stands there.
pub(super) fn seen_app(client: &Client) -> Person {
    let id = PersonId(client.id.0);
    Person { id, display_name: client.name.clone(), unique_name: client.id.to_string(), personal: false }
}

/// Whoever holds a token, as others see them.
pub(super) fn seen_holder(holder: &Holder) -> Person {
    match holder {
        Holder::Person(bearer) => seen(&bearer.person),
        Holder::App(bearer) => seen_app(&bearer.client),
    }
}

/// The people of these ids, as answers with these URLs name them.
pub(super) async fn identities<'a>(
    app: &App,
    urls: &Urls<'a>,
    ids: impl IntoIterator<Item = PersonId>,
) -> Result<Identities<'a>, StoreError> {
    let shown = found(app, ids).await?.into_iter().map(|one| match one {
        Found::Person(person) => (PersonId(person.account.id.0), app.named_people.identity(urls, &person)),
        Found::App(client) => (PersonId(client.id.0), IdentityRef::new(urls, seen_app(&client))),
    });
    Ok(Identities::new(urls, shown))
}

/// The people of these ids and the apps among them, as others see them.
pub(super) async fn known(app: &App, ids: impl IntoIterator<Item = PersonId>) -> Result<Vec<Person>, StoreError> {
    let people = found(app, ids).await?.into_iter().map(|one| match one {
        Found::Person(person) => seen(&person),
        Found::App(client) => seen_app(&client),
    });
    Ok(people.collect())
}

/// Whoever has an id.
enum Found {
    Person(Arc<identity::Person>),
    App(Arc<Client>),
}

/// The people of these ids, each once, as far as there are accounts, and the apps among them.
async fn found(app: &App, ids: impl IntoIterator<Item = PersonId>) -> Result<Vec<Found>, StoreError> {
    let ids: BTreeSet<PersonId> = ids.into_iter().collect();
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(match app.store.account(AccountId(id.0)).await? {
            Some(person) => Some(Found::Person(person)),
            None => app.store.client(ClientId(id.0)).await?.map(Found::App),
        });
    }
    Ok(found)
}

/// The members of an organization whom texts may mean: by id, by sign-in name, or by the name they go by.
pub(super) async fn named(app: &App, inside: &InOrganization, texts: &BTreeSet<&str>) -> Result<People, ApiError> {
    let organization = inside.access.organization();
    let mut ids = BTreeSet::new();
    let mut by_name = false;
    for text in texts {
        let address = text.rsplit_once('<').and_then(|(_, rest)| rest.trim().strip_suffix('>')).unwrap_or(text).trim();
        let id = match Uuid::try_parse(address) {
            Ok(id) => Some(PersonId(id)),
            Err(_) if address.contains('@') => {
                app.store.credentials(&email_key(address)).await?.map(|(account, _)| PersonId(account.id.0))
            }
            Err(_) => {
                by_name = true;
                None
            }
        };
        if let Some(id) = id
            && app.store.member(organization, id).await?.is_some()
        {
            ids.insert(id);
        }
    }
    let mut after = None;
    while by_name && ids.len() < MOST_LOOKED_AT {
        let members = app.store.members(&inside.access, after, AT_ONCE).await?;
        after = members.last().copied();
        ids.extend(members);
        by_name = after.is_some();
    }
    Ok(known(app, ids).await?.into_iter().collect())
}
