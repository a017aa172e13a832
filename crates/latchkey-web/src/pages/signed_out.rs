//! What has ended after signing out.

use askama::Template;

use super::Frame;
use super::sign_out::Onward;

/// What has ended after signing out.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut {
    /// What every page needs.
    pub frame: Frame,
    /// The email addresses of the accounts that were signed out.
    pub accounts: Vec<String>,
    /// What frames load, so that apps notice it too.
    pub frames: Vec<String>,
    /// Where the browser goes on to after that.
    pub onward: Option<Onward>,
    /// How many accounts are still signed in in this browser.
    pub remaining: u32,
}

impl SignedOut {
    /// What has happened, which is nothing if nobody left.
    fn heading(&self) -> &'static str {
        if self.accounts.is_empty() { "Nobody was signed out" } else { "You are signed out" }
    }
}
