//! Clients with their redirect URIs and secrets.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::client::{
    Authentication, Client, ClientId, ClientKey, ClientKind, ClientSecret, ClientState, DocumentUrl,
    FederatedCredential, LogoutUris, Metadata, Profile, Publisher,
};
use latchkey_identity::client_auth::Method;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::tenant::TenantId;
use uuid::Uuid;

use super::client_keys::{self, Of};
use super::client_redirect_uris::{self, RedirectUris};
use super::{authorizations, client_documents, client_secrets, dynamic_clients, federated_credentials, meaningless};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// Clients whole: one row for each pair of redirect URI and secret, at least one for each client.
macro_rules! whole {
    ($condition:literal) => {
        concat!(
            "SELECT c.id, c.tenant, c.name, c.kind, c.profile, c.verified_domain, c.administrator_approved, c.multi_tenant,
                    c.pkce_optional, c.suspended, c.owner, c.scopes, c.required_scopes, c.version, c.created_at,
                    u.position, u.uri, s.id AS secret, s.mac, s.hint, s.created_at AS secret_created_at, s.expires_at, c.device_code,
                    c.pushed_only, u.purpose, c.metadata, d.url AS document, s.sealed
               FROM client c
               LEFT JOIN client_redirect_uri u ON u.client = c.id
               LEFT JOIN client_secret s ON s.client = c.id
               LEFT JOIN client_document d ON d.client = c.id
              WHERE c.deleted_at IS NULL AND ",
            $condition
        )
    };
}

/// Touches no row for an app of the older kind, whoever asks: none is made.
const REGISTER: Sql = Sql::guarded(
    "clients.register",
    "INSERT INTO client (id, tenant, name, kind, profile, verified_domain, administrator_approved, multi_tenant,
                         pkce_optional, suspended, owner, scopes, required_scopes, version, created_at, device_code,
                         pushed_only, metadata)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18 WHERE $5 <> 'legacy'",
);

/// Touches no row for any other. It goes with a guard that the organization's import is open.
const IMPORT: Sql = Sql::guarded(
    "clients.import",
    "INSERT INTO client (id, tenant, name, kind, profile, verified_domain, administrator_approved, multi_tenant,
                         pkce_optional, suspended, owner, scopes, required_scopes, version, created_at, device_code,
                         pushed_only, metadata)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18 WHERE $5 = 'legacy'",
);

/// An app does not become one of the older kind, and one of the older kind stays one.
const CHANGE: Sql = Sql::guarded(
    "clients.change",
    "UPDATE client
        SET name = $3, kind = $4, profile = $5, verified_domain = $6, administrator_approved = $7, multi_tenant = $8,
            pkce_optional = $9, owner = $10, scopes = $11, required_scopes = $12, version = $13,
            device_code = $14, pushed_only = $15, metadata = $16, auth_method = $17
      WHERE id = $1 AND version = $2 AND tenant = $18 AND deleted_at IS NULL AND (profile = 'legacy') = ($5 = 'legacy')",
);

const DELETE: Sql = Sql::guarded(
    "clients.delete",
    "UPDATE client SET deleted_at = $2, version = version + 1 WHERE id = $1 AND deleted_at IS NULL",
)
.by_key();

/// Finds no row once the client is deleted. The row is held, so that it is not deleted before what hangs on it is there.
const HOLD: Sql =
    Sql::guarded("clients.hold", "SELECT id FROM client WHERE id = $1 AND deleted_at IS NULL FOR SHARE").by_key();

/// The same for who deletes it: whoever holds it is waited for, and what they made is seen by the statement that follows.
const HOLD_ALONE: Sql =
    Sql::guarded("clients.hold_alone", "SELECT id FROM client WHERE id = $1 AND deleted_at IS NULL FOR UPDATE")
        .by_key();

/// Touches no row when somebody has authorized it meanwhile, or made it a member.
const DELETE_UNUSED: Sql = Sql::guarded(
    "clients.delete_unused",
    "UPDATE client SET deleted_at = $2, version = version + 1
      WHERE id = $1 AND deleted_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM service_authorization a WHERE a.client = client.id)
        AND NOT EXISTS (SELECT 1 FROM member m WHERE m.person = client.id AND m.service = 1)",
)
.by_key();

const SET_SUSPENDED: Sql = Sql::write(
    "clients.set_suspended",
    "UPDATE client SET suspended = $2, version = version + 1 WHERE id = $1 AND deleted_at IS NULL",
)
.by_key();

/// Tells that the client is still the one that was read, and makes it another.
const NEXT_VERSION: Sql = Sql::guarded(
    "clients.next_version",
    "UPDATE client SET version = version + 1 WHERE id = $1 AND version = $2 AND deleted_at IS NULL",
)
.by_key();

const TOUCH: Sql = Sql::write("clients.touch", "UPDATE client SET version = version + 1 WHERE id = $1").by_key();

const BY_ID: Sql = Sql::read("clients.by_id", whole!("c.id = $1")).by_key();

const OWNED_BY: Sql = Sql::read("clients.owned_by", whole!("c.owner = $1")).by_owner();

const OF_TENANT: Sql = Sql::read("clients.of_tenant", whole!("c.tenant = $1"));

/// A page of a tenant's.
const IDS_OF_TENANT: Sql = Sql::read(
    "clients.ids_of_tenant",
    "SELECT id FROM client WHERE tenant = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3",
);

const COUNT_OWNED_BY: Sql = Sql::read(
    "clients.count_owned_by",
    "SELECT count(*) AS clients FROM client WHERE owner = $1 AND deleted_at IS NULL",
)
.by_owner();

/// Whether an app has or had this id.
const EVER: Sql = Sql::read("clients.ever", "SELECT 1 AS known FROM client WHERE id = $1").by_key();

pub(super) const ALL: &[&Sql] = &[
    &EVER,
    &REGISTER,
    &IMPORT,
    &CHANGE,
    &HOLD,
    &HOLD_ALONE,
    &DELETE,
    &DELETE_UNUSED,
    &SET_SUSPENDED,
    &NEXT_VERSION,
    &TOUCH,
    &BY_ID,
    &OWNED_BY,
    &OF_TENANT,
    &IDS_OF_TENANT,
    &COUNT_OWNED_BY,
];

pub(super) fn register(changes: &mut Changes, client: Client) {
    changes.notice(Notice::Client(client.id.0));
    insert(changes, &REGISTER, client);
}

/// A client that comes by itself. Nobody remembers one that was not there, so nobody is told: strangers would make every node forget what it
/// knows.
pub(super) fn describe(changes: &mut Changes, client: Client) {
    insert(changes, &REGISTER, client);
}

/// An app of the older kind.
pub(super) fn import(changes: &mut Changes, client: Client) {
    changes.notice(Notice::Client(client.id.0));
    insert(changes, &IMPORT, client);
}

fn insert(changes: &mut Changes, statement: &'static Sql, client: Client) {
    let values = vec![
        client.id.0.into(),
        client.tenant.0.into(),
        client.name.into(),
        client.kind.name().into(),
        client.profile.name().into(),
        verified_domain(client.publisher).into(),
        client.administrator_approved.into(),
        client.multi_tenant.into(),
        client.pkce_optional.into(),
        (client.state == ClientState::Suspended).into(),
        client.owner.map(|owner| owner.0).into(),
        client.scopes.to_string().into(),
        client.required_scopes.to_string().into(),
        client.version.into(),
        client.created_at.into(),
        client.device_code.into(),
        client.pushed_only.into(),
        metadata(&client.metadata).into(),
    ];
    changes.write(statement, values);
    client_redirect_uris::add_all(changes, client.id, &client.redirect_uris, &client.logout);
    for secret in client.secrets {
        client_secrets::add(changes, client.id, secret);
    }
    client_keys::add_all(changes, client.id, client.authentication);
}

pub(super) fn change(changes: &mut Changes, client: Client, from_version: i64) {
    let values = vec![
        client.id.0.into(),
        from_version.into(),
        client.name.into(),
        client.kind.name().into(),
        client.profile.name().into(),
        verified_domain(client.publisher).into(),
        client.administrator_approved.into(),
        client.multi_tenant.into(),
        client.pkce_optional.into(),
        client.owner.map(|owner| owner.0).into(),
        client.scopes.to_string().into(),
        client.required_scopes.to_string().into(),
        client.version.into(),
        client.device_code.into(),
        client.pushed_only.into(),
        metadata(&client.metadata).into(),
        client.authentication.method.map(Method::name).into(),
        client.tenant.0.into(),
    ];
    changes.write(&CHANGE, values);
    client_redirect_uris::remove_all(changes, client.id);
    client_redirect_uris::add_all(changes, client.id, &client.redirect_uris, &client.logout);
    changes.notice(Notice::Client(client.id.0));
}

/// What follows hangs on the client: an approval, a membership.
pub(crate) fn must_be_there(changes: &mut Changes, client: ClientId) {
    changes.write(&HOLD, vec![client.0.into()]);
}

/// What follows deletes the client if nothing hangs on it.
pub(super) fn hold_alone(changes: &mut Changes, client: ClientId) {
    changes.write(&HOLD_ALONE, vec![client.0.into()]);
}

pub(super) fn delete(changes: &mut Changes, client: ClientId, at: Timestamp) {
    delete_by(&DELETE, changes, client, at);
}

/// The same of one that is of use to nobody.
pub(super) fn delete_unused(changes: &mut Changes, client: ClientId, at: Timestamp) {
    hold_alone(changes, client);
    delete_by(&DELETE_UNUSED, changes, client, at);
}

fn delete_by(statement: &'static Sql, changes: &mut Changes, client: ClientId, at: Timestamp) {
    changes.write(statement, vec![client.0.into(), at.into()]).notice(Notice::Client(client.0));
    client_redirect_uris::remove_all(changes, client);
    client_secrets::remove_all(changes, client);
    client_keys::remove_all(changes, client);
    dynamic_clients::forget(changes, client);
    client_documents::forget(changes, client);
    federated_credentials::remove_all(changes, client);
    authorizations::end_all_for(changes, client, at);
}

pub(super) fn set_state(changes: &mut Changes, client: ClientId, state: ClientState) {
    let suspended = state == ClientState::Suspended;
    changes.write(&SET_SUSPENDED, vec![client.0.into(), suspended.into()]).notice(Notice::Client(client.0));
}

pub(super) fn add_secret(changes: &mut Changes, client: ClientId, secret: ClientSecret, from_version: i64) {
    changes.write(&NEXT_VERSION, vec![client.0.into(), from_version.into()]);
    client_secrets::add(changes, client, secret);
    changes.notice(Notice::Client(client.0));
}

pub(super) fn remove_secret(changes: &mut Changes, client: ClientId, secret: Uuid) {
    changes.write(&TOUCH, vec![client.0.into()]).notice(Notice::Client(client.0));
    client_secrets::remove(changes, client, secret);
}

pub(super) fn add_keys(changes: &mut Changes, client: ClientId, keys: Vec<ClientKey>, from_version: i64) {
    changes.write(&NEXT_VERSION, vec![client.0.into(), from_version.into()]).notice(Notice::Client(client.0));
    for key in keys {
        client_keys::add(changes, client, key);
    }
}

pub(super) fn remove_key(changes: &mut Changes, client: ClientId, key: Uuid) {
    changes.write(&TOUCH, vec![client.0.into()]).notice(Notice::Client(client.0));
    client_keys::remove(changes, client, key);
}

pub(super) fn add_federated(
    changes: &mut Changes,
    client: ClientId,
    credential: FederatedCredential,
    from_version: i64,
) {
    changes.write(&NEXT_VERSION, vec![client.0.into(), from_version.into()]).notice(Notice::Client(client.0));
    federated_credentials::add(changes, client, credential);
}

pub(super) fn remove_federated(changes: &mut Changes, client: ClientId, credential: Uuid) {
    changes.write(&TOUCH, vec![client.0.into()]).notice(Notice::Client(client.0));
    federated_credentials::remove(changes, client, credential);
}

pub(super) fn fix_method(changes: &mut Changes, client: ClientId, method: Option<Method>, from_version: i64) {
    changes.write(&NEXT_VERSION, vec![client.0.into(), from_version.into()]).notice(Notice::Client(client.0));
    client_keys::set_method(changes, client, method);
}

/// The metadata as it is stored: a JSON object, or nothing.
fn metadata(metadata: &Metadata) -> Option<String> {
    (*metadata != Metadata::default()).then(|| serde_json::to_string(metadata).unwrap_or_default())
}

fn read_metadata(text: Option<&str>) -> Result<Metadata, StoreError> {
    text.map_or(Ok(Metadata::default()), |text| {
        serde_json::from_str(text).map_err(|_| meaningless("client metadata", text))
    })
}

fn verified_domain(publisher: Publisher) -> Option<String> {
    match publisher {
        Publisher::Unverified => None,
        Publisher::Verified(domain) => Some(domain),
    }
}

/// The publisher, from the domain that was verified.
pub(super) fn publisher(verified_domain: Option<&str>) -> Publisher {
    verified_domain.map_or(Publisher::Unverified, |domain| Publisher::Verified(domain.to_owned()))
}

/// The profile of a stored name.
pub(super) fn profile(name: &str) -> Result<Profile, StoreError> {
    Profile::parse(name).ok_or_else(|| meaningless("profile", name))
}

/// A client without its lists.
fn from_row(row: &Row) -> Result<Client, StoreError> {
    let kind = row.text(3)?;
    Ok(Client {
        id: ClientId(row.uuid(0)?),
        tenant: TenantId(row.uuid(1)?),
        name: row.text(2)?.to_owned(),
        kind: ClientKind::parse(kind).ok_or_else(|| meaningless("kind of app", kind))?,
        profile: profile(row.text(4)?)?,
        publisher: publisher(row.opt_text(5)?),
        administrator_approved: row.bool(6)?,
        multi_tenant: row.bool(7)?,
        pkce_optional: row.bool(8)?,
        state: if row.bool(9)? { ClientState::Suspended } else { ClientState::Active },
        owner: row.opt_uuid(10)?.map(AccountId),
        redirect_uris: Vec::new(),
        logout: LogoutUris::default(),
        device_code: row.bool(22)?,
        pushed_only: row.bool(23)?,
        metadata: read_metadata(row.opt_text(25)?)?,
        scopes: ScopeSet::from_text(row.text(11)?),
        required_scopes: ScopeSet::from_text(row.text(12)?),
        secrets: Vec::new(),
        authentication: Authentication::default(),
        version: row.int(13)?,
        document: row.opt_text(26)?.map(|url| DocumentUrl::from_stored(url.to_owned())),
        created_at: row.time(14)?,
    })
}

/// A client while its rows come in.
struct Gathered {
    client: Client,
    uris: RedirectUris,
    secrets: BTreeMap<(Timestamp, Uuid), ClientSecret>,
}

/// The clients of these rows, by name.
fn gather(rows: &[Row]) -> Result<Vec<Client>, StoreError> {
    let mut gathered: BTreeMap<ClientId, Gathered> = BTreeMap::new();
    for row in rows {
        let id = ClientId(row.uuid(0)?);
        let Gathered { uris, secrets, .. } = match gathered.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let client = from_row(row)?;
                entry.insert(Gathered { client, uris: RedirectUris::default(), secrets: BTreeMap::new() })
            }
        };
        if let Some(position) = row.opt_int(15)? {
            uris.take(position, row.text(16)?, row.text(24)?)?;
        }
        if let Some(id) = row.opt_uuid(17)? {
            let secret = ClientSecret {
                id,
                mac: row.array(18)?,
                sealed: row.opt_blob(27)?.map(<[u8]>::to_vec),
                hint: row.text(19)?.to_owned(),
                created_at: row.time(20)?,
                expires_at: row.time(21)?,
            };
            secrets.insert((secret.created_at, id), secret);
        }
    }
    let whole = |Gathered { client, uris, secrets }| {
        let (redirect_uris, logout) = uris.whole();
        Client { redirect_uris, logout, secrets: secrets.into_values().collect(), ..client }
    };
    let mut clients: Vec<Client> = gathered.into_values().map(whole).collect();
    clients.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    Ok(clients)
}

impl Store {
    /// A client, unless it was deleted.
    pub async fn client(&self, id: ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        let find = async || Ok(self.clients(&BY_ID, id.0, Of::Client(id)).await?.into_iter().next().map(Arc::new));
        self.memory.clients.get_or_find(id, find).await
    }

    async fn clients(&self, sql: &'static Sql, id: Uuid, of: Of) -> Result<Vec<Client>, StoreError> {
        let mut clients = gather(&self.read(sql, vec![id.into()]).await?)?;
        if clients.iter().any(|client| client.kind.is_confidential()) {
            let mut authentication = self.authentication(of).await?;
            let mut federated = self.federated_credentials(of).await?;
            for client in &mut clients {
                client.authentication = Authentication {
                    federated: federated.remove(&client.id).unwrap_or_default(),
                    ..authentication.remove(&client.id).unwrap_or_default()
                };
            }
        }
        Ok(clients)
    }

    /// The clients that an account owns, by name.
    pub async fn clients_owned_by(&self, owner: AccountId) -> Result<Vec<Client>, StoreError> {
        self.clients(&OWNED_BY, owner.0, Of::Owner(owner)).await
    }

    /// The apps of a tenant by id, those after one, a page of them.
    pub async fn clients_after(
        &self,
        tenant: TenantId,
        after: ClientId,
        most: u32,
    ) -> Result<Vec<Arc<Client>>, StoreError> {
        let rows = self.read(&IDS_OF_TENANT, vec![tenant.0.into(), after.0.into(), most.into()]).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.extend(self.client(ClientId(row.uuid(0)?)).await?);
        }
        Ok(found)
    }

    /// The clients that are registered in a tenant, by name.
    pub async fn clients_of(&self, tenant: TenantId) -> Result<Vec<Client>, StoreError> {
        self.clients(&OF_TENANT, tenant.0, Of::Tenant(tenant)).await
    }

    /// Whether a client has this id, or had it before it was deleted.
    pub async fn was_ever_a_client(&self, id: ClientId) -> Result<bool, StoreError> {
        Ok(self.read_one(&EVER, vec![id.0.into()]).await?.is_some())
    }

    /// How many clients an account owns.
    pub async fn count_clients_owned_by(&self, owner: AccountId) -> Result<usize, StoreError> {
        self.count(&COUNT_OWNED_BY, vec![owner.0.into()]).await
    }
}
