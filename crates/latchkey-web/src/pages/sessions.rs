//! Where a person is signed in.

use askama::Template;

use super::moment::Ago;
use super::{Frame, Moment};

/// Where a person is signed in. `End` posts `session` (an id, or `others`) to `/profile/sessions/end`.
#[derive(Template)]
#[template(path = "sessions.html")]
pub struct Sessions {
    /// What every page needs.
    pub frame: Frame,
    /// What has just been ended, if anything: `One session was ended.`
    pub done: Option<String>,
    /// This one first.
    pub rows: Vec<SessionRow>,
}

/// One browser in which the person is signed in.
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// The browser, as far as it says: `Firefox on Linux`.
    pub browser: String,
    /// The network address it was last seen at.
    pub address: String,
    /// When the person signed in.
    pub since: Moment,
    /// When it was last used.
    pub seen: Ago,
    /// Whether it is the one that shows this page.
    pub this: bool,
}
