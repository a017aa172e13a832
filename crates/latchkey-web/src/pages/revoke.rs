//! Asks before authorizations are revoked, and says what has ended afterwards.

use askama::Template;

use super::authorizations::IDLE_DAYS;
use super::{Frame, Moment};

/// Asks before authorizations are revoked. Posts `authorization` (an id, `all` or `unused`) to `/profile/authorizations/revoke`, and one
/// `shown` for each that was not used.
#[derive(Template)]
#[template(path = "revoke.html")]
pub struct Revoke {
    /// What every page needs.
    pub frame: Frame,
    /// Which of them.
    pub which: Which,
    /// The apps that lose their access.
    pub apps: Vec<String>,
}

/// Which authorizations are revoked.
pub enum Which {
    /// One: its id.
    One(String),
    /// All of them.
    All,
    /// Those that were not used for a long time: their ids.
    Unused(Vec<String>),
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
