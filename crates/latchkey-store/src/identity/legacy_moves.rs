//! Which app of the identity platform took over from one of the older OAuth kind, and who still comes by the older way.

use latchkey_identity::Timestamp;
use latchkey_identity::client::ClientId;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};

/// Touches no row while the app that it moved to is there: an app moves once.
const MOVE: Sql = Sql::guarded(
    "legacy_moves.move",
    "INSERT INTO legacy_move (client, moved_to, moved_at) VALUES ($1, $2, $3)
         ON CONFLICT (client) DO UPDATE SET moved_to = excluded.moved_to, moved_at = excluded.moved_at
      WHERE EXISTS (SELECT 1 FROM client c WHERE c.id = legacy_move.moved_to AND c.deleted_at IS NOT NULL)",
)
.by_key();

const OF_OLDER: Sql = Sql::read(
    "legacy_moves.of_older",
    "SELECT m.moved_to, m.moved_at
       FROM legacy_move m JOIN client c ON c.id = m.moved_to
      WHERE m.client = $1 AND c.deleted_at IS NULL",
)
.by_key();

const OF_NEWER: Sql =
    Sql::read("legacy_moves.of_newer", "SELECT client, moved_at FROM legacy_move WHERE moved_to = $1").by_key();

pub(super) const ALL: &[&Sql] = &[&MOVE, &OF_OLDER, &OF_NEWER];

/// Links the two. The organizations hear of it: a service that they stopped stays stopped under its other name.
pub(super) fn add(changes: &mut Changes, client: ClientId, to: ClientId, organizations: &[Uuid], at: Timestamp) {
    changes.write(&MOVE, vec![client.0.into(), to.0.into(), at.into()]);
    for organization in organizations {
        changes.notice(Notice::Organization(*organization));
    }
}

impl Store {
    /// The same service under its other name: the app that one of the older kind moved to, or the one that an app took over from.
    pub async fn legacy_move_partner(&self, client: ClientId) -> Result<Option<ClientId>, StoreError> {
        let (to, from) = (self.legacy_app_moved_to(client).await?, self.legacy_app_moved_from(client).await?);
        Ok(to.or(from).map(|(partner, _)| partner))
    }

    /// The app that one of the older kind moved to, and when; nothing if that was deleted.
    pub async fn legacy_app_moved_to(&self, client: ClientId) -> Result<Option<(ClientId, Timestamp)>, StoreError> {
        let row = self.read_one(&OF_OLDER, vec![client.0.into()]).await?;
        row.map(|row| Ok((ClientId(row.uuid(0)?), row.time(1)?))).transpose()
    }

    /// The app of the older kind that an app took over from, retired or not, and when.
    pub async fn legacy_app_moved_from(&self, client: ClientId) -> Result<Option<(ClientId, Timestamp)>, StoreError> {
        let row = self.read_one(&OF_NEWER, vec![client.0.into()]).await?;
        row.map(|row| Ok((ClientId(row.uuid(0)?), row.time(1)?))).transpose()
    }
}
