//! Whether tokens travel through browsers to a directory's apps: decided by who administers it.

use super::problem::Problem;
use super::visit::{Answer, Visit};
use crate::pages::implicit::Implicit;

/// `GET /apps/implicit`
pub(super) async fn show(visit: Visit) -> Answer {
    administers(&visit)?;
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
    administers(&visit)?;
    let (app, account) = (&visit.app, visit.account());
    let event = app.registration_event(account.tenant).by(account.id).within(visit.current.session.id);
    let event = latchkey_identity::event::Event { address: Some(visit.address()), ..event };
    app.allow_implicit(account.tenant, visit.posted("allowed").is_some(), event).await?;
    visit.go_to("/apps/implicit?saved=1")
}

fn administers(visit: &Visit) -> Result<(), Problem> {
    match visit.account().tenant_administrator {
        true => Ok(()),
        false => Err(Problem::Forbidden { reason: "Only an administrator of your directory decides this.".into() }),
    }
}
