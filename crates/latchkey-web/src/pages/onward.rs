//! On the way to somewhere else: the page goes on by itself.

use askama::Template;

use super::Frame;

/// On the way to somewhere else. It goes on by itself; its link is for browsers that do not.
#[derive(Template)]
#[template(path = "onward.html")]
pub struct Onward {
    /// What every page needs.
    pub frame: Frame,
    /// What people call it.
    pub to: String,
    /// The address.
    pub location: String,
}
