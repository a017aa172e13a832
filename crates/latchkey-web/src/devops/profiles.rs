//! Profiles: one's own, and nobody else's.

use latchkey_devops::error::DevOpsError;
use latchkey_devops::wire;
use uuid::Uuid;

use super::call::Call;
use super::people;
use super::table::Answer;
use crate::bearer::Holder;

/// `GET [/{organization}]/_apis/profile/profiles/{id}`: `me`, or one's own id.
pub(super) async fn read(call: Call) -> Answer {
    let access = call.own().await?;
    let id = call.named("id");
    let own = id.eq_ignore_ascii_case("me") || Uuid::try_parse(id) == Ok(access.person().0);
    if !own {
        return Err(DevOpsError::not_found("VS403401: There is no such profile, or it is not yours.").into());
    }
    let holder = &call.identified.holder;
    let since = match holder {
        Holder::Person(bearer) => bearer.person.account.changed_at,
        Holder::App(bearer) => bearer.client.created_at,
    };
    call.json(&wire::profile::profile(&people::seen_holder(holder), since))
}
