//! Apps of the older OAuth kind: what becomes of them, and the refusal to make another.

use askama::Template;

use super::Frame;

/// What becomes of apps of the older kind, and the way out.
#[derive(Template)]
#[template(path = "legacy.html")]
pub struct Legacy {
    /// What every page needs.
    pub frame: Frame,
    /// Whether somebody came to make a new one.
    pub refused: bool,
    /// What they are told then.
    pub sentence: &'static str,
}
