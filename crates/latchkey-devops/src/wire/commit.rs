//! Commits, as answers show them.

use serde::Serialize;

use crate::commit;
use crate::date::WireDate;
use crate::project::Project;
use crate::repository::Repository;
use crate::wire::Urls;
use crate::wire::change::CommitChanges;

/// How much of a commit's message a list shows, in characters.
const SHORT_COMMENT: usize = 100;

/// A commit.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// Its object id.
    pub commit_id: String,
    /// The object id of its tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree_id: Option<String>,
    /// Who made the change.
    pub author: GitUser,
    /// Who made the commit.
    pub committer: GitUser,
    /// What it says.
    pub comment: String,
    /// Whether that is only its beginning.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub comment_truncated: bool,
    /// The commits before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    /// What it did, if that was asked for.
    #[serde(flatten)]
    pub changes: Option<CommitChanges>,
    /// Where it is.
    pub url: String,
    /// Where people find it.
    pub remote_url: String,
}

/// Who did something to a repository, by their own account.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GitUser {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// When.
    pub date: WireDate,
}

/// Shows a commit in full.
pub fn commit(urls: &Urls, project: &Project, repository: &Repository, commit: &commit::Commit) -> Commit {
    Commit {
        tree_id: Some(commit.tree.clone()),
        parents: commit.parents.clone(),
        comment: commit.message.trim_end().to_owned(),
        comment_truncated: false,
        ..commit_in_list(urls, project, repository, commit)
    }
}

/// Shows a commit as lists do: without tree and parents, and with the beginning of its message.
pub fn commit_in_list(urls: &Urls, project: &Project, repository: &Repository, commit: &commit::Commit) -> Commit {
    let first_line = commit.message.lines().next().unwrap_or_default();
    let comment: String = first_line.chars().take(SHORT_COMMENT).collect();
    Commit {
        commit_id: commit.id.clone(),
        tree_id: None,
        author: git_user(&commit.author),
        committer: git_user(&commit.committer),
        comment_truncated: comment.len() < commit.message.trim_end().len(),
        comment,
        parents: Vec::new(),
        changes: None,
        url: urls.repository(project.id, repository.id, &format!("commits/{}", commit.id)),
        remote_url: format!("{}/commit/{}", urls.git(project, repository), commit.id),
    }
}

fn git_user(signature: &commit::Signature) -> GitUser {
    GitUser { name: signature.name.clone(), email: signature.email.clone(), date: WireDate(signature.at) }
}
