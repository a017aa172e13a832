//! Upstream providers of tenants, who is linked to whom there, and sign-ins that are on their way.

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorize::flow::FlowId;
use latchkey_identity::key_rotation::Sealed;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::BrowserHash;
use latchkey_identity::sign_in::upstream::link::Link;
use latchkey_identity::sign_in::upstream::pending::{Freshness, PendingSignIn, Purpose};
use latchkey_identity::sign_in::upstream::{Upstream, UpstreamId};
use latchkey_identity::tenant::TenantId;

use super::meaningless;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

const ADD: Sql = Sql::guarded(
    "upstreams.add",
    "INSERT INTO upstream (id, tenant, name, issuer, client_id, secret, scopes, home_realm, makes_accounts, passwords,
                           created_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);

const CHANGE: Sql = Sql::guarded(
    "upstreams.change",
    "UPDATE upstream
        SET name = $4, client_id = $5, secret = $6, scopes = $7, home_realm = $8, makes_accounts = $9, passwords = $10,
            version = $11
      WHERE id = $1 AND tenant = $2 AND version = $3",
);

const REMOVE: Sql = Sql::guarded("upstreams.remove", "DELETE FROM upstream WHERE id = $1 AND tenant = $2");

const REMOVE_LINKS: Sql =
    Sql::write("upstreams.remove_links", "DELETE FROM upstream_link WHERE tenant = $1 AND issuer = $2");

const OF_TENANT: Sql = Sql::read(
    "upstreams.of_tenant",
    "SELECT id, tenant, name, issuer, client_id, secret, scopes, home_realm, makes_accounts, passwords, created_at, version
       FROM upstream WHERE tenant = $1 ORDER BY issuer",
);

/// Whether any directory sends its people elsewhere by their address.
const ANY_HOME_REALM: Sql =
    Sql::read("upstreams.any_home_realm", "SELECT id FROM upstream WHERE home_realm = 1 LIMIT 1").of_server();

/// Touches no row when somebody is linked already: who that is at the provider belongs to one account.
const LINK: Sql = Sql::guarded(
    "upstreams.link",
    "INSERT INTO upstream_link (tenant, issuer, subject, account, linked_at) VALUES ($1, $2, $3, $4, $5)",
);

const UNLINK: Sql = Sql::guarded(
    "upstreams.unlink",
    "DELETE FROM upstream_link WHERE tenant = $1 AND issuer = $2 AND subject = $3 AND account = $4",
);

const LINKED: Sql = Sql::read(
    "upstreams.linked",
    "SELECT account FROM upstream_link WHERE tenant = $1 AND issuer = $2 AND subject = $3",
);

const LINKS_OF: Sql = Sql::read(
    "upstreams.links_of",
    "SELECT tenant, issuer, subject, account, linked_at FROM upstream_link WHERE account = $1 ORDER BY issuer, subject",
)
.by_owner();

const BEGIN: Sql = Sql::write(
    "upstreams.begin",
    "INSERT INTO upstream_sign_in (state, browser, upstream, tenant, version, origin, flow, next, account, anew, max_age,
                                   started_at, used_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);

/// Touches no row when somebody was first.
const USE: Sql =
    Sql::guarded("upstreams.use", "UPDATE upstream_sign_in SET used_at = $2 WHERE state = $1 AND used_at IS NULL")
        .by_key();

const MOVE: Sql =
    Sql::write("upstreams.move", "UPDATE upstream_sign_in SET browser = $2 WHERE browser = $1 AND used_at IS NULL")
        .by_owner();

const PENDING: Sql = Sql::read(
    "upstreams.pending",
    "SELECT state, browser, upstream, tenant, version, origin, flow, next, account, anew, max_age, started_at, used_at
       FROM upstream_sign_in WHERE state = $1",
)
.by_key();

pub(super) const ALL: &[&Sql] = &[
    &ADD,
    &CHANGE,
    &REMOVE,
    &REMOVE_LINKS,
    &OF_TENANT,
    &ANY_HOME_REALM,
    &LINK,
    &UNLINK,
    &LINKED,
    &LINKS_OF,
    &BEGIN,
    &USE,
    &MOVE,
    &PENDING,
];

pub(super) fn add(changes: &mut Changes, upstream: Upstream) {
    let values = vec![
        upstream.id.0.into(),
        upstream.tenant.0.into(),
        upstream.name.into(),
        upstream.issuer.into(),
        upstream.client_id.into(),
        upstream.secret.map(|Sealed(secret)| secret).into(),
        upstream.scopes.into(),
        upstream.home_realm.into(),
        upstream.makes_accounts.into(),
        upstream.passwords.into(),
        upstream.created_at.into(),
        upstream.version.into(),
    ];
    changes.write(&ADD, values);
}

pub(super) fn change(changes: &mut Changes, upstream: Upstream, from_version: i64) {
    let values = vec![
        upstream.id.0.into(),
        upstream.tenant.0.into(),
        from_version.into(),
        upstream.name.into(),
        upstream.client_id.into(),
        upstream.secret.map(|Sealed(secret)| secret).into(),
        upstream.scopes.into(),
        upstream.home_realm.into(),
        upstream.makes_accounts.into(),
        upstream.passwords.into(),
        upstream.version.into(),
    ];
    changes.write(&CHANGE, values);
}

pub(super) fn remove(changes: &mut Changes, upstream: UpstreamId, tenant: TenantId, issuer: String) {
    changes
        .write(&REMOVE, vec![upstream.0.into(), tenant.0.into()])
        .write(&REMOVE_LINKS, vec![tenant.0.into(), issuer.into()]);
}

pub(super) fn link(changes: &mut Changes, link: Link) {
    let Link { tenant, issuer, subject, account, linked_at } = link;
    changes.write(&LINK, vec![tenant.0.into(), issuer.into(), subject.into(), account.0.into(), linked_at.into()]);
}

pub(super) fn unlink(changes: &mut Changes, link: Link) {
    let Link { tenant, issuer, subject, account, .. } = link;
    changes.write(&UNLINK, vec![tenant.0.into(), issuer.into(), subject.into(), account.0.into()]);
}

pub(super) fn begin(changes: &mut Changes, pending: PendingSignIn) {
    let (flow, next, account) = match pending.purpose {
        Purpose::SignIn { flow, next } => (flow, Some(next), None),
        Purpose::Link { account } => (None, None, Some(account)),
    };
    let max_age = pending.freshness.max_age.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
    let values = vec![
        pending.state.0.into(),
        pending.browser.0.0.into(),
        pending.upstream.0.into(),
        pending.tenant.0.into(),
        pending.version.into(),
        pending.origin.into(),
        flow.map(|flow| flow.0.0).into(),
        next.into(),
        account.map(|account| account.0).into(),
        pending.freshness.anew.into(),
        max_age.into(),
        pending.started_at.into(),
        pending.used_at.into(),
    ];
    changes.write(&BEGIN, values);
}

pub(super) fn use_up(changes: &mut Changes, state: TokenHash, at: Timestamp) {
    changes.write(&USE, vec![state.0.into(), at.into()]);
}

/// Sign-ins of one browser that are on their way become those of another.
pub(super) fn move_to(changes: &mut Changes, from: BrowserHash, to: BrowserHash) {
    changes.write(&MOVE, vec![from.0.0.into(), to.0.0.into()]);
}

fn upstream_from(row: &Row) -> Result<Upstream, StoreError> {
    Ok(Upstream {
        id: UpstreamId(row.uuid(0)?),
        tenant: TenantId(row.uuid(1)?),
        name: row.text(2)?.to_owned(),
        issuer: row.text(3)?.to_owned(),
        client_id: row.text(4)?.to_owned(),
        secret: row.opt_blob(5)?.map(|secret| Sealed(secret.to_owned())),
        scopes: row.text(6)?.to_owned(),
        home_realm: row.bool(7)?,
        makes_accounts: row.bool(8)?,
        passwords: row.bool(9)?,
        created_at: row.time(10)?,
        version: row.int(11)?,
    })
}

fn link_from(row: &Row) -> Result<Link, StoreError> {
    Ok(Link {
        tenant: TenantId(row.uuid(0)?),
        issuer: row.text(1)?.to_owned(),
        subject: row.text(2)?.to_owned(),
        account: AccountId(row.uuid(3)?),
        linked_at: row.time(4)?,
    })
}

fn pending_from(row: &Row) -> Result<PendingSignIn, StoreError> {
    let flow = row.opt_array(6)?.map(|flow| FlowId(TokenHash(flow)));
    let purpose = match (row.opt_text(7)?, row.opt_uuid(8)?) {
        (Some(next), None) => Purpose::SignIn { flow, next: next.to_owned() },
        (None, Some(account)) => Purpose::Link { account: AccountId(account) },
        _ => return Err(meaningless("purpose of a sign-in", "")),
    };
    Ok(PendingSignIn {
        state: TokenHash(row.array(0)?),
        browser: BrowserHash(TokenHash(row.array(1)?)),
        upstream: UpstreamId(row.uuid(2)?),
        tenant: TenantId(row.uuid(3)?),
        version: row.int(4)?,
        origin: row.text(5)?.to_owned(),
        purpose,
        freshness: Freshness {
            anew: row.bool(9)?,
            max_age: row.opt_int(10)?.map(|seconds| u64::try_from(seconds).unwrap_or_default()),
        },
        started_at: row.time(11)?,
        used_at: row.opt_time(12)?,
    })
}

impl Store {
    /// The providers of a tenant, by issuer. There are few.
    pub async fn upstreams_of(&self, tenant: TenantId) -> Result<Vec<Upstream>, StoreError> {
        self.read(&OF_TENANT, vec![tenant.0.into()]).await?.iter().map(upstream_from).collect()
    }

    /// Whether any directory sends its people elsewhere by their address.
    pub async fn is_any_home_realm(&self) -> Result<bool, StoreError> {
        Ok(self.read_one(&ANY_HOME_REALM, vec![]).await?.is_some())
    }

    /// The account that is linked to who somebody is at a provider.
    pub async fn upstream_account(
        &self,
        tenant: TenantId,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<AccountId>, StoreError> {
        let row = self.read_one(&LINKED, vec![tenant.0.into(), issuer.into(), subject.into()]).await?;
        row.map(|row| row.uuid(0).map(AccountId)).transpose()
    }

    /// The links of an account.
    pub async fn upstream_links_of(&self, account: AccountId) -> Result<Vec<Link>, StoreError> {
        self.read(&LINKS_OF, vec![account.0.into()]).await?.iter().map(link_from).collect()
    }

    /// A sign-in that is on its way, come back or not.
    pub async fn upstream_sign_in(&self, state: TokenHash) -> Result<Option<PendingSignIn>, StoreError> {
        self.read_one(&PENDING, vec![state.0.into()]).await?.as_ref().map(pending_from).transpose()
    }
}
