//! How a person signs in: their password, and the providers that their account is linked to.

use askama::Template;

use super::{Frame, Moment};

/// How a person signs in. The forms post `current_password`, `new_password`, `repeated_password` and, if it is ticked, `revoke_services` to
/// `/profile/sign-in/password`, `upstream` and `password` to `/profile/sign-in/link`, and `issuer` and `subject` to
/// `/profile/sign-in/unlink`.
#[derive(Template)]
#[template(path = "sign_in_ways.html")]
pub struct SignInWays {
    /// What every page needs.
    pub frame: Frame,
    /// What has just been done, and whether it went well.
    pub done: Option<(bool, &'static str)>,
    /// What a password is worth.
    pub password: PasswordWay,
    /// The address that it goes with.
    pub email: String,
    /// How many services may do something for the person.
    pub services: u32,
    /// What the account is linked to.
    pub links: Vec<LinkRow>,
    /// The providers of the directory that it is not linked to.
    pub providers: Vec<(String, String)>,
}

/// What a password is worth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PasswordWay {
    /// It counts.
    Counts,
    /// There is one, and the directory lets nobody in by it.
    DoesNotCount,
    /// There is none.
    None,
}

/// Who the person is at a provider.
pub struct LinkRow {
    /// What people call the provider.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// What it calls the person.
    pub subject: String,
    /// Since when.
    pub since: Moment,
}
