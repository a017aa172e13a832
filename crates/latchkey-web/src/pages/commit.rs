//! One commit.

use askama::Template;

use super::project::Place;
use super::{Frame, Moment};

/// One commit: what it says, who made it, and what it changed.
#[derive(Template)]
#[template(path = "commit.html")]
pub struct Commit {
    /// What every page needs.
    pub frame: Frame,
    /// Where it is.
    pub at: Place,
    /// The repository's name.
    pub repository: String,
    /// Its id.
    pub id: String,
    /// The first line of its message.
    pub title: String,
    /// The rest of its message.
    pub message: String,
    /// Who wrote it, and when.
    pub author: Signed,
    /// Who committed it, and when, if that says something else.
    pub committer: Option<Signed>,
    /// The ids of the commits it follows. It is compared with the first.
    pub parents: Vec<String>,
    /// The files that it changed, by path.
    pub changes: Vec<ChangedFile>,
    /// Whether it changed more than these.
    pub more: bool,
}

/// Somebody's name under a commit.
pub struct Signed {
    /// Their name.
    pub name: String,
    /// Their email address.
    pub email: String,
    /// When.
    pub at: Moment,
}

/// One changed file.
pub struct ChangedFile {
    /// Its path from the root.
    pub path: String,
    /// What happened to it.
    pub how: HowChanged,
}

/// What happened to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HowChanged {
    /// It is new.
    Added,
    /// It is another than before.
    Edited,
    /// It is gone.
    Removed,
}

impl HowChanged {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "Added",
            Self::Edited => "Edited",
            Self::Removed => "Removed",
        }
    }
}
