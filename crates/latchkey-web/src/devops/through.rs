//! The app that a call comes through, for the history of what it changes.

use latchkey_devops::ids::AppId;
use latchkey_store::devops::Through;

use super::call::Call;

/// The app, and the authorization that it acts under.
pub(super) fn through(call: &Call) -> Option<Through> {
    let bearer = &call.identified().bearer;
    Some(Through { app: AppId(bearer.client.id.0), authorization: bearer.authorization.id.0 })
}
