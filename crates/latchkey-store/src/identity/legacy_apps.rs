//! Apps of the older OAuth kind, and the imports that they come in by. Nothing else makes one.

use latchkey_identity::account::AccountId;
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::legacy::registration::{Destination, Present, close_import};
use latchkey_identity::legacy::{ImportError, ImportGate, Imported, LegacyApp, LegacyRegistration, import};
use latchkey_identity::resource::ResourceServer;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::secret::PurposeKey;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::{Decision, Entropy, Timestamp};
use uuid::Uuid;

use super::clients;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Value;

const OPEN_IMPORT: Sql = Sql::write(
    "legacy_apps.open_import",
    "INSERT INTO legacy_import (organization, tenant, opened_at) VALUES ($1, $2, $3) ON CONFLICT (organization) DO NOTHING",
);

/// Finds no row once the import is closed. The row is held, so that it is not closed before what comes in is in.
const STILL_OPEN: Sql = Sql::guarded(
    "legacy_apps.still_open",
    "SELECT organization FROM legacy_import WHERE organization = $1 AND closed_at IS NULL FOR SHARE",
);

const CLOSE_IMPORT: Sql = Sql::guarded(
    "legacy_apps.close_import",
    "UPDATE legacy_import SET closed_at = $2 WHERE organization = $1 AND closed_at IS NULL",
);

const IMPORT_STATE: Sql =
    Sql::read("legacy_apps.import_state", "SELECT opened_at, closed_at FROM legacy_import WHERE organization = $1");

const ADD: Sql = Sql::guarded(
    "legacy_apps.add",
    "INSERT INTO legacy_app (client, description, website, company, scopes, unshown) VALUES ($1, $2, $3, $4, $5, $6)",
)
.by_key();

/// While it is the app's newest secret, nobody has been shown any that works.
const UNSHOWN: Sql = Sql::read(
    "legacy_apps.unshown",
    "SELECT l.unshown FROM legacy_app l
       JOIN legacy_app_organization o ON o.client = l.client
      WHERE l.client = $1 AND o.organization = $2 AND l.unshown IS NOT NULL",
);

const SET_UNSHOWN: Sql = Sql::write(
    "legacy_apps.set_unshown",
    "UPDATE legacy_app SET unshown = $3
      WHERE client = $1
        AND EXISTS (SELECT 1 FROM legacy_app_organization o WHERE o.client = legacy_app.client AND o.organization = $2)",
);

/// Its scopes stay: they are those it was registered with.
const CHANGE: Sql = Sql::guarded(
    "legacy_apps.change",
    "UPDATE legacy_app SET description = $2, website = $3, company = $4 WHERE client = $1",
)
.by_key();

const JOIN: Sql = Sql::write(
    "legacy_apps.join",
    "INSERT INTO legacy_app_organization (client, organization) VALUES ($1, $2)
         ON CONFLICT (client, organization) DO NOTHING",
);

const BY_CLIENT: Sql = Sql::read(
    "legacy_apps.by_client",
    "SELECT l.description, l.website, l.company, l.scopes, o.organization
       FROM legacy_app l
       LEFT JOIN legacy_app_organization o ON o.client = l.client
      WHERE l.client = $1
      ORDER BY o.organization",
)
.by_key();

const OF_ORGANIZATION: Sql = Sql::read(
    "legacy_apps.of_organization",
    "SELECT client FROM legacy_app_organization WHERE organization = $1 ORDER BY client",
);

pub(super) const ALL: &[&Sql] = &[
    &OPEN_IMPORT,
    &STILL_OPEN,
    &CLOSE_IMPORT,
    &IMPORT_STATE,
    &ADD,
    &UNSHOWN,
    &SET_UNSHOWN,
    &CHANGE,
    &JOIN,
    &BY_CLIENT,
    &OF_ORGANIZATION,
];

pub(super) fn open_import(changes: &mut Changes, organization: Uuid, tenant: TenantId, at: Timestamp) {
    changes.write(&OPEN_IMPORT, vec![organization.into(), tenant.0.into(), at.into()]);
}

pub(super) fn close(changes: &mut Changes, organization: Uuid, at: Timestamp) {
    changes.write(&CLOSE_IMPORT, vec![organization.into(), at.into()]);
}

pub(super) fn add(changes: &mut Changes, client: Client, app: LegacyApp, organization: Uuid) {
    changes.write(&STILL_OPEN, vec![organization.into()]);
    let secret = client.secrets.last().map(|secret| secret.id);
    clients::import(changes, client);
    let id = app.client.0;
    let values = vec![
        id.into(),
        app.description.into(),
        app.website.into(),
        app.company.into(),
        app.scopes.to_string().into(),
        secret.into(),
    ];
    changes.write(&ADD, values);
    changes.write(&JOIN, vec![id.into(), organization.into()]);
}

pub(super) fn change(changes: &mut Changes, client: Client, app: LegacyApp, organization: Uuid, from_version: i64) {
    changes.write(&STILL_OPEN, vec![organization.into()]);
    clients::change(changes, client, from_version);
    let id = app.client.0;
    changes
        .write(&CHANGE, vec![id.into(), app.description.into(), app.website.into(), app.company.into()])
        .write(&JOIN, vec![id.into(), organization.into()]);
}

/// Keeps that nobody has been shown this secret of an imported app yet.
pub fn keep_unshown(changes: &mut Changes, organization: Uuid, client: ClientId, secret: Uuid) {
    changes.write(&SET_UNSHOWN, vec![client.0.into(), organization.into(), secret.into()]);
}

/// One app that an organization takes over.
#[derive(Clone, Copy, Debug)]
pub struct LegacyImport<'a> {
    /// The registration as it was exported.
    pub registration: &'a LegacyRegistration,
    /// The organization.
    pub organization: Uuid,
    /// The organization's tenant.
    pub tenant: TenantId,
    /// The resource server.
    pub resource: &'a ResourceServer,
    /// What is kept of client secrets is made with it.
    pub key: &'a PurposeKey,
    /// Where the order comes from, for the record.
    pub address: &'a str,
    /// When.
    pub now: Timestamp,
}

impl Store {
    /// An app of the older kind, unless the client is none.
    pub async fn legacy_app(&self, client: ClientId) -> Result<Option<LegacyApp>, StoreError> {
        let rows = self.read(&BY_CLIENT, vec![client.0.into()]).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let organizations = rows.iter().filter_map(|row| row.opt_uuid(4).transpose()).collect::<Result<_, _>>()?;
        Ok(Some(LegacyApp {
            client,
            description: first.text(0)?.to_owned(),
            website: first.text(1)?.to_owned(),
            company: first.text(2)?.to_owned(),
            scopes: ScopeSet::from_text(first.text(3)?),
            organizations,
        }))
    }

    /// The apps of the older kind that an organization took over, deleted ones included.
    pub async fn legacy_apps_of(&self, organization: Uuid) -> Result<Vec<ClientId>, StoreError> {
        let rows = self.read(&OF_ORGANIZATION, vec![organization.into()]).await?;
        rows.iter().map(|row| row.uuid(0).map(ClientId)).collect()
    }

    /// An organization's import; `None` if nothing came in yet.
    pub async fn legacy_import(&self, organization: Uuid) -> Result<Option<ImportGate>, StoreError> {
        let row = self.read_one(&IMPORT_STATE, vec![organization.into()]).await?;
        row.map(|row| Ok(ImportGate { opened_at: row.time(0)?, closed_at: row.opt_time(1)? })).transpose()
    }

    /// What would become of an app if it were imported now. Nothing is changed.
    pub async fn plan_legacy_app(
        &self,
        import: LegacyImport<'_>,
        entropy: impl Fn() -> Entropy,
    ) -> Result<Result<Imported, ImportError>, StoreError> {
        Ok(self.consider(import, &entropy).await?.answer)
    }

    /// Imports an app, all of it or nothing. Imported again as it is, nothing changes.
    pub async fn import_legacy_app(
        &self,
        import: LegacyImport<'_>,
        entropy: impl Fn() -> Entropy,
    ) -> Result<Result<Imported, ImportError>, StoreError> {
        self.decide(|| self.consider(import, &entropy)).await
    }

    /// Whether an imported app's only way in is a secret that nobody has been shown.
    pub async fn has_unshown_secret(&self, organization: Uuid, client: &Client) -> Result<bool, StoreError> {
        let row = self.read_one(&UNSHOWN, vec![client.id.0.into(), organization.into()]).await?;
        let unshown = row.map(|row| row.uuid(0)).transpose()?;
        Ok(unshown.is_some_and(|unshown| client.secrets.last().is_some_and(|newest| newest.id == unshown)))
    }

    /// Keeps that the secrets of these imported apps have been shown.
    pub async fn secrets_were_shown(&self, organization: Uuid, clients: &[ClientId]) -> Result<(), StoreError> {
        let mut changes = Changes::none();
        for client in clients {
            changes.write(&SET_UNSHOWN, vec![client.0.into(), organization.into(), Value::Null]);
        }
        self.commit_anyway(&changes).await
    }

    /// Closes an organization's import for good.
    pub async fn close_legacy_import(
        &self,
        organization: Uuid,
        tenant: TenantId,
        address: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Ok(()) = self
            .decide(async || {
                let gate = self.legacy_import(organization).await?;
                Ok(close_import(organization, tenant, gate.as_ref(), now).seen_from(address))
            })
            .await?;
        Ok(())
    }

    async fn consider(
        &self,
        request: LegacyImport<'_>,
        entropy: &impl Fn() -> Entropy,
    ) -> Result<Decision<Imported, ImportError>, StoreError> {
        let LegacyImport { registration, organization, tenant, resource, key, address, now } = request;
        let gate = self.legacy_import(organization).await?;
        let (client, app) = (self.client(registration.id).await?, self.legacy_app(registration.id).await?);
        let (account, tenant_of_id) = (AccountId(registration.id.0), TenantId(registration.id.0));
        let present = match (&client, &app) {
            (Some(client), Some(app)) => Present::Imported(client, app),
            (Some(_), None) => Present::Newer,
            (None, _) if self.was_ever_a_client(registration.id).await? => Present::Deleted,
            (None, _) if self.account(account).await?.is_some() => Present::SomebodyElse,
            (None, _) if self.tenant(tenant_of_id).await?.is_some() => Present::SomebodyElse,
            (None, _) => Present::Nobody,
        };
        let destination = Destination { organization, tenant, gate: gate.as_ref(), present, resource };
        Ok(import(registration, destination, key, now, &mut entropy()).seen_from(address))
    }
}
