//! Stands between an error and an app that nobody vouches for.

use askama::Template;

use super::for_owner::ForOwner;
use super::{AppFace, Frame};

/// Asks before an error is sent to an app that is not verified and that the person never approved. Posts `flow` to
/// `/error/continue`.
#[derive(Template)]
#[template(path = "interstitial.html")]
pub struct Interstitial {
    /// What every page needs.
    pub frame: Frame,
    /// The flow that failed.
    pub flow: String,
    /// The app it would be sent to.
    pub app: AppFace,
    /// The host it would be sent to.
    pub host: String,
    /// What went wrong, as the app is told it: `the scope vso.nothing does not exist`.
    pub reason: String,
    /// The OAuth error code.
    pub code: String,
    /// What is said to whoever may change the app, if they are who looks.
    pub owner: Option<ForOwner>,
}
