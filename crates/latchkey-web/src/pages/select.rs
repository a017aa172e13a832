//! The account picker.

use askama::Template;

use super::sign_in::Asking;
use super::{Frame, tile};

/// The account picker. An account's button posts `flow` and `account` to `/select`; `Use another account` posts
/// `flow` to `/select/another`, `Forget` posts `flow` and `account` to `/select/forget`.
#[derive(Template)]
#[template(path = "select.html")]
pub struct Select {
    /// What every page needs.
    pub frame: Frame,
    /// The flow the account is for.
    pub flow: String,
    /// The app that asked.
    pub asking: Asking,
    /// The accounts that are signed in in this browser.
    pub accounts: Vec<AccountChoice>,
}

/// One account to pick.
pub struct AccountChoice {
    /// The id that comes back as `account`.
    pub id: String,
    /// The person's name.
    pub name: String,
    /// The account's email address.
    pub email: String,
    /// The directory that holds the account.
    pub directory: String,
}
