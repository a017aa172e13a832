//! Secrets of clients. They are read with their clients: [`super::clients`].

use std::collections::BTreeSet;

use latchkey_identity::Timestamp;
use latchkey_identity::client::{ClientId, ClientSecret};
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};

const ADD: Sql = Sql::write(
    "client_secrets.add",
    "INSERT INTO client_secret (client, id, mac, hint, created_at, expires_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)",
).by_key();

const REMOVE: Sql =
    Sql::guarded("client_secrets.remove", "DELETE FROM client_secret WHERE client = $1 AND id = $2").by_key();

/// Finds no row when the secret is gone. The row is held, so that it is not removed before what is made with it is there.
const HOLD: Sql =
    Sql::guarded("client_secrets.hold", "SELECT id FROM client_secret WHERE client = $1 AND id = $2 FOR SHARE")
        .by_key();

const REMOVE_ALL: Sql = Sql::write("client_secrets.remove_all", "DELETE FROM client_secret WHERE client = $1").by_key();

const CLIENTS_WITH_SOME_ENDING: Sql = Sql::read(
    "client_secrets.clients_with_some_ending",
    "SELECT client FROM client_secret WHERE expires_at > $1 AND expires_at <= $2 ORDER BY expires_at",
)
.of_server();

pub(super) const ALL: &[&Sql] = &[&ADD, &REMOVE, &HOLD, &REMOVE_ALL, &CLIENTS_WITH_SOME_ENDING];

pub(super) fn add(changes: &mut Changes, client: ClientId, secret: ClientSecret) {
    let values = vec![
        client.0.into(),
        secret.id.into(),
        secret.mac.into(),
        secret.hint.into(),
        secret.created_at.into(),
        secret.expires_at.into(),
        secret.sealed.into(),
    ];
    changes.write(&ADD, values);
}

pub(super) fn remove(changes: &mut Changes, client: ClientId, secret: Uuid) {
    changes.write(&REMOVE, vec![client.0.into(), secret.into()]);
}

pub(super) fn remove_all(changes: &mut Changes, client: ClientId) {
    changes.write(&REMOVE_ALL, vec![client.0.into()]);
}

pub(super) fn hold(changes: &mut Changes, client: ClientId, secret: Uuid) {
    changes.write(&HOLD, vec![client.0.into(), secret.into()]);
}

impl Store {
    /// The clients of which a secret ends after the one and until the other.
    pub async fn clients_with_secrets_ending(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeSet<ClientId>, StoreError> {
        let rows = self.read(&CLIENTS_WITH_SOME_ENDING, vec![after.into(), until.into()]).await?;
        rows.iter().map(|row| row.uuid(0).map(ClientId)).collect()
    }
}
