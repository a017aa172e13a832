//! Refs, as answers show them.

use serde::Serialize;

use crate::ids::RepositoryId;
use crate::refs::{self, RefUpdateStatus};
use crate::repository::Repository;
use crate::wire::{Urls, encoded};

/// A ref.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ref {
    /// Its whole name.
    pub name: String,
    /// The object it names.
    pub object_id: String,
    /// The commit behind an annotated tag, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peeled_object_id: Option<String>,
    /// Whether it is locked.
    pub is_locked: bool,
    /// Where it is.
    pub url: String,
}

/// What became of a change of a ref.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefUpdateResult {
    /// The whole name of the ref.
    pub name: String,
    /// Where the caller believed it to be.
    pub old_object_id: String,
    /// Where it was to go.
    pub new_object_id: String,
    /// The repository.
    pub repository_id: RepositoryId,
    /// Whether it was made.
    pub success: bool,
    /// What became of it.
    pub update_status: RefUpdateStatus,
    /// Whether the ref is locked.
    pub is_locked: bool,
}

/// Shows a ref of a repository.
pub fn git_ref(urls: &Urls, repository: &Repository, one: &refs::Ref, peel_tags: bool) -> Ref {
    let filter = encoded(one.name.strip_prefix("refs/").unwrap_or(&one.name));
    Ref {
        name: one.name.clone(),
        object_id: one.object_id.clone(),
        peeled_object_id: one.peeled_object_id.clone().filter(|_| peel_tags),
        is_locked: false,
        url: urls.repository(repository.project, repository.id, &format!("refs?filter={filter}")),
    }
}

/// Shows what became of a change of a ref.
pub fn ref_update_result(repository: &Repository, update: &refs::RefUpdate) -> RefUpdateResult {
    RefUpdateResult {
        name: update.name.clone(),
        old_object_id: update.old_object_id.clone(),
        new_object_id: update.new_object_id.clone(),
        repository_id: repository.id,
        success: matches!(update.status, RefUpdateStatus::Succeeded | RefUpdateStatus::SucceededNonExistentRef),
        update_status: update.status,
        is_locked: update.status == RefUpdateStatus::Locked,
    }
}
