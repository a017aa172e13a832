//! The `{t}` of a URL, looked up.

use latchkey_identity::tenant::{Audience, PERSONAL_TENANT, TenantSegment};
use latchkey_store::StoreError;

use crate::app::App;
use crate::identity::problem::OAuthProblem;

/// Why nobody's accounts may answer at a segment.
pub enum NoAudience {
    /// It names no tenant of ours.
    UnknownTenant,
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for NoAudience {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NoAudience> for OAuthProblem {
    fn from(why: NoAudience) -> Self {
        match why {
            NoAudience::UnknownTenant => Self::unknown_tenant(),
            NoAudience::Store(error) => error.into(),
        }
    }
}

/// Whose accounts may answer at this segment.
pub async fn audience(app: &App, segment: &str) -> Result<Audience, NoAudience> {
    let tenant = match TenantSegment::parse(segment).ok_or(NoAudience::UnknownTenant)? {
        TenantSegment::Common => return Ok(Audience::Anyone),
        TenantSegment::Organizations => return Ok(Audience::WorkAccounts),
        TenantSegment::Consumers => app.store.tenant(PERSONAL_TENANT).await?,
        TenantSegment::Id(id) => app.store.tenant(id).await?,
        TenantSegment::Domain(domain) => app.store.tenant_by_domain(&domain).await?,
    };
    tenant.map(|tenant| Audience::Tenant((*tenant).clone())).ok_or(NoAudience::UnknownTenant)
}
