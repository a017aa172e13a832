//! Set-up: the first tenant of a server, and its administrator.

use askama::Template;

use super::Frame;

/// The set-up page. Posts `token`, `domain`, `tenant_name`, `email`, `name` and `password` to `/setup`.
#[derive(Template)]
#[template(path = "set_up.html")]
pub struct SetUp {
    /// What every page needs.
    pub frame: Frame,
    /// What the link brought.
    pub token: String,
    /// What was typed before.
    pub typed: Typed,
    /// Why the last attempt did not succeed.
    pub trouble: Option<String>,
}

/// What was typed into the form. A password is typed again.
#[derive(Clone, Default)]
pub struct Typed {
    /// The domain of the tenant.
    pub domain: String,
    /// The name of the tenant.
    pub tenant_name: String,
    /// The address of its administrator.
    pub email: String,
    /// Their name.
    pub name: String,
}
