//! Who a client is connected as.

use latchkey_devops::access::{self, Action};
use latchkey_devops::error::DevOpsError;
use latchkey_devops::wire;

use super::call::FoundOrganization;
use super::table::Answer;
use super::visit::Visit;
use super::{caller, people};

/// `GET /{organization}/_apis/connectionData`. Without a credential: nobody in particular.
pub(super) async fn read(visit: Visit) -> Answer {
    let name = visit.named("organization");
    let app = &visit.app;
    if !caller::has_credential(visit.headers()) {
        let facts = app.store.organization(name).await?;
        let facts = facts.ok_or_else(|| DevOpsError::organization_not_found(name))?;
        return visit.json(&wire::connection_data::connection_data(&facts.organization, None));
    }
    let identified = caller::identify(app, visit.parts(), visit.now).await?;
    let found = FoundOrganization::find(app, name, identified.caller.person).await?;
    access::to_organization(&identified.caller, found.within(), Action::Connect)?;
    let facts = found.facts()?;
    let person = people::seen_holder(&identified.holder);
    visit.json(&wire::connection_data::connection_data(&facts.organization, Some(&person)))
}
