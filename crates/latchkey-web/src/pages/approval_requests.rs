//! What members ask to have approved, for the administrators of an organization.

use askama::Template;

use super::authorization::Allowed;
use super::moment::Ago;
use super::{AppFace, Frame, Moment, tile};

/// What members ask to have approved, and what was. `Approve`, `Deny` and `Take back` post `request` (an id) and `decision`
/// (`approve`, `deny` or `take-back`) to `/organizations/{name}/requests`.
#[derive(Template)]
#[template(path = "approval_requests.html")]
pub struct ApprovalRequests {
    /// What every page needs.
    pub frame: Frame,
    /// The organization's name.
    pub name: String,
    /// Whether members ask in this organization, by its policy.
    pub members_ask: bool,
    /// What has just been done, if anything: `The request was approved.`
    pub done: Option<String>,
    /// The requests that wait, the oldest first.
    pub waiting: Vec<WaitingRequest>,
    /// What was approved, the newest first.
    pub approved: Vec<ApprovedRequest>,
}

/// Who asks, for which app.
pub struct Asker {
    /// The app.
    pub app: AppFace,
    /// The person's name.
    pub person: String,
    /// The person's email address.
    pub email: String,
}

/// A request that waits.
pub struct WaitingRequest {
    /// Its id.
    pub id: String,
    /// Who asks, for which app.
    pub asker: Asker,
    /// What the app could do.
    pub may: Vec<Allowed>,
    /// What it is for, in the person's words. May be empty.
    pub sentence: String,
    /// When it was made.
    pub asked: Ago,
    /// When it ends by itself.
    pub until: Moment,
}

/// A request that was approved.
pub struct ApprovedRequest {
    /// Its id.
    pub id: String,
    /// Who may authorize which app.
    pub asker: Asker,
    /// What the app may do.
    pub may: Vec<String>,
    /// Who approved it.
    pub by: String,
    /// When.
    pub at: Moment,
}
