//! Token families: one row for a refresh token and all its successors.

use std::sync::Arc;
use std::time::{Duration, Instant};

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Authorization, AuthorizationId};
use latchkey_identity::client::ClientId;
use latchkey_identity::session::SessionId;
use latchkey_identity::sign_in::context::AuthenticationContext;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::time::AccessTokenLifetime;
use latchkey_identity::token::confirmation::Confirmation;
use latchkey_identity::token::family::{FamilyId, TokenFamily};
use uuid::Uuid;

use super::authorizations::{self, WIDTH, columns};
use super::scope_sets::scope_set;
use super::{counted, meaningless};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// The columns that [`from_row`] reads, of the table as `f`.
macro_rules! family_columns {
    () => {
        "f.id AS family, f.authorization_id, f.tenant AS family_tenant, f.account AS family_account, \
         f.client AS family_client, f.session AS family_session, f.auth_time, f.scopes AS family_scopes, f.scope_text, \
         f.client_info, f.origin, f.refreshable, f.generation, f.created_at AS family_created_at, f.rotated_at, \
         f.access_expires_at, f.ended_at AS family_ended_at, f.confirmation, \
         f.places AS family_places, f.methods AS family_methods"
    };
}

/// Locks the authorization, so that it can neither end nor be paused before the family that begins below it is there.
const START: Sql = Sql::guarded(
    "token_families.start",
    "INSERT INTO token_family (id, authorization_id, tenant, account, client, session, auth_time, scopes, scope_text,
                               client_info, origin, refreshable, generation, created_at, rotated_at, access_expires_at,
                               ended_at, confirmation, places, methods)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20
       FROM service_authorization a
      WHERE a.id = $2 AND a.ended_at IS NULL AND a.paused_at IS NULL
        FOR UPDATE",
);

/// Touches no row when the token was used by another request, or the family has ended or is paused. Whatever ends or pauses an
/// authorization does so to the families below it in the same change set: one row tells, and one of the two waits for the other.
const ROTATE: Sql = Sql::guarded(
    "token_families.rotate",
    "UPDATE token_family
        SET generation = $5, rotated_at = $3, access_expires_at = $4
      WHERE id = $1 AND generation = $2 AND ended_at IS NULL AND paused_at IS NULL",
)
.by_key();

const END: Sql =
    Sql::write("token_families.end", "UPDATE token_family SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
        .by_key();

const NOTE_MADE_WITH: Sql =
    Sql::write("token_families.note_made_with", "UPDATE token_family SET made_with = $2 WHERE id = $1").by_key();

const END_MADE_WITH: Sql = Sql::write(
    "token_families.end_made_with",
    "UPDATE token_family SET ended_at = $2 WHERE made_with = $1 AND ended_at IS NULL",
)
.by_key();

const MADE_WITH: Sql =
    Sql::read("token_families.made_with", "SELECT id FROM token_family WHERE made_with = $1 AND ended_at IS NULL")
        .by_key();

const END_BELOW: Sql = Sql::write(
    "token_families.end_below",
    "UPDATE token_family SET ended_at = $2 WHERE authorization_id = $1 AND ended_at IS NULL",
)
.by_key();

const PAUSE_BELOW: Sql = Sql::write(
    "token_families.pause_below",
    "UPDATE token_family SET paused_at = $2 WHERE authorization_id = $1 AND ended_at IS NULL AND paused_at IS NULL",
)
.by_key();

const RESUME_BELOW: Sql = Sql::write(
    "token_families.resume_below",
    "UPDATE token_family SET paused_at = NULL WHERE authorization_id = $1 AND ended_at IS NULL AND paused_at IS NOT NULL",
).by_key();

/// Ends those below the authorizations that ended at the same moment with their session.
const END_WITH_SESSION: Sql = Sql::write(
    "token_families.end_with_session",
    "UPDATE token_family SET ended_at = $2
      WHERE ended_at IS NULL AND authorization_id IN
            (SELECT id FROM service_authorization WHERE session = $1 AND lifetime = 'session' AND ended_at = $2)",
)
.by_owner();

/// Ends those below the authorizations that ended at the same moment with the sessions of their account.
const END_WITH_ACCOUNT: Sql = Sql::write(
    "token_families.end_with_account",
    "UPDATE token_family SET ended_at = $2
      WHERE ended_at IS NULL AND authorization_id IN
            (SELECT id FROM service_authorization WHERE account = $1 AND ended_at = $2)",
)
.by_owner();

/// Ends those below the authorizations that ended at the same moment with their client.
const END_WITH_CLIENT: Sql = Sql::write(
    "token_families.end_with_client",
    "UPDATE token_family SET ended_at = $2
      WHERE ended_at IS NULL AND authorization_id IN
            (SELECT id FROM service_authorization WHERE client = $1 AND ended_at = $2)",
)
.by_owner();

const BY_ID: Sql = Sql::read(
    "token_families.by_id",
    concat!(
        "SELECT ",
        columns!(),
        ", ",
        family_columns!(),
        " FROM token_family f
          JOIN service_authorization a ON a.id = f.authorization_id
         WHERE f.id = $1"
    ),
)
.by_key();

const BELOW: Sql = Sql::read(
    "token_families.below",
    concat!("SELECT ", family_columns!(), " FROM token_family f WHERE f.authorization_id = $1 AND f.ended_at IS NULL"),
)
.by_key();

/// Those that ended within `$1` of the last one that did: at least all that ended within `$1` of now.
pub(super) const RECENTLY_ENDED: Sql = Sql::sweep(
    "token_families.recently_ended",
    "SELECT id FROM token_family
      WHERE ended_at IS NOT NULL AND ended_at >= (SELECT max(ended_at) FROM token_family WHERE ended_at IS NOT NULL) - $1",
).of_server();

pub(super) const ALL: &[&Sql] = &[
    &START,
    &ROTATE,
    &END,
    &NOTE_MADE_WITH,
    &END_MADE_WITH,
    &MADE_WITH,
    &END_BELOW,
    &PAUSE_BELOW,
    &RESUME_BELOW,
    &END_WITH_SESSION,
    &END_WITH_ACCOUNT,
    &END_WITH_CLIENT,
    &BY_ID,
    &BELOW,
    &RECENTLY_ENDED,
];

pub(super) fn start(changes: &mut Changes, family: TokenFamily) {
    let values = vec![
        family.id.0.into(),
        family.authorization.0.into(),
        family.tenant.0.into(),
        family.account.0.into(),
        family.client.0.into(),
        family.session.0.into(),
        family.auth_time.into(),
        family.scopes.to_string().into(),
        family.scope_text.into(),
        family.client_info.into(),
        family.origin.into(),
        family.refreshable.into(),
        family.generation.into(),
        family.created_at.into(),
        family.rotated_at.into(),
        family.access_expires_at.into(),
        family.ended_at.into(),
        family.confirmation.map(Confirmation::to_stored).into(),
        family.places.as_ref().map(authorizations::places_text).into(),
        family.context.stored().into(),
    ];
    changes.write(&START, values);
}

pub(super) fn rotate(
    changes: &mut Changes,
    family: FamilyId,
    generation: u32,
    next: u32,
    at: Timestamp,
    access_expires_at: Timestamp,
) {
    changes
        .write(&ROTATE, vec![family.0.into(), generation.into(), at.into(), access_expires_at.into(), next.into()])
        .notice(Notice::Rotation { family: family.0, next, at, access_expires_at });
}

pub(super) fn end(changes: &mut Changes, family: FamilyId, at: Timestamp) {
    changes.write(&END, vec![family.0.into(), at.into()]).notice(Notice::TokenFamily(family.0));
}

/// Notes with which secret the tokens of a family were made last.
pub(super) fn note_made_with(changes: &mut Changes, family: FamilyId, secret: Uuid) {
    changes.write(&NOTE_MADE_WITH, vec![family.0.into(), secret.into()]);
}

/// Ends all that were last made with a secret. The caches hear of those that are known.
pub(super) fn end_made_with(changes: &mut Changes, secret: Uuid, families: &[FamilyId], at: Timestamp) {
    changes.write(&END_MADE_WITH, vec![secret.into(), at.into()]);
    for family in families {
        changes.notice(Notice::TokenFamily(family.0));
    }
}

/// Ends all below an authorization. The caches hear of the authorization.
pub(super) fn end_all_below(changes: &mut Changes, authorization: AuthorizationId, at: Timestamp) {
    changes.write(&END_BELOW, vec![authorization.0.into(), at.into()]);
}

/// Follows an authorization that changed: what is below a paused one does not rotate. The caches hear of the authorization.
pub(super) fn pause_or_resume_below(changes: &mut Changes, authorization: &Authorization) {
    let id = authorization.id.0.into();
    match authorization.paused_at {
        Some(at) => changes.write(&PAUSE_BELOW, vec![id, at.into()]),
        None => changes.write(&RESUME_BELOW, vec![id]),
    };
}

/// Follows the authorizations that ended with a session.
pub(super) fn end_with_session(changes: &mut Changes, session: SessionId, at: Timestamp) {
    changes.write(&END_WITH_SESSION, vec![session.0.into(), at.into()]);
}

/// Follows the authorizations that ended with the sessions of an account.
pub(super) fn end_with_account(changes: &mut Changes, account: AccountId, at: Timestamp) {
    changes.write(&END_WITH_ACCOUNT, vec![account.0.into(), at.into()]);
}

/// Follows the authorizations that ended with a client.
pub(super) fn end_with_client(changes: &mut Changes, client: ClientId, at: Timestamp) {
    changes.write(&END_WITH_CLIENT, vec![client.0.into(), at.into()]);
}

fn confirmation(text: &str) -> Result<Confirmation, StoreError> {
    Confirmation::from_stored(text).ok_or_else(|| meaningless("confirmation", text))
}

/// A family whose columns begin at `first`.
fn from_row(row: &Row, first: usize) -> Result<TokenFamily, StoreError> {
    Ok(TokenFamily {
        id: FamilyId(row.uuid(first)?),
        authorization: AuthorizationId(row.uuid(first + 1)?),
        tenant: TenantId(row.uuid(first + 2)?),
        account: AccountId(row.uuid(first + 3)?),
        client: ClientId(row.uuid(first + 4)?),
        session: SessionId(row.uuid(first + 5)?),
        auth_time: row.time(first + 6)?,
        scopes: scope_set(row.text(first + 7)?),
        scope_text: row.text(first + 8)?.to_owned(),
        client_info: row.bool(first + 9)?,
        origin: row.text(first + 10)?.to_owned(),
        refreshable: row.bool(first + 11)?,
        generation: counted(row, first + 12, "generation")?,
        created_at: row.time(first + 13)?,
        rotated_at: row.time(first + 14)?,
        access_expires_at: row.time(first + 15)?,
        ended_at: row.opt_time(first + 16)?,
        confirmation: row.opt_text(first + 17)?.map(confirmation).transpose()?,
        places: row.opt_text(first + 18)?.map(authorizations::places).transpose()?,
        context: AuthenticationContext::from_stored(row.opt_int(first + 19)?),
    })
}

impl Store {
    /// A token family, ended or not, with the authorization above it.
    pub async fn family(&self, id: FamilyId) -> Result<Option<(TokenFamily, Authorization)>, StoreError> {
        let (families, above) = (&self.memory.families, &self.memory.authorizations);
        let (before, before_above) = (families.before_load(&id), above.before_any_load());
        let Some(row) = self.read_one(&BY_ID, vec![id.0.into()]).await? else { return Ok(None) };
        let (family, authorization) = (from_row(&row, WIDTH)?, authorizations::from_row(&row)?);
        families.keep(id, Arc::new(family.clone()), before);
        above.keep(authorization.id, Arc::new(authorization.clone()), before_above);
        Ok(Some((family, authorization)))
    }

    /// What is remembered of a token family, with the authorization above it as it is now. No database is asked.
    ///
    /// The family may be behind what is true: a rotation that is decided by it is guarded and cannot be wrong, but whatever else comes of
    /// it has to be decided again by [`Self::family`].
    pub async fn remembered_family(
        &self,
        id: FamilyId,
    ) -> Result<Option<(Arc<TokenFamily>, Arc<Authorization>)>, StoreError> {
        let Some(family) = self.memory.families.get(&id) else { return Ok(None) };
        if self.memory.authorizations.get(&family.authorization).is_none() {
            return Ok(None);
        }
        Ok(self.authorization(family.authorization).await?.map(|authorization| (family, authorization)))
    }

    /// The token families below an authorization that have not ended, newest first.
    pub async fn families_of(&self, authorization: AuthorizationId) -> Result<Vec<TokenFamily>, StoreError> {
        let rows = self.read(&BELOW, vec![authorization.0.into()]).await?;
        let mut families = rows.iter().map(|row| from_row(row, 0)).collect::<Result<Vec<_>, _>>()?;
        families.sort_by_key(|family| std::cmp::Reverse((family.created_at, family.id)));
        Ok(families)
    }

    /// The token families that have not ended and whose tokens were last made with a secret.
    pub async fn families_made_with(&self, secret: Uuid) -> Result<Vec<FamilyId>, StoreError> {
        let rows = self.read(&MADE_WITH, vec![secret.into()]).await?;
        rows.iter().map(|row| row.uuid(0).map(FamilyId)).collect()
    }

    /// Whether a token family was ended so recently that an access token of it may look good by itself.
    ///
    /// Every request with an access token asks this, so it is answered from memory. Of the families that ended with their
    /// authorization, the authorization tells.
    pub fn family_ended(&self, id: FamilyId) -> bool {
        self.memory.ended_families.contains(id)
    }

    /// Brings back what [`Self::family_ended`] knew before a restart.
    pub(crate) async fn recall_ended_families(&self) -> Result<(), StoreError> {
        let longest: Duration = AccessTokenLifetime::LONGEST.as_duration();
        let longest = i64::try_from(longest.as_micros()).unwrap_or(i64::MAX);
        let now = Instant::now();
        for row in self.read(&RECENTLY_ENDED, vec![longest.into()]).await? {
            self.memory.ended_families.add(FamilyId(row.uuid(0)?), now);
        }
        Ok(())
    }
}
