//! Whether tokens may travel through browsers to apps of the tenant. [OpenID Connect Core §3.2, §3.3]

use latchkey_identity::event::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::{Answer, Call, Reply};

/// The switch.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Implicit {
    allowed: bool,
}

/// `GET /implicit`
pub(super) async fn read(call: Call) -> Answer {
    let allowed = call.app.store.allows_implicit(call.by.tenant()).await?;
    Ok(Reply::Of(json!(Implicit { allowed })))
}

/// `PUT /implicit`
pub(super) async fn update(mut call: Call) -> Answer {
    let Implicit { allowed } = call.read()?;
    let tenant = call.by.tenant();
    let event = call.app.registration_event(tenant).by(call.by.account().id);
    let event = Event { address: Some(call.address().to_owned()), ..event };
    call.app.allow_implicit(tenant, allowed, event).await?;
    Ok(Reply::Of(json!(Implicit { allowed })))
}
