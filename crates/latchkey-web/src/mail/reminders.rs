//! What ends soon, told on a few days before: apps of the older OAuth kind in an organization, and client secrets. Each person is told once
//! for each of these days, whichever node does it and however often; and late, where no node was at work on the day.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use latchkey_devops::ids::PersonId;
use latchkey_devops::sunset::TOLD_DAYS_BEFORE;
use latchkey_devops::sunset_notice::{Reader, UNSEEN, notice};
use latchkey_identity::Timestamp;
use latchkey_identity::account::{Account, AccountId};
use latchkey_identity::client::{Client, ClientId, ClientSecret};
use latchkey_identity::limits::SECRET_TOLD_DAYS_BEFORE;
use latchkey_identity::time::days;
use latchkey_store::devops::OrganizationFacts;
use latchkey_store::outbox::{Reminder, tell};
use latchkey_store::{Changes, StoreError};

use super::letters::{self, EndingSecret, Sunset, Text};
use super::{letter, origin};
use crate::app::App;
use crate::identity::offer::administrators;

/// How many authorizations are read at a time.
const AT_ONCE: u32 = 500;

impl App {
    /// Tells everybody what ends soon. Called every hour.
    pub async fn remind(&self) -> Result<(), StoreError> {
        // Whoever cannot be told has not been told.
        if !self.store.has_outbox() {
            return Ok(());
        }
        let now = self.now();
        for id in self.store.organizations_ending_legacy(now, now + before(&TOLD_DAYS_BEFORE)).await? {
            if let Some(facts) = self.store.organization_by_id(id).await? {
                sunset(self, &facts, now).await?;
            }
        }
        for id in self.store.clients_with_secrets_ending(now, now + before(&SECRET_TOLD_DAYS_BEFORE)).await? {
            if let Some(client) = self.store.client(id).await? {
                secrets(self, &client, now).await?;
            }
        }
        Ok(())
    }
}

/// The longest of these times, and the day it begins on.
fn before(told: &[u64]) -> Duration {
    let longest = told.iter().max().copied().unwrap_or(0);
    days(u32::try_from(longest).unwrap_or(u32::MAX).saturating_add(1))
}

/// Tells somebody, unless they have been told.
async fn tell_once(app: &App, reminder: Reminder, to: &Account, text: Text, now: Timestamp) -> Result<(), StoreError> {
    app.store
        .decide(async || {
            let mut changes = Changes::none();
            if !app.store.was_told(reminder).await? {
                tell(&mut changes, reminder, now);
                changes.letter(letter(to, text.clone(), None, now));
            }
            Ok(((), changes))
        })
        .await
}

/// What somebody is in an organization that has apps of the older kind.
#[derive(Default)]
struct Roles {
    owned: Vec<(String, String)>,
    used: BTreeSet<String>,
    administers: bool,
}

/// Everybody whom the end of the older kind in an organization concerns. One mail to each, whatever they are there.
async fn sunset(app: &App, facts: &OrganizationFacts, now: Timestamp) -> Result<(), StoreError> {
    let policy = &facts.organization.policy;
    let (Some(days), Some(ends_at)) = (policy.sunset.due(now), policy.sunset.refuse_from()) else { return Ok(()) };
    if !policy.legacy_apps {
        return Ok(());
    }
    for (id, roles) in concerned(app, facts, now).await? {
        let Some(person) = app.store.account(id).await? else { continue };
        // Who owns an app need not belong where it acts, and is not told where that is.
        let belongs = app.store.member(facts.id(), PersonId(id.0)).await?.is_some();
        let name = if belongs { facts.organization.name.as_str() } else { UNSEEN };
        let say = |reader| notice(policy.sunset, name, reader, now);
        let tenant = person.account.tenant.0;
        let reminder = Reminder { about: facts.id().0, account: id.0, tenant, ends_at, days };
        let told_of = Sunset {
            organization: name,
            days: policy.sunset.days_left(now).unwrap_or(0),
            owned: say(Reader::Owner).filter(|_| !roles.owned.is_empty()).map(|notice| (notice, roles.owned)),
            used: say(Reader::Person)
                .filter(|_| !roles.used.is_empty())
                .map(|notice| (notice, roles.used.into_iter().collect())),
            administered: say(Reader::Administrator).filter(|_| roles.administers),
        };
        tell_once(app, reminder, &person.account, letters::sunset(origin(app), &told_of), now).await?;
    }
    Ok(())
}

async fn concerned(
    app: &App,
    facts: &OrganizationFacts,
    now: Timestamp,
) -> Result<BTreeMap<AccountId, Roles>, StoreError> {
    let mut people: BTreeMap<AccountId, Roles> = BTreeMap::new();
    let mut names: BTreeMap<ClientId, String> = BTreeMap::new();
    for id in app.store.legacy_apps_of(facts.id().0).await? {
        let Some(client) = app.store.client(id).await? else { continue };
        if let Some(owner) = client.owner {
            people.entry(owner).or_default().owned.push((client.name.clone(), id.to_string()));
        }
        names.insert(id, client.name.clone());
    }
    if names.is_empty() {
        return Ok(people);
    }
    let mut after = None;
    loop {
        let page = app.store.legacy_authorizations_into(facts.id().0, after, AT_ONCE).await?;
        for authorization in &page {
            if let Some(name) = names.get(&authorization.client).filter(|_| authorization.is_live(now)) {
                people.entry(authorization.account).or_default().used.insert(name.clone());
            }
        }
        after = page.last().map(|last| last.id);
        if after.is_none() {
            break;
        }
    }
    for person in administrators(app, facts).await? {
        people.entry(AccountId(person.0)).or_default().administers = true;
    }
    Ok(people)
}

/// The owner of an app whose secrets end, or the administrators of its directory if it has none.
async fn secrets(app: &App, client: &Client, now: Timestamp) -> Result<(), StoreError> {
    let due: Vec<(&ClientSecret, u64)> =
        client.secrets.iter().filter_map(|secret| secret.due(now).map(|days| (secret, days))).collect();
    if due.is_empty() {
        return Ok(());
    }
    let owner = match client.owner {
        Some(owner) => app.store.account(owner).await?,
        None => None,
    };
    let readers = match owner {
        Some(owner) => vec![owner.account.clone()],
        None => app.store.tenant_administrators(client.tenant).await?,
    };
    for (secret, days) in due {
        for reader in &readers {
            let reminder = Reminder {
                about: secret.id,
                account: reader.id.0,
                tenant: reader.tenant.0,
                ends_at: secret.expires_at,
                days,
            };
            let ending = EndingSecret {
                app: &client.name,
                client: client.id,
                label: &secret.label(),
                ends_at: secret.expires_at,
                days: secret.days_left(now),
            };
            tell_once(app, reminder, reader, letters::secret_ends(origin(app), &ending), now).await?;
        }
    }
    Ok(())
}
