//! Commits, as answers tell of them.

use latchkey_jose::Timestamp;

/// A commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// Its object id.
    pub id: String,
    /// The object id of its tree.
    pub tree: String,
    /// Who made the change.
    pub author: Signature,
    /// Who made the commit.
    pub committer: Signature,
    /// What it says.
    pub message: String,
    /// The object ids of the commits before it.
    pub parents: Vec<String>,
}

/// Who did something to a repository, and when, by their own account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// When.
    pub at: Timestamp,
}
