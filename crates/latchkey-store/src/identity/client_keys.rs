//! How clients prove who they are without secrets: the method that they are fixed to, their public keys, and the assertions and proofs that
//! were used.

use std::collections::BTreeMap;

use latchkey_identity::account::AccountId;
use latchkey_identity::client::key::Thumbprints;
use latchkey_identity::client::{Authentication, ClientId, ClientKey};
use latchkey_identity::client_auth::{FirstUse, Method, Spent};
use latchkey_identity::tenant::TenantId;
use latchkey_jose::Jwk;
use uuid::Uuid;

use super::{federated_credentials, meaningless};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

const ADD: Sql = Sql::write(
    "client_keys.add",
    "INSERT INTO client_key (client, id, jwk, x5t, x5t_s256, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
).by_key();

const REMOVE: Sql = Sql::guarded("client_keys.remove", "DELETE FROM client_key WHERE client = $1 AND id = $2").by_key();

const REMOVE_ALL: Sql = Sql::write("client_keys.remove_all", "DELETE FROM client_key WHERE client = $1").by_key();

/// The method and the keys of clients: one row for each key, at least one for each client.
macro_rules! proofs {
    ($condition:literal) => {
        concat!(
            "SELECT c.id AS client, c.auth_method, k.id, k.jwk, k.x5t, k.x5t_s256, k.created_at, k.expires_at
               FROM client c
               LEFT JOIN client_key k ON k.client = c.id
              WHERE c.deleted_at IS NULL AND ",
            $condition
        )
    };
}

/// Whose keys are read.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// One client's.
    Client(ClientId),
    /// Those of an account's clients.
    Owner(AccountId),
    /// Those of a tenant's clients.
    Tenant(TenantId),
}

const OF_CLIENT: Sql = Sql::read("client_keys.of_client", proofs!("c.id = $1")).by_key();

const OF_OWNER: Sql = Sql::read("client_keys.of_owner", proofs!("c.owner = $1")).by_owner();

const OF_TENANT: Sql = Sql::read("client_keys.of_tenant", proofs!("c.tenant = $1"));

const SET_METHOD: Sql =
    Sql::write("client_keys.set_method", "UPDATE client SET auth_method = $2 WHERE id = $1").by_key();

/// Touches no row when another request was first.
const SPEND: Sql = Sql::guarded(
    "client_keys.spend_assertion",
    "INSERT INTO spent_assertion (hash, until) VALUES ($1, $2) ON CONFLICT DO NOTHING",
)
.by_key();

pub(super) const ALL: &[&Sql] = &[&ADD, &REMOVE, &REMOVE_ALL, &OF_CLIENT, &OF_OWNER, &OF_TENANT, &SET_METHOD, &SPEND];

pub(super) fn add(changes: &mut Changes, client: ClientId, key: ClientKey) {
    let values = vec![
        client.0.into(),
        key.id.into(),
        // A key that was read has a text.
        serde_json::to_string(&key.jwk).unwrap_or_default().into(),
        key.certificate.map(|named| named.sha1.to_vec()).into(),
        key.certificate.map(|named| named.sha256.to_vec()).into(),
        key.created_at.into(),
        key.expires_at.into(),
    ];
    changes.write(&ADD, values);
}

/// What a client is registered with.
pub(super) fn add_all(changes: &mut Changes, client: ClientId, authentication: Authentication) {
    if authentication.method.is_some() {
        set_method(changes, client, authentication.method);
    }
    for key in authentication.keys {
        add(changes, client, key);
    }
    for credential in authentication.federated {
        federated_credentials::add(changes, client, credential);
    }
}

pub(super) fn set_method(changes: &mut Changes, client: ClientId, method: Option<Method>) {
    changes.write(&SET_METHOD, vec![client.0.into(), method.map(Method::name).into()]);
}

pub(super) fn remove(changes: &mut Changes, client: ClientId, key: Uuid) {
    changes.write(&REMOVE, vec![client.0.into(), key.into()]);
}

pub(super) fn remove_all(changes: &mut Changes, client: ClientId) {
    changes.write(&REMOVE_ALL, vec![client.0.into()]);
}

fn key(row: &Row, id: Uuid) -> Result<ClientKey, StoreError> {
    let text = row.text(3)?;
    let unsound = || meaningless("key of an app", text);
    let jwk: Jwk = serde_json::from_str(text).map_err(|_| unsound())?;
    let certificate = match (row.opt_array(4)?, row.opt_array(5)?) {
        (Some(sha1), Some(sha256)) => Some(Thumbprints { sha1, sha256 }),
        _ => None,
    };
    ClientKey::stored(id, jwk, certificate, row.time(6)?, row.time(7)?).ok_or_else(unsound)
}

fn gather(rows: &[Row]) -> Result<BTreeMap<ClientId, Authentication>, StoreError> {
    let mut found: BTreeMap<ClientId, Authentication> = BTreeMap::new();
    for row in rows {
        let of_client = found.entry(ClientId(row.uuid(0)?)).or_default();
        let method = row.opt_text(1)?;
        of_client.method = method
            .map(|name| Method::parse(name).ok_or_else(|| meaningless("method of authentication", name)))
            .transpose()?;
        if let Some(id) = row.opt_uuid(2)? {
            of_client.keys.push(key(row, id)?);
        }
    }
    for of_client in found.values_mut() {
        of_client.keys.sort_by_key(|key| (key.created_at, key.id));
    }
    Ok(found)
}

impl Store {
    /// How clients prove who they are without secrets.
    pub(super) async fn authentication(&self, of: Of) -> Result<BTreeMap<ClientId, Authentication>, StoreError> {
        let (sql, id) = match of {
            Of::Client(client) => (&OF_CLIENT, client.0),
            Of::Owner(owner) => (&OF_OWNER, owner.0),
            Of::Tenant(tenant) => (&OF_TENANT, tenant.0),
        };
        gather(&self.read(sql, vec![id.into()]).await?)
    }

    /// Spends what counts once; `None` if somebody did before.
    pub async fn spend(&self, spent: Spent) -> Result<Option<FirstUse>, StoreError> {
        let mut changes = Changes::none();
        changes.write(&SPEND, vec![spent.hash.0.into(), spent.until.into()]);
        Ok(self.commit_if_first(changes).await?.then(|| spent.for_the_first_time()))
    }
}
