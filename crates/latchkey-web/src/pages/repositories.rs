//! Repositories: the list, and what is in one of them.

use askama::Template;

use super::moment::Ago;
use super::project::Place;
use super::{Frame, tile};

/// The repositories of a project.
#[derive(Template)]
#[template(path = "repositories.html")]
pub struct Repositories {
    /// What every page needs.
    pub frame: Frame,
    /// Where they are.
    pub at: Place,
    /// By name.
    pub rows: Vec<RepositoryRow>,
}

/// One repository in the list.
pub struct RepositoryRow {
    /// Its name.
    pub name: String,
    /// The branch that is shown first, if it has one.
    pub default_branch: Option<String>,
    /// What `git clone` takes.
    pub clone_url: String,
    /// When its last commit was made.
    pub last_commit: Option<Ago>,
}

/// A folder or a file of a repository.
#[derive(Template)]
#[template(path = "files.html")]
pub struct Files {
    /// What every page needs.
    pub frame: Frame,
    /// Where it is.
    pub at: Place,
    /// The repository's name.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The path from the root, `/` between names; empty for the root.
    pub path: String,
    /// What `git clone` takes.
    pub clone_url: String,
    /// What is there.
    pub view: FileView,
    /// The last commits of the branch, the newest first.
    pub commits: Vec<CommitRow>,
}

/// What is at a path.
pub enum FileView {
    /// A folder, with its entries: folders first, then files.
    Folder(Vec<FileEntry>),
    /// A text file.
    Text(String),
    /// A file that is not text, or too long to show, with its size in bytes.
    Other(u64),
    /// Nothing has been pushed yet.
    Empty,
}

/// One entry of a folder.
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// Its path from the root.
    pub path: String,
    /// Whether it is a folder.
    pub folder: bool,
}

/// One commit.
pub struct CommitRow {
    /// Its id.
    pub id: String,
    /// The first line of its message.
    pub title: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub when: Ago,
}

impl CommitRow {
    fn short_id(&self) -> &str {
        self.id.get(..8).unwrap_or(&self.id)
    }
}
