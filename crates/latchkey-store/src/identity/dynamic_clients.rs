//! Apps that registered themselves, who may do so in a tenant, and the tokens that let them.

use latchkey_identity::Timestamp;
use latchkey_identity::client::ClientId;
use latchkey_identity::client::dynamic::{DynamicClient, InitialAccessToken, RegistrationGate};
use latchkey_identity::secret::TokenHash;
use latchkey_identity::tenant::TenantId;

use super::purge::Old;
use super::{clients, meaningless};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};

const GATE: Sql = Sql::read("dynamic_clients.gate", "SELECT gate FROM registration_gate WHERE tenant = $1");

const SET_GATE: Sql = Sql::write(
    "dynamic_clients.set_gate",
    "INSERT INTO registration_gate (tenant, gate) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET gate = $2",
);

const ADD_TOKEN: Sql = Sql::write(
    "dynamic_clients.add_token",
    "INSERT INTO initial_access_token (hash, tenant, expires_at) VALUES ($1, $2, $3)",
);

const TOKEN: Sql =
    Sql::read("dynamic_clients.token", "SELECT hash, tenant, expires_at FROM initial_access_token WHERE hash = $1")
        .by_key();

const END_TOKENS: Sql = Sql::write("dynamic_clients.end_tokens", "DELETE FROM initial_access_token WHERE tenant = $1");

pub(super) const OLD_TOKENS: Old = Old {
    found: Sql::sweep(
        "dynamic_clients.old_tokens",
        "SELECT hash FROM initial_access_token WHERE expires_at <= $1 LIMIT $2",
    )
    .of_server(),
    delete: Sql::write("dynamic_clients.delete_token", "DELETE FROM initial_access_token WHERE hash = $1").by_key(),
};

const KEEP: Sql = Sql::guarded(
    "dynamic_clients.keep",
    "INSERT INTO dynamic_client (client, tenant, mac, declared, registered_at) VALUES ($1, $2, $3, $4, $5)",
);

const CHANGE: Sql =
    Sql::guarded("dynamic_clients.change", "UPDATE dynamic_client SET declared = $3 WHERE client = $1 AND tenant = $2");

const FORGET: Sql = Sql::write("dynamic_clients.forget", "DELETE FROM dynamic_client WHERE client = $1").by_key();

const BY_CLIENT: Sql = Sql::read(
    "dynamic_clients.by_client",
    "SELECT client, tenant, mac, declared, registered_at FROM dynamic_client WHERE client = $1",
)
.by_key();

const COUNT: Sql =
    Sql::read("dynamic_clients.count", "SELECT count(*) AS clients FROM dynamic_client WHERE tenant = $1");

/// Those that nobody authorized, or so long ago that no authorization is kept, and that no organization made a member.
const UNUSED: Sql = Sql::sweep(
    "dynamic_clients.unused",
    "SELECT d.client FROM dynamic_client d
      WHERE d.registered_at <= $1
        AND NOT EXISTS (SELECT 1 FROM service_authorization a WHERE a.client = d.client)
        AND NOT EXISTS (SELECT 1 FROM member m WHERE m.person = d.client AND m.service = 1)
      LIMIT $2",
)
.of_server();

pub(super) const ALL: &[&Sql] = &[
    &GATE,
    &SET_GATE,
    &ADD_TOKEN,
    &TOKEN,
    &END_TOKENS,
    &OLD_TOKENS.found,
    &OLD_TOKENS.delete,
    &KEEP,
    &CHANGE,
    &FORGET,
    &BY_CLIENT,
    &COUNT,
    &UNUSED,
];

/// Tokens end with the gate that they open.
pub(super) fn set_gate(changes: &mut Changes, tenant: TenantId, gate: RegistrationGate) {
    changes.write(&SET_GATE, vec![tenant.0.into(), gate.name().into()]);
    if gate != RegistrationGate::InitialToken {
        changes.write(&END_TOKENS, vec![tenant.0.into()]);
    }
}

pub(super) fn add_token(changes: &mut Changes, token: InitialAccessToken) {
    changes.write(&ADD_TOKEN, vec![token.hash.0.into(), token.tenant.0.into(), token.expires_at.into()]);
}

pub(super) fn keep(changes: &mut Changes, kept: DynamicClient) {
    let DynamicClient { client, tenant, mac, declared, registered_at } = kept;
    changes.write(&KEEP, vec![client.0.into(), tenant.0.into(), mac.into(), declared.into(), registered_at.into()]);
}

pub(super) fn change(changes: &mut Changes, kept: DynamicClient) {
    changes.write(&CHANGE, vec![kept.client.0.into(), kept.tenant.0.into(), kept.declared.into()]);
}

/// A client goes, with what was kept beside it if it registered itself.
pub(super) fn forget(changes: &mut Changes, client: ClientId) {
    changes.write(&FORGET, vec![client.0.into()]);
}

impl Store {
    /// Who may register apps by themselves in a tenant.
    pub async fn registration_gate(&self, tenant: TenantId) -> Result<RegistrationGate, StoreError> {
        let Some(row) = self.read_one(&GATE, vec![tenant.0.into()]).await? else { return Ok(RegistrationGate::Off) };
        let name = row.text(0)?;
        RegistrationGate::parse(name).ok_or_else(|| meaningless("registration gate", name))
    }

    /// An initial access token, over or not.
    pub async fn initial_access_token(&self, hash: TokenHash) -> Result<Option<InitialAccessToken>, StoreError> {
        let Some(row) = self.read_one(&TOKEN, vec![hash.0.into()]).await? else { return Ok(None) };
        Ok(Some(InitialAccessToken {
            hash: TokenHash(row.array(0)?),
            tenant: TenantId(row.uuid(1)?),
            expires_at: row.time(2)?,
        }))
    }

    /// What is kept of an app that registered itself.
    pub async fn dynamic_client(&self, client: ClientId) -> Result<Option<DynamicClient>, StoreError> {
        let Some(row) = self.read_one(&BY_CLIENT, vec![client.0.into()]).await? else { return Ok(None) };
        Ok(Some(DynamicClient {
            client: ClientId(row.uuid(0)?),
            tenant: TenantId(row.uuid(1)?),
            mac: row.array(2)?,
            declared: row.text(3)?.to_owned(),
            registered_at: row.time(4)?,
        }))
    }

    /// How many apps registered themselves in a tenant.
    pub async fn count_dynamic_clients(&self, tenant: TenantId) -> Result<usize, StoreError> {
        self.count(&COUNT, vec![tenant.0.into()]).await
    }

    /// Deletes a portion of those that registered before `until` and that nobody ever authorized or made a member; how many it found.
    pub(super) async fn delete_unused_registrations(
        &self,
        until: Timestamp,
        portion: usize,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let most = i64::try_from(portion).unwrap_or(i64::MAX);
        self.decide(async || {
            let rows = self.read(&UNUSED, vec![until.into(), most.into()]).await?;
            let mut changes = Changes::none();
            for row in &rows {
                clients::delete_unused(&mut changes, ClientId(row.uuid(0)?), now);
            }
            Ok((rows.len(), changes))
        })
        .await
    }
}
