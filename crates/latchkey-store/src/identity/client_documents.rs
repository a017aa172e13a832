//! The documents by which apps describe themselves, and whether a tenant lets such apps in.

use latchkey_identity::Timestamp;
use latchkey_identity::client::identifier::DocumentUrl;
use latchkey_identity::client::metadata_document::ClientDocument;
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::tenant::TenantId;

use super::{client_keys, client_redirect_uris, clients, federated_credentials};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};

const GATE: Sql = Sql::read("client_documents.gate", "SELECT open FROM document_gate WHERE tenant = $1");

const SET_GATE: Sql = Sql::write(
    "client_documents.set_gate",
    "INSERT INTO document_gate (tenant, open) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET open = $2",
);

/// Touches no row when another request was first.
const ADD: Sql = Sql::guarded(
    "client_documents.add",
    "INSERT INTO client_document (client, tenant, url, digest, fetched_at, fresh_until) VALUES ($1, $2, $3, $4, $5, $6)",
);

/// What came later stays.
const KEEP: Sql = Sql::write(
    "client_documents.keep",
    "UPDATE client_document SET digest = $3, fetched_at = $4, fresh_until = $5
      WHERE client = $1 AND tenant = $2 AND fetched_at <= $4",
);

const FORGET: Sql = Sql::write("client_documents.forget", "DELETE FROM client_document WHERE client = $1").by_key();

const BY_CLIENT: Sql = Sql::read(
    "client_documents.by_client",
    "SELECT client, tenant, url, digest, fetched_at, fresh_until FROM client_document WHERE client = $1",
)
.by_key();

const COUNT: Sql =
    Sql::read("client_documents.count", "SELECT count(*) AS clients FROM client_document WHERE tenant = $1");

/// The one that nobody authorized and that was asked for longest ago. One that an administrator stopped stays stopped.
const OLDEST_UNUSED: Sql = Sql::read(
    "client_documents.oldest_unused",
    "SELECT d.client FROM client_document d
      WHERE d.tenant = $1
        AND NOT EXISTS (SELECT 1 FROM service_authorization a WHERE a.client = d.client)
        AND NOT EXISTS (SELECT 1 FROM client c WHERE c.id = d.client AND c.suspended <> 0)
      ORDER BY d.fetched_at LIMIT 1",
);

/// Those that nobody authorized, or so long ago that no authorization is kept.
const UNUSED: Sql = Sql::sweep(
    "client_documents.unused",
    "SELECT d.client FROM client_document d
      WHERE d.fetched_at <= $1
        AND NOT EXISTS (SELECT 1 FROM service_authorization a WHERE a.client = d.client)
        AND NOT EXISTS (SELECT 1 FROM client c WHERE c.id = d.client AND c.suspended <> 0)
      LIMIT $2",
)
.of_server();

/// A client of this id was deleted before, with all that it had.
const REMOVE_REMAINS: Sql =
    Sql::write("client_documents.remove_remains", "DELETE FROM client WHERE id = $1 AND deleted_at IS NOT NULL")
        .by_key();

/// Touches no row when somebody has authorized it meanwhile.
const ERASE: Sql = Sql::guarded(
    "client_documents.erase",
    "DELETE FROM client
      WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM service_authorization a WHERE a.client = client.id)",
)
.by_key();

pub(super) const ALL: &[&Sql] =
    &[&GATE, &SET_GATE, &ADD, &KEEP, &FORGET, &BY_CLIENT, &COUNT, &OLDEST_UNUSED, &UNUSED, &REMOVE_REMAINS, &ERASE];

pub(super) fn set_gate(changes: &mut Changes, tenant: TenantId, open: bool) {
    changes.write(&SET_GATE, vec![tenant.0.into(), open.into()]);
}

/// A client that describes itself, for the first time here.
pub(super) fn describe(changes: &mut Changes, client: Client, document: ClientDocument) {
    changes.write(&REMOVE_REMAINS, vec![client.id.0.into()]);
    clients::describe(changes, client);
    let ClientDocument { client, tenant, url, digest, fetched_at, fresh_until } = document;
    let values = vec![
        client.0.into(),
        tenant.0.into(),
        url.to_string().into(),
        digest.into(),
        fetched_at.into(),
        fresh_until.into(),
    ];
    changes.write(&ADD, values);
}

pub(super) fn keep(changes: &mut Changes, document: &ClientDocument) {
    let ClientDocument { client, tenant, digest, fetched_at, fresh_until, .. } = document;
    let values = vec![client.0.into(), tenant.0.into(), (*digest).into(), (*fetched_at).into(), (*fresh_until).into()];
    changes.write(&KEEP, values);
}

/// A client goes, with its document if it has one.
pub(super) fn forget(changes: &mut Changes, client: ClientId) {
    changes.write(&FORGET, vec![client.0.into()]);
}

/// One that nobody ever authorized goes, without a trace: what it was stands in its document.
pub(super) fn forget_unused(changes: &mut Changes, client: ClientId) {
    clients::hold_alone(changes, client);
    changes.write(&ERASE, vec![client.0.into()]).notice(Notice::Client(client.0));
    client_redirect_uris::remove_all(changes, client);
    client_keys::remove_all(changes, client);
    federated_credentials::remove_all(changes, client);
    forget(changes, client);
}

impl Store {
    /// Whether apps that describe themselves are let in to a tenant.
    pub async fn document_gate(&self, tenant: TenantId) -> Result<bool, StoreError> {
        let row = self.read_one(&GATE, vec![tenant.0.into()]).await?;
        row.map_or(Ok(true), |row| row.bool(0))
    }

    /// The document that a client describes itself by.
    pub async fn client_document(&self, client: ClientId) -> Result<Option<ClientDocument>, StoreError> {
        let Some(row) = self.read_one(&BY_CLIENT, vec![client.0.into()]).await? else { return Ok(None) };
        Ok(Some(ClientDocument {
            client: ClientId(row.uuid(0)?),
            tenant: TenantId(row.uuid(1)?),
            url: DocumentUrl::from_stored(row.text(2)?.to_owned()),
            digest: row.array(3)?,
            fetched_at: row.time(4)?,
            fresh_until: row.time(5)?,
        }))
    }

    /// How many apps describe themselves in a tenant.
    pub async fn count_described_clients(&self, tenant: TenantId) -> Result<usize, StoreError> {
        self.count(&COUNT, vec![tenant.0.into()]).await
    }

    /// The one of them that makes room for another: nobody authorized it, and nobody asked for it for the longest time.
    pub async fn unused_described_client(&self, tenant: TenantId) -> Result<Option<ClientId>, StoreError> {
        let row = self.read_one(&OLDEST_UNUSED, vec![tenant.0.into()]).await?;
        row.map(|row| row.uuid(0).map(ClientId)).transpose()
    }

    /// Deletes a portion of those that were fetched last before `until` and that nobody ever authorized; how many it found.
    pub(super) async fn delete_unused_descriptions(
        &self,
        until: Timestamp,
        portion: usize,
    ) -> Result<usize, StoreError> {
        let most = i64::try_from(portion).unwrap_or(i64::MAX);
        self.decide(async || {
            let rows = self.read(&UNUSED, vec![until.into(), most.into()]).await?;
            let mut changes = Changes::none();
            for row in &rows {
                forget_unused(&mut changes, ClientId(row.uuid(0)?));
            }
            Ok((rows.len(), changes))
        })
        .await
    }
}
