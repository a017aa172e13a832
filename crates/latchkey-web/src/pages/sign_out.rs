//! Signing out: of one account, or of all.

use askama::Template;

use super::{Frame, Person, tile};

/// Asks before signing out. Posts `account` (an id, or `all`) and, if an app asked, its `tenant` and `request` to `/signout`;
/// Stay signed in is a link to `/me`.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub struct SignOut {
    /// What every page needs.
    pub frame: Frame,
    /// The app that asked for it, if one did.
    pub app: Option<String>,
    /// The tenant segment and the query of that app's request. They are read anew when the answer comes.
    pub request: Option<(String, String)>,
    /// Where that app wants to go on, if it registered that.
    pub onward: Option<Onward>,
    /// Accounts that are signed in too, and are not listed because the app meant somebody in particular.
    pub others: usize,
    /// Whether one of them signed in elsewhere, where they stay signed in.
    pub elsewhere: bool,
    /// Accounts that are signed in.
    pub accounts: Vec<SignedIn>,
}

/// Where the person can go on to.
pub struct Onward {
    /// The address.
    pub href: String,
    /// The host that it leads to.
    pub host: String,
}

/// An account that is signed in.
pub struct SignedIn {
    /// The id that comes back as `account`.
    pub id: String,
    /// Who it is.
    pub person: Person,
}
