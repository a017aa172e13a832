//! Accounts, their passwords, and the tenants they are guests of.

use std::collections::BTreeMap;
use std::sync::Arc;

use latchkey_identity::Timestamp;
use latchkey_identity::account::{Account, AccountId, AccountState, email_key};
use latchkey_identity::claims::StandardClaims;
use latchkey_identity::tenant::{Tenant, TenantId};

use super::{authorizations, meaningless, sessions};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// The columns that [`from_row`] reads.
macro_rules! columns {
    () => {
        "a.id, a.tenant, a.email, a.email_verified, a.name, a.tenant_administrator, a.created_at, \
         a.changed_at, a.disabled_at, a.claims"
    };
}

/// How many they are.
const WIDTH: usize = 10;

/// The most administrators of a tenant that are told of something.
const MOST_ADMINISTRATORS: u32 = 100;

const CREATE: Sql = Sql::guarded(
    "accounts.create",
    "INSERT INTO account (id, tenant, email, email_key, email_verified, name, tenant_administrator, created_at, changed_at,
                          disabled_at, password, password_set_at, claims)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);

const ADD_GUEST: Sql = Sql::write(
    "accounts.add_guest",
    "INSERT INTO guest (account, tenant) VALUES ($1, $2) ON CONFLICT (account, tenant) DO NOTHING",
);

const DISABLE: Sql =
    Sql::guarded("accounts.disable", "UPDATE account SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL")
        .by_key();

const SET_PASSWORD: Sql =
    Sql::write("accounts.set_password", "UPDATE account SET password = $2, password_set_at = $3 WHERE id = $1")
        .by_key();

/// Touches no row when somebody else was first.
const REPLACE_PASSWORD: Sql = Sql::guarded(
    "accounts.replace_password",
    "UPDATE account SET password = $3, password_set_at = $4 WHERE id = $1 AND password = $2",
)
.by_key();

/// One row for each tenant that the account is a guest of, at least one.
const BY_ID: Sql = Sql::read(
    "accounts.by_id",
    concat!(
        "SELECT ",
        columns!(),
        ", g.tenant AS guest_of FROM account a LEFT JOIN guest g ON g.account = a.id WHERE a.id = $1"
    ),
)
.by_key();

const CREDENTIALS: Sql = Sql::read(
    "accounts.credentials",
    concat!("SELECT ", columns!(), ", a.password FROM account a WHERE a.email_key = $1"),
)
.by_key();

const OF_TENANT: Sql = Sql::read(
    "accounts.of_tenant",
    concat!("SELECT ", columns!(), " FROM account a WHERE a.tenant = $1 ORDER BY a.email_key"),
);

/// A page of a tenant's.
const PAGE_OF_TENANT: Sql = Sql::read(
    "accounts.page_of_tenant",
    concat!(
        "SELECT ",
        columns!(),
        " FROM account a WHERE a.tenant = $1 AND a.email_key > $2 ORDER BY a.email_key LIMIT $3"
    ),
);

const ADMINISTRATORS: Sql = Sql::read(
    "accounts.administrators",
    concat!(
        "SELECT ",
        columns!(),
        " FROM account a WHERE a.tenant = $1 AND a.tenant_administrator = 1 ORDER BY a.email_key LIMIT $2"
    ),
);

pub(super) const ALL: &[&Sql] = &[
    &ADMINISTRATORS,
    &CREATE,
    &ADD_GUEST,
    &DISABLE,
    &SET_PASSWORD,
    &REPLACE_PASSWORD,
    &BY_ID,
    &CREDENTIALS,
    &OF_TENANT,
    &PAGE_OF_TENANT,
];

/// An account and the tenants it may answer for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The account.
    pub account: Account,
    /// The tenant it lives in.
    pub home: Arc<Tenant>,
    /// The tenants it is a guest of.
    pub guest_of: Vec<TenantId>,
}

pub(super) fn create(changes: &mut Changes, account: Account, password: Option<String>) {
    let disabled_at = (account.state == AccountState::Disabled).then_some(account.created_at);
    let password_set_at = password.is_some().then_some(account.created_at);
    let values = vec![
        account.id.0.into(),
        account.tenant.0.into(),
        account.email.as_str().into(),
        email_key(&account.email).into(),
        account.email_verified.into(),
        account.name.into(),
        account.tenant_administrator.into(),
        account.created_at.into(),
        account.changed_at.into(),
        disabled_at.into(),
        password.into(),
        password_set_at.into(),
        written(&account.claims).into(),
    ];
    changes.write(&CREATE, values);
}

pub(super) fn add_guest(changes: &mut Changes, tenant: TenantId, account: AccountId) {
    changes.write(&ADD_GUEST, vec![account.0.into(), tenant.0.into()]).notice(Notice::Account(account.0));
}

pub(super) fn disable(changes: &mut Changes, account: AccountId, at: Timestamp) {
    changes.write(&DISABLE, vec![account.0.into(), at.into()]).notice(Notice::Account(account.0));
    sessions::end_all_of(changes, account, at);
    authorizations::end_those_for_sessions_of(changes, account, at);
}

pub(super) fn set_password(changes: &mut Changes, account: AccountId, password: String, at: Timestamp) {
    changes.write(&SET_PASSWORD, vec![account.0.into(), password.into(), at.into()]).notice(Notice::Account(account.0));
    sessions::end_all_of(changes, account, at);
    authorizations::end_those_for_sessions_of(changes, account, at);
}

pub(super) fn replace_password(changes: &mut Changes, account: AccountId, from: String, to: String, at: Timestamp) {
    let values = vec![account.0.into(), from.into(), to.into(), at.into()];
    changes.write(&REPLACE_PASSWORD, values).notice(Notice::Account(account.0));
}

fn from_row(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: AccountId(row.uuid(0)?),
        tenant: TenantId(row.uuid(1)?),
        email: row.text(2)?.to_owned(),
        email_verified: row.bool(3)?,
        name: row.text(4)?.to_owned(),
        tenant_administrator: row.bool(5)?,
        created_at: row.time(6)?,
        changed_at: row.time(7)?,
        state: if row.opt_time(8)?.is_some() { AccountState::Disabled } else { AccountState::Active },
        claims: read_claims(row.opt_text(9)?)?,
    })
}

/// The claims as they are stored: a JSON object of texts, or nothing.
fn written(claims: &StandardClaims) -> Option<String> {
    (!claims.is_empty()).then(|| serde_json::to_string(claims).unwrap_or_default())
}

fn read_claims(text: Option<&str>) -> Result<StandardClaims, StoreError> {
    let Some(text) = text else { return Ok(StandardClaims::default()) };
    let told: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| meaningless("claims", text))?;
    Ok(told.into_iter().collect())
}

impl Store {
    /// An account with its tenants.
    pub async fn account(&self, id: AccountId) -> Result<Option<Arc<Person>>, StoreError> {
        self.memory.accounts.get_or_find(id, async || self.find_person(id).await).await
    }

    async fn find_person(&self, id: AccountId) -> Result<Option<Arc<Person>>, StoreError> {
        let rows = self.read(&BY_ID, vec![id.0.into()]).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let account = from_row(first)?;
        let mut guest_of = Vec::new();
        for row in &rows {
            guest_of.extend(row.opt_uuid(WIDTH)?.map(TenantId));
        }
        let home = self.tenant(account.tenant).await?;
        let home = home.ok_or_else(|| meaningless("tenant", account.tenant.to_string()))?;
        Ok(Some(Arc::new(Person { account, home, guest_of })))
    }

    /// The account that an address finds, and what is kept of its password. The key is made by [`email_key`].
    pub async fn credentials(&self, email_key: &str) -> Result<Option<(Account, Option<String>)>, StoreError> {
        let Some(row) = self.read_one(&CREDENTIALS, vec![email_key.into()]).await? else { return Ok(None) };
        Ok(Some((from_row(&row)?, row.opt_text(WIDTH)?.map(str::to_owned))))
    }

    /// The accounts that administer their tenant, by address, at most a hundred.
    pub async fn tenant_administrators(&self, tenant: TenantId) -> Result<Vec<Account>, StoreError> {
        let values = vec![tenant.0.into(), MOST_ADMINISTRATORS.into()];
        self.read(&ADMINISTRATORS, values).await?.iter().map(from_row).collect()
    }

    /// The accounts that live in a tenant by address, those after one, a page of them. The key is made by [`email_key`].
    pub async fn accounts_after(&self, tenant: TenantId, after: &str, most: u32) -> Result<Vec<Account>, StoreError> {
        let values = vec![tenant.0.into(), after.into(), most.into()];
        self.read(&PAGE_OF_TENANT, values).await?.iter().map(from_row).collect()
    }

    /// The accounts that live in a tenant, by address.
    pub async fn accounts_of(&self, tenant: TenantId) -> Result<Vec<Account>, StoreError> {
        self.read(&OF_TENANT, vec![tenant.0.into()]).await?.iter().map(from_row).collect()
    }
}
