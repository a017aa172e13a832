//! Changes, as answers show them.

use serde::{Serialize, Serializer};

use crate::change::{self, ChangeType, Counts};
use crate::item::{ObjectType, Version, VersionType};
use crate::repository::Repository;
use crate::wire::Urls;
use crate::wire::item::item_url;

/// What was done to a file.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The file.
    pub item: ChangedItem,
    /// What was done.
    pub change_type: ChangeType,
    /// Where it was, if it is elsewhere now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_server_item: Option<String>,
}

/// A file to which something was done.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedItem {
    /// The object id that it has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// The object id that it had before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_object_id: Option<String>,
    /// What kind of object it is.
    pub git_object_type: ObjectType,
    /// A commit in which it is.
    pub commit_id: String,
    /// Where it is in the repository.
    pub path: String,
    /// Where it can be read.
    pub url: String,
}

/// How many files were changed in which way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ChangeCounts(Counts);

impl Serialize for ChangeCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Counts { added, edited, deleted, renamed } = self.0;
        let renamed = (renamed > 0).then_some(("Rename", renamed));
        serializer.collect_map([("Add", added), ("Edit", edited), ("Delete", deleted)].into_iter().chain(renamed))
    }
}

/// What a commit did.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitChanges {
    /// How many files were changed in which way.
    pub change_counts: ChangeCounts,
    /// The changed files, as many as were asked for.
    pub changes: Vec<Change>,
}

/// What differs between two commits.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitDiffs {
    /// Whether these are the last of them.
    pub all_changes_included: bool,
    /// The changes.
    #[serde(flatten)]
    pub changes: CommitChanges,
    /// The youngest commit that both have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_commit: Option<String>,
    /// The commit from which the way is counted.
    pub base_commit: String,
    /// The commit to which it leads.
    pub target_commit: String,
    /// How many commits the target has that the base lacks.
    pub ahead_count: usize,
    /// How many commits the base has that the target lacks.
    pub behind_count: usize,
}

/// Shows changes in a repository.
pub fn changes(urls: &Urls, repository: &Repository, changes: &change::Changes) -> CommitChanges {
    CommitChanges {
        change_counts: ChangeCounts(changes.counts),
        changes: changes.part.iter().map(|one| change(urls, repository, one)).collect(),
    }
}

fn change(urls: &Urls, repository: &Repository, change: &change::Change) -> Change {
    let at = Version { name: Some(change.commit_id.clone()), kind: Some(VersionType::Commit) };
    let item = ChangedItem {
        object_id: change.object_id.clone(),
        original_object_id: change.original_object_id.clone(),
        git_object_type: change.kind,
        commit_id: change.commit_id.clone(),
        path: change.path.clone(),
        url: item_url(urls, repository, &at, &change.path),
    };
    Change { item, change_type: change.change, source_server_item: change.from.clone() }
}
