//! The app that a call comes through, for the history of what it changes.

use latchkey_devops::ids::AppId;
use latchkey_store::devops::Through;

use super::call::Call;

/// The app, and the authorization that it acts under. An app by itself is the author of what it does, and comes through nothing.
pub(super) fn through(call: &Call) -> Option<Through> {
    let bearer = call.identified.holder.person()?;
    Some(Through { app: AppId(bearer.client.id.0), authorization: bearer.authorization.id.0 })
}
