//! The answer of `response_mode=form_post`.

use askama::Template;

use super::Frame;

/// Carries the answer to the app in a form. Submits itself where scripts run, and has a plain button where not.
#[derive(Template)]
#[template(path = "form_post.html")]
pub struct FormPost {
    /// What every page needs.
    pub frame: Frame,
    /// The redirect URI, checked to be the app's own.
    pub action: String,
    /// The app's name.
    pub app: String,
    /// The parameters of the answer.
    pub fields: Vec<(String, String)>,
}
