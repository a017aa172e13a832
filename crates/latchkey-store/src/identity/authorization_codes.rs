//! Authorization codes.

use std::sync::Arc;

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Authorization, AuthorizationId};
use latchkey_identity::client::ClientId;
use latchkey_identity::grant::authorization_code::{AuthorizationCode, CodeChallenge};
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::SessionId;
use latchkey_identity::sign_in::context::AuthenticationContext;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::token::confirmation::Thumbprint;
use latchkey_identity::token::family::FamilyId;

use super::authorizations::{self, WIDTH, columns};
use super::scope_sets::scope_set;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// Touches no row when there is one already: a device has one code, whoever else approves.
const ISSUE: Sql = Sql::guarded(
    "authorization_codes.issue",
    "INSERT INTO authorization_code (hash, client, tenant, account, session, auth_time, authorization_id, family,
                                     redirect_uri, challenge, scopes, scope_text, nonce, client_info, origin, issued_at,
                                     redeemed_at, dpop_jkt, places, methods)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
);

/// Touches no row when another request was first.
const REDEEM: Sql = Sql::guarded(
    "authorization_codes.redeem",
    "UPDATE authorization_code SET redeemed_at = $2 WHERE hash = $1 AND redeemed_at IS NULL",
)
.by_key();

const BY_HASH: Sql = Sql::read(
    "authorization_codes.by_hash",
    concat!(
        "SELECT ",
        columns!(),
        ", d.hash, d.client AS code_client, d.tenant AS code_tenant, d.account AS code_account, d.session AS code_session,
           d.auth_time, d.family, d.redirect_uri, d.challenge, d.scopes AS code_scopes, d.scope_text, d.nonce,
           d.client_info, d.origin, d.issued_at, d.redeemed_at, d.dpop_jkt, d.places AS code_places,
           d.methods AS code_methods
          FROM authorization_code d
          JOIN service_authorization a ON a.id = d.authorization_id
         WHERE d.hash = $1"
    ),
).by_key();

pub(super) const ALL: &[&Sql] = &[&ISSUE, &REDEEM, &BY_HASH];

pub(super) fn issue(changes: &mut Changes, code: AuthorizationCode) {
    let values = vec![
        code.hash.0.into(),
        code.client.0.into(),
        code.tenant.0.into(),
        code.account.0.into(),
        code.session.0.into(),
        code.auth_time.into(),
        code.authorization.0.into(),
        code.family.0.into(),
        code.redirect_uri.into(),
        code.challenge.as_ref().map(CodeChallenge::as_str).into(),
        code.scopes.to_string().into(),
        code.scope_text.into(),
        code.nonce.into(),
        code.client_info.into(),
        code.origin.into(),
        code.issued_at.into(),
        code.redeemed_at.into(),
        code.dpop_jkt.map(|key| key.0.to_vec()).into(),
        code.places.as_ref().map(authorizations::places_text).into(),
        code.context.stored().into(),
    ];
    changes.write(&ISSUE, values);
}

pub(super) fn redeem(changes: &mut Changes, code: TokenHash, at: Timestamp) {
    changes.write(&REDEEM, vec![code.0.into(), at.into()]);
}

fn from_row(row: &Row, authorization: AuthorizationId) -> Result<AuthorizationCode, StoreError> {
    Ok(AuthorizationCode {
        hash: TokenHash(row.array(WIDTH)?),
        client: ClientId(row.uuid(WIDTH + 1)?),
        tenant: TenantId(row.uuid(WIDTH + 2)?),
        account: AccountId(row.uuid(WIDTH + 3)?),
        session: SessionId(row.uuid(WIDTH + 4)?),
        auth_time: row.time(WIDTH + 5)?,
        authorization,
        family: FamilyId(row.uuid(WIDTH + 6)?),
        redirect_uri: row.text(WIDTH + 7)?.to_owned(),
        challenge: row.opt_text(WIDTH + 8)?.map(str::to_owned).map(CodeChallenge::from_stored),
        scopes: scope_set(row.text(WIDTH + 9)?),
        scope_text: row.text(WIDTH + 10)?.to_owned(),
        nonce: row.opt_text(WIDTH + 11)?.map(str::to_owned),
        client_info: row.bool(WIDTH + 12)?,
        origin: row.text(WIDTH + 13)?.to_owned(),
        issued_at: row.time(WIDTH + 14)?,
        redeemed_at: row.opt_time(WIDTH + 15)?,
        dpop_jkt: row.opt_array(WIDTH + 16)?.map(Thumbprint),
        places: row.opt_text(WIDTH + 17)?.map(authorizations::places).transpose()?,
        context: AuthenticationContext::from_stored(row.opt_int(WIDTH + 18)?),
    })
}

impl Store {
    /// A code, redeemed or not, with the authorization above it.
    pub async fn code(&self, hash: TokenHash) -> Result<Option<(AuthorizationCode, Authorization)>, StoreError> {
        let Some(row) = self.read_one(&BY_HASH, vec![hash.0.into()]).await? else { return Ok(None) };
        let authorization = authorizations::from_row(&row)?;
        Ok(Some((from_row(&row, authorization.id)?, authorization)))
    }

    /// Keeps a code that was just issued in memory, for the moment until it is redeemed.
    pub fn remember_code(&self, code: AuthorizationCode) {
        self.memory.codes.insert(code.hash, Arc::new(code));
    }

    /// What is remembered of a code, with the authorization above it as it is now.
    ///
    /// The code may have been redeemed since: a redemption that is decided by this is guarded and cannot be wrong, but whatever else comes
    /// of it has to be decided again by [`Self::code`].
    pub async fn remembered_code(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(Arc<AuthorizationCode>, Arc<Authorization>)>, StoreError> {
        let Some((_, code)) = self.memory.codes.remove(&hash) else { return Ok(None) };
        Ok(self.authorization(code.authorization).await?.map(|authorization| (code, authorization)))
    }
}
