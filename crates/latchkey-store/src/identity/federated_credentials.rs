//! What tokens of other issuers have to say to stand for a client.

use std::collections::BTreeMap;

use latchkey_identity::client::{ClientId, FederatedCredential};
use uuid::Uuid;

use super::client_keys::Of;
use super::meaningless;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

const ADD: Sql = Sql::write(
    "federated_credentials.add",
    "INSERT INTO federated_credential (client, id, name, issuer, subject, audience, pinned, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
)
.by_key();

const REMOVE: Sql =
    Sql::guarded("federated_credentials.remove", "DELETE FROM federated_credential WHERE client = $1 AND id = $2")
        .by_key();

const REMOVE_ALL: Sql =
    Sql::write("federated_credentials.remove_all", "DELETE FROM federated_credential WHERE client = $1").by_key();

/// Those of clients.
macro_rules! credentials {
    ($condition:literal) => {
        concat!(
            "SELECT c.id AS client, f.id, f.name, f.issuer, f.subject, f.audience, f.pinned, f.created_at
               FROM client c
               JOIN federated_credential f ON f.client = c.id
              WHERE c.deleted_at IS NULL AND ",
            $condition
        )
    };
}

const OF_CLIENT: Sql = Sql::read("federated_credentials.of_client", credentials!("c.id = $1")).by_key();

const OF_OWNER: Sql = Sql::read("federated_credentials.of_owner", credentials!("c.owner = $1")).by_owner();

const OF_TENANT: Sql = Sql::read("federated_credentials.of_tenant", credentials!("c.tenant = $1"));

pub(super) const ALL: &[&Sql] = &[&ADD, &REMOVE, &REMOVE_ALL, &OF_CLIENT, &OF_OWNER, &OF_TENANT];

pub(super) fn add(changes: &mut Changes, client: ClientId, credential: FederatedCredential) {
    let pinned = credential.pinned_text();
    let values = vec![
        client.0.into(),
        credential.id.into(),
        credential.name.into(),
        credential.issuer.into(),
        credential.subject.into(),
        credential.audience.into(),
        pinned.into(),
        credential.created_at.into(),
    ];
    changes.write(&ADD, values);
}

pub(super) fn remove(changes: &mut Changes, client: ClientId, credential: Uuid) {
    changes.write(&REMOVE, vec![client.0.into(), credential.into()]);
}

pub(super) fn remove_all(changes: &mut Changes, client: ClientId) {
    changes.write(&REMOVE_ALL, vec![client.0.into()]);
}

fn from_row(row: &Row) -> Result<FederatedCredential, StoreError> {
    let (id, created_at) = (row.uuid(1)?, row.time(7)?);
    let pinned = match row.opt_text(6)? {
        None => Vec::new(),
        Some(text) => FederatedCredential::read_pinned(text, id, created_at)
            .ok_or_else(|| meaningless("pinned keys of an issuer", text))?,
    };
    Ok(FederatedCredential {
        id,
        name: row.text(2)?.to_owned(),
        issuer: row.text(3)?.to_owned(),
        subject: row.text(4)?.to_owned(),
        audience: row.text(5)?.to_owned(),
        pinned,
        created_at,
    })
}

impl Store {
    /// The federated credentials of clients, oldest first.
    pub(super) async fn federated_credentials(
        &self,
        of: Of,
    ) -> Result<BTreeMap<ClientId, Vec<FederatedCredential>>, StoreError> {
        let (sql, id) = match of {
            Of::Client(client) => (&OF_CLIENT, client.0),
            Of::Owner(owner) => (&OF_OWNER, owner.0),
            Of::Tenant(tenant) => (&OF_TENANT, tenant.0),
        };
        let mut found: BTreeMap<ClientId, Vec<FederatedCredential>> = BTreeMap::new();
        for row in self.read(sql, vec![id.into()]).await? {
            found.entry(ClientId(row.uuid(0)?)).or_default().push(from_row(&row)?);
        }
        for of_client in found.values_mut() {
            of_client.sort_by_key(|held| (held.created_at, held.id));
        }
        Ok(found)
    }
}
