//! The organizations that a person belongs to, which older clients call accounts.

use latchkey_devops::access::{self, Action};
use latchkey_devops::error::DevOpsError;
use latchkey_devops::ids::PersonId;
use latchkey_devops::wire;
use uuid::Uuid;

use super::call::{Call, FoundOrganization};
use super::error::ApiError;
use super::table::Answer;

/// `GET [/{organization}]/_apis/accounts?memberId=&ownerId=`: those of the caller, as far as the authorization reaches.
pub(super) async fn list(call: Call) -> Answer {
    let access = call.own().await?;
    let (member, owner) = (person(&call, "memberId")?, person(&call, "ownerId")?);
    let mut shown = Vec::new();
    if member.is_none_or(|member| member == access.person()) {
        for facts in call.app.store.organizations_of(access.person()).await? {
            let found = FoundOrganization::of(&call.app, facts.clone(), access.person()).await?;
            let reached = access::to_organization(call.caller(), found.within(), Action::Connect).is_ok();
            if reached && owner.is_none_or(|owner| owner == facts.organization.owner) {
                shown.push(wire::account::account(&call.origin.url, &facts.organization));
            }
        }
    }
    call.list(shown)
}

fn person(call: &Call, name: &str) -> Result<Option<PersonId>, ApiError> {
    let id = call.query.once(name)?.map(Uuid::try_parse).transpose();
    Ok(id.map_err(|_| DevOpsError::bad_request(format!("The value of {name} must be an id.")))?.map(PersonId))
}
