//! The account is not in the directory that the app asked for.

use askama::Template;

use super::sign_in::Asking;
use super::{Frame, Person};

/// The account is not in the directory that the app asked for. The buttons post `flow` to `/select/another` and
/// `/signin/cancel`.
#[derive(Template)]
#[template(path = "wrong_tenant.html")]
pub struct WrongTenant {
    /// What every page needs.
    pub frame: Frame,
    /// The flow that asks.
    pub flow: String,
    /// The app that asked.
    pub asking: Asking,
    /// The account that was picked.
    pub account: Person,
    /// The directory, or the kind of directory, that the app takes people from: `shore.test`, `any work directory`.
    pub wanted: String,
}
