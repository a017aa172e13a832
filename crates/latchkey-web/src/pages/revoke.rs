//! Asks before authorizations are revoked, and says what has ended afterwards.

use askama::Template;

use super::{Frame, Moment};

/// Asks before one or all authorizations are revoked. Posts `authorization` (an id, or `all`) to
/// `/profile/authorizations/revoke`.
#[derive(Template)]
#[template(path = "revoke.html")]
pub struct Revoke {
    /// What every page needs.
    pub frame: Frame,
    /// The id of the one authorization, or none for all of them.
    pub authorization: Option<String>,
    /// The apps that lose their access.
    pub apps: Vec<String>,
}

/// Says what has ended.
#[derive(Template)]
#[template(path = "revoked.html")]
pub struct Revoked {
    /// What every page needs.
    pub frame: Frame,
    /// The apps that lost their access.
    pub apps: Vec<String>,
    /// When it ended.
    pub at: Moment,
    /// How many refresh tokens ended.
    pub refresh_tokens: u32,
    /// How many access tokens ended before their time.
    pub access_tokens: u32,
    /// Until when somebody who checks tokens without asking us might still take one.
    pub offline_until: Option<Moment>,
}
