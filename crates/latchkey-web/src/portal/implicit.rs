//! Whether tokens travel through browsers to a directory's apps: decided by who administers it.

use super::visit::{Answer, Visit};
use crate::pages::implicit::Implicit;

/// `GET /apps/implicit`
pub(super) async fn show(visit: Visit) -> Answer {
    visit.administers_directory()?;
    let (store, tenant) = (&visit.app.store, visit.account().tenant);
    visit.show(&Implicit {
        frame: visit.frame(),
        saved: visit.asked("saved").is_some(),
        directory: store.tenant(tenant).await?.map(|tenant| tenant.domain.clone()).unwrap_or_default(),
        allowed: store.allows_implicit(tenant).await?,
    })
}

/// `POST /apps/implicit`
pub(super) async fn save(visit: Visit) -> Answer {
    visit.administers_directory()?;
    let allowed = visit.posted("allowed").is_some();
    visit.app.allow_implicit(visit.account().tenant, allowed, visit.policy_event()).await?;
    visit.go_to("/apps/implicit?saved=1")
}
