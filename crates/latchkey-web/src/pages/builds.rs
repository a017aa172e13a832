//! Builds: the list, and one of them with its log.

use askama::Template;

use super::moment::Ago;
use super::project::Place;
use super::{Frame, Moment};

/// The builds of a project.
#[derive(Template)]
#[template(path = "builds.html")]
pub struct Builds {
    /// What every page needs.
    pub frame: Frame,
    /// Where they are.
    pub at: Place,
    /// The newest first.
    pub rows: Vec<BuildRow>,
}

/// One build in the list.
#[derive(Clone)]
pub struct BuildRow {
    /// Its id.
    pub id: i64,
    /// Its number: `20260303.2`.
    pub number: String,
    /// The definition it was built by.
    pub definition: String,
    /// How it went.
    pub outcome: BuildOutcome,
    /// The branch.
    pub branch: String,
    /// The short id of the commit.
    pub commit: String,
}

/// How a build went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BuildOutcome {
    /// It waits.
    Waiting,
    /// It runs.
    Running,
    /// All is well.
    Succeeded,
    /// Most is well.
    PartlySucceeded,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Canceled,
}

impl BuildOutcome {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::PartlySucceeded => "Partly succeeded",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }

    pub(super) fn tone(self) -> &'static str {
        match self {
            Self::Waiting | Self::Canceled => "quiet-tone",
            Self::Running => "info",
            Self::Succeeded => "good",
            Self::PartlySucceeded => "warn",
            Self::Failed => "bad",
        }
    }
}

/// One build.
#[derive(Template)]
#[template(path = "build.html")]
pub struct Build {
    /// What every page needs.
    pub frame: Frame,
    /// Where it is.
    pub at: Place,
    /// The same as in the list.
    pub build: BuildRow,
    /// Who asked for it.
    pub requested_by: String,
    /// The service through which they did, if they did not in person.
    pub requested_through: Option<String>,
    /// The service that reported it, if one did.
    pub reported_by: Option<String>,
    /// When it was queued.
    pub queued: Moment,
    /// When it finished, if it has.
    pub finished: Option<Ago>,
    /// Its steps, in order.
    pub steps: Vec<BuildStep>,
    /// The log, as text. Empty when there is none.
    pub log: String,
}

/// One step of a build.
pub struct BuildStep {
    /// Its name.
    pub name: String,
    /// How it went.
    pub outcome: BuildOutcome,
}
