//! `Test sign-in`: whoever runs an app goes through its sign-in.

use latchkey_identity::client::rehearsal::Rehearsal;

use super::app;
use super::problem::Problem;
use super::visit::{Answer, Visit};
use crate::identity::rehearsal;

/// `POST /apps/{id}/test`
pub(super) async fn begin(visit: Visit) -> Answer {
    let client = app::own(&visit).await?;
    let rehearsal = Rehearsal::of(&client, visit.account()).map_err(|_| Problem::NotFound)?;
    Ok(rehearsal::begin(&visit.app, &visit.visitor, rehearsal, visit.account().id).await)
}
