//! The `{t}` of a URL, looked up.

use latchkey_identity::tenant::{Audience, PERSONAL_TENANT, TenantSegment};

use crate::app::App;
use crate::identity::problem::OAuthProblem;

/// Whose accounts may answer at this segment.
pub async fn audience(app: &App, segment: &str) -> Result<Audience, OAuthProblem> {
    let tenant = match TenantSegment::parse(segment).ok_or_else(OAuthProblem::unknown_tenant)? {
        TenantSegment::Common => return Ok(Audience::Anyone),
        TenantSegment::Organizations => return Ok(Audience::WorkAccounts),
        TenantSegment::Consumers => app.store.tenant(PERSONAL_TENANT).await?,
        TenantSegment::Id(id) => app.store.tenant(id).await?,
        TenantSegment::Domain(domain) => app.store.tenant_by_domain(&domain).await?,
    };
    tenant.map(|tenant| Audience::Tenant((*tenant).clone())).ok_or_else(OAuthProblem::unknown_tenant)
}
