//! A project, and the head that all of its pages share.

use askama::Template;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Frame;

/// What stands for itself in a part of a path.
const PATH_PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where in the DevOps side a page is.
#[derive(Clone)]
pub struct Place {
    /// The organization's name.
    pub organization: String,
    /// The project's name.
    pub project: String,
}

impl Place {
    /// The path of the project: `/harbor/lighthouse`.
    pub fn path(&self) -> String {
        let encoded = |name| utf8_percent_encode(name, PATH_PART);
        format!("/{}/{}", encoded(&self.organization), encoded(&self.project))
    }
}

/// A project at a glance.
#[derive(Template)]
#[template(path = "project.html")]
pub struct Project {
    /// What every page needs.
    pub frame: Frame,
    /// Where it is.
    pub at: Place,
    /// What it is about.
    pub description: String,
    /// How many work items are not done, if the person may see work items.
    pub open_work_items: Option<u32>,
    /// How many repositories it has, if the person may see code.
    pub repositories: Option<u32>,
    /// How the last build went, if the person may see builds and there is one.
    pub last_build: Option<super::builds::BuildRow>,
}
