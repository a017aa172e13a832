//! Tenants. They are made and never changed.

use std::sync::Arc;

use latchkey_identity::Timestamp;
use latchkey_identity::tenant::{Tenant, TenantId, TenantKind};

use super::meaningless;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::{Row, Value};

const CREATE: Sql =
    Sql::guarded("tenants.create", "INSERT INTO tenant (id, kind, name, domain) VALUES ($1, $2, $3, $4)");

const BY_ID: Sql = Sql::read("tenants.by_id", "SELECT id, kind, name, domain FROM tenant WHERE id = $1");

const BY_DOMAIN: Sql = Sql::read("tenants.by_domain", "SELECT id, kind, name, domain FROM tenant WHERE domain = $1");

const EVERY: Sql = Sql::sweep("tenants.every", "SELECT id, kind, name, domain FROM tenant ORDER BY domain").of_server();

/// The one row that there may be.
const SET_UP: Sql = Sql::guarded("tenants.set_up", "INSERT INTO set_up (once, at) VALUES (1, $1)").of_server();

pub(super) const ALL: &[&Sql] = &[&SET_UP, &CREATE, &BY_ID, &BY_DOMAIN, &EVERY];

pub(super) fn set_up(changes: &mut Changes, at: Timestamp) {
    changes.write(&SET_UP, vec![at.into()]);
}

pub(super) fn create(changes: &mut Changes, tenant: Tenant) {
    let values = vec![tenant.id.0.into(), kind_name(tenant.kind).into(), tenant.name.into(), tenant.domain.into()];
    changes.write(&CREATE, values);
}

const fn kind_name(kind: TenantKind) -> &'static str {
    match kind {
        TenantKind::Work => "work",
        TenantKind::Personal => "personal",
    }
}

fn from_row(row: &Row) -> Result<Tenant, StoreError> {
    let kind = match row.text(1)? {
        "work" => TenantKind::Work,
        "personal" => TenantKind::Personal,
        found => return Err(meaningless("tenant kind", found)),
    };
    Ok(Tenant { id: TenantId(row.uuid(0)?), kind, name: row.text(2)?.to_owned(), domain: row.text(3)?.to_owned() })
}

impl Store {
    /// A tenant.
    pub async fn tenant(&self, id: TenantId) -> Result<Option<Arc<Tenant>>, StoreError> {
        self.memory.tenants.get_or_find(id, async || self.find_tenant(&BY_ID, id.0.into()).await).await
    }

    /// The tenant of a verified domain, in lower case.
    pub async fn tenant_by_domain(&self, domain: &str) -> Result<Option<Arc<Tenant>>, StoreError> {
        let find = async || self.find_tenant(&BY_DOMAIN, domain.into()).await;
        self.memory.domains.get_or_find(domain.to_owned(), find).await
    }

    /// Every tenant, by domain.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        self.read(&EVERY, vec![]).await?.iter().map(from_row).collect()
    }

    async fn find_tenant(&self, sql: &'static Sql, key: Value) -> Result<Option<Arc<Tenant>>, StoreError> {
        self.read_one(sql, vec![key]).await?.map(|row| from_row(&row).map(Arc::new)).transpose()
    }
}
