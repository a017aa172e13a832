//! The tenants in which tokens may travel through browsers.

use latchkey_identity::tenant::TenantId;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};

const ALLOWED: Sql = Sql::read("implicit.allowed", "SELECT tenant FROM implicit_tenant WHERE tenant = $1");

const ALLOW: Sql =
    Sql::write("implicit.allow", "INSERT INTO implicit_tenant (tenant) VALUES ($1) ON CONFLICT (tenant) DO NOTHING");

const FORBID: Sql = Sql::write("implicit.forbid", "DELETE FROM implicit_tenant WHERE tenant = $1");

pub(super) const ALL: &[&Sql] = &[&ALLOWED, &ALLOW, &FORBID];

pub(super) fn set(changes: &mut Changes, tenant: TenantId, allowed: bool) {
    changes.write(if allowed { &ALLOW } else { &FORBID }, vec![tenant.0.into()]);
}

impl Store {
    /// Whether tokens may travel through browsers in a tenant.
    pub async fn allows_implicit(&self, tenant: TenantId) -> Result<bool, StoreError> {
        Ok(self.read_one(&ALLOWED, vec![tenant.0.into()]).await?.is_some())
    }
}
