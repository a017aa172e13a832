//! Errors, for people.

use askama::Template;

use super::for_owner::ForOwner;
use super::{Frame, Moment};

/// An error, for people: what happened, what to do, and what to quote to whoever helps.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// What every page needs.
    pub frame: Frame,
    /// The fixed heading: `This link does not work`.
    pub heading: String,
    /// What happened, as a plain sentence.
    pub sentence: String,
    /// What to do about it, as a plain sentence. May be empty.
    pub mend: String,
    /// The stable code, the same in every language: `invalid_redirect_uri`.
    pub code: String,
    /// What finds this answer in the log.
    pub correlation_id: String,
    /// When it happened.
    pub at: Moment,
    /// What is said to whoever may change the app, if they are who looks.
    pub owner: Option<ForOwner>,
}
