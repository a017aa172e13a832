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
    /// The requests that wait, the newest first.
    pub waiting: Vec<WaitingRequest>,
    /// What was approved, the newest first.
    pub approved: Vec<ApprovedRequest>,
    /// The page with the next requests that wait, if there are more.
    pub more_waiting: Option<String>,
    /// The page with the next ones that were approved, if there are more.
    pub more_approved: Option<String>,
}

/// Who asks, for which app.
pub struct Asker {
    /// The app.
    pub app: AppFace,
    /// Its client id.
    pub client_id: String,
    /// The directory that it is registered in.
    pub directory: String,
    /// Every place that it may send people back to.
    pub destinations: Vec<String>,
    /// Whether it hands out codes for devices, too.
    pub devices: bool,
    /// Whether the app is still what it was when the person asked: if not, the request and its answer count no more.
    pub is_same: bool,
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
