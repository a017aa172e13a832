//! Work items: the list, and one of them.

use askama::Template;

use super::moment::Ago;
use super::project::Place;
use super::{Frame, Moment};

/// The work items of a project.
#[derive(Template)]
#[template(path = "work_items.html")]
pub struct WorkItems {
    /// What every page needs.
    pub frame: Frame,
    /// Where they are.
    pub at: Place,
    /// The last changed first.
    pub rows: Vec<WorkItemRow>,
}

/// One work item in the list.
pub struct WorkItemRow {
    /// Its number.
    pub id: i64,
    /// Its type: `Bug`.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// Its state: `Active`.
    pub state: String,
    /// Who works on it.
    pub assigned_to: Option<String>,
    /// When it last changed.
    pub changed: Ago,
}

/// One work item.
#[derive(Template)]
#[template(path = "work_item.html")]
pub struct WorkItem {
    /// What every page needs.
    pub frame: Frame,
    /// Where it is.
    pub at: Place,
    /// Its number.
    pub id: i64,
    /// Its type: `Bug`.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// Its other fields, by name, in the order to show them.
    pub fields: Vec<(String, String)>,
    /// What it is about, as text.
    pub description: String,
    /// What it is linked to.
    pub links: Vec<WorkItemLink>,
    /// What people said, the oldest first.
    pub comments: Vec<WorkItemComment>,
    /// How it came to be what it is, the newest first.
    pub revisions: Vec<WorkItemRevision>,
}

/// A link to another work item.
pub struct WorkItemLink {
    /// How they are linked: `Parent`.
    pub relation: String,
    /// The other's number.
    pub id: i64,
    /// The other's title.
    pub title: String,
}

/// What somebody said.
pub struct WorkItemComment {
    /// Who.
    pub by: String,
    /// When.
    pub at: Moment,
    /// What.
    pub text: String,
}

/// One revision.
pub struct WorkItemRevision {
    /// Its number.
    pub number: i64,
    /// Who made it.
    pub by: String,
    /// On behalf of the person, which service made it, if one did.
    pub service: Option<String>,
    /// When.
    pub at: Moment,
    /// What changed: `State: New to Active`.
    pub changes: Vec<String>,
}
