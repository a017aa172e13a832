//! Whether tokens travel through browsers to a directory's apps, for who administers it.

use askama::Template;

use super::Frame;

/// Whether tokens travel through browsers. The form posts `allowed` to `/apps/implicit`.
#[derive(Template)]
#[template(path = "implicit.html")]
pub struct Implicit {
    /// What every page needs.
    pub frame: Frame,
    /// Whether it has just been saved.
    pub saved: bool,
    /// The directory.
    pub directory: String,
    /// What holds now.
    pub allowed: bool,
}
