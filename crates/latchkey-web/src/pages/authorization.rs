//! One authorization, with everything known about it.

use askama::Template;

use super::authorizations::{AuthorizationKind, LastUse};
use super::consent::OrganizationChoice;
use super::prerequisite::AskedBefore;
use super::use_by_day::UseByDay;
use super::{AppFace, Frame, Moment, Remaining, tile};

/// One authorization, with everything known about it. `Revoke`, `Pause` and `Resume` post `authorization` to
/// `/profile/authorizations/revoke`, `/pause` and `/resume`. One that has ended is shown with nothing to press.
#[derive(Template)]
#[template(path = "authorization.html")]
pub struct Authorization {
    /// What every page needs.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// The app that holds it.
    pub app: AppFace,
    /// How it came to be.
    pub kind: AuthorizationKind,
    /// The account that gave it.
    pub email: String,
    /// Where a sign-in to the app begins, if it registered that. [OpenID Connect Core §4]
    pub sign_in_at: Option<String>,
    /// What it may do.
    pub may: Vec<Allowed>,
    /// Where: `harbor: lighthouse, drydock`.
    pub places: Vec<String>,
    /// When it was given.
    pub since: Moment,
    /// When it ends by itself, if it does.
    pub until: Option<Moment>,
    /// Whether it ends with the session that it was given in, if that comes first.
    pub for_session: bool,
    /// Since when it is paused, if it is.
    pub paused: Option<Moment>,
    /// When and why it ended, if it has.
    pub ended: Option<Ended>,
    /// What has just been done with it: `It was narrowed.`
    pub done: Option<String>,
    /// What can be taken from it, while it lasts.
    pub narrow: Option<Narrow>,
    /// When it last acted, if it ever did.
    pub last_use: Option<LastUse>,
    /// The keys that work right now.
    pub keys: Vec<LiveKey>,
    /// What happened to it, the newest first.
    pub events: Vec<Event>,
    /// Calls by day.
    pub by_day: UseByDay,
    /// What for it was used, the last use first.
    pub used_for: Vec<UsedFor>,
    /// What it changed, the newest first.
    pub changes: Vec<Deed>,
    /// Calls that were refused, the newest first.
    pub refused: Vec<RefusedCalls>,
}

/// The end of an authorization.
pub struct Ended {
    /// When.
    pub at: Moment,
    /// Why, as a sentence: `You revoked it.`
    pub why: &'static str,
}

/// What can be taken from an authorization. Posts to `/profile/authorizations/{id}/narrow`: `version`, `days` (or nothing), and one
/// `scope`, `organization`, `project`, `repository` for each box that stays ticked, as the approval page does.
pub struct Narrow {
    /// The version that the page shows.
    pub version: u32,
    /// What it may do on the DevOps side.
    pub scopes: Vec<NarrowScope>,
    /// Where. All of it is ticked.
    pub organizations: Vec<OrganizationChoice>,
    /// The ends that come before its own: in how many days.
    pub days: Vec<u16>,
    /// Why the answer that was given cannot be accepted, as a sentence.
    pub problem: Option<String>,
}

/// A scope that stays or goes.
pub struct NarrowScope {
    /// The scope itself.
    pub value: String,
    /// What it allows, in plain words.
    pub label: String,
    /// Whether the app cannot work without it.
    pub required: bool,
    /// Whether it deserves a second look.
    pub high_privilege: bool,
}

/// One kind of use.
pub struct UsedFor {
    /// What it did: `View work items`.
    pub operation: String,
    /// In which project, if in one.
    pub place: Option<String>,
    /// How many times.
    pub count: u32,
    /// When last.
    pub last: Moment,
}

/// Something that it made or changed.
pub struct Deed {
    /// What, as a sentence: `Changed Bug #4: Lamp flickers`.
    pub sentence: String,
    /// Where it can be seen.
    pub href: String,
    /// When.
    pub at: Moment,
}

/// Calls of one kind that were refused on one day.
pub struct RefusedCalls {
    /// What it wanted: `read source code`.
    pub wanted: String,
    /// Why not: `you did not approve that`.
    pub why: &'static str,
    /// How many times.
    pub count: u32,
    /// When last.
    pub last: Moment,
}

/// Something an authorization allows.
pub struct Allowed {
    /// In plain words.
    pub label: String,
    /// The scope itself.
    pub scope: String,
    /// Whether it deserves a second look.
    pub high_privilege: bool,
}

/// A key that works right now.
pub struct LiveKey {
    /// What it is: `Access token`, `Refresh token`.
    pub kind: String,
    /// When it was issued.
    pub issued: Moment,
    /// For how much longer it works.
    pub left: Remaining,
}

/// Something that happened.
pub struct Event {
    /// When.
    pub at: Moment,
    /// What, as a sentence.
    pub sentence: String,
}
