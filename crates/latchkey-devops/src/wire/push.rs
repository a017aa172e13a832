//! Pushes, as answers show them.

use serde::Serialize;

use crate::date::WireDate;
use crate::ids::RepositoryId;
use crate::wire::commit::Commit;
use crate::wire::identity::IdentityRef;
use crate::wire::repository::Repository;

/// A push that was made.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Push {
    /// When.
    pub date: WireDate,
    /// By whom.
    pub pushed_by: IdentityRef,
    /// The commits that came with it.
    pub commits: Vec<Commit>,
    /// The refs that it moved.
    pub ref_updates: Vec<PushedRef>,
    /// The repository.
    pub repository: Repository,
}

/// A ref that a push moved.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PushedRef {
    /// The repository.
    pub repository_id: RepositoryId,
    /// The whole name of the ref.
    pub name: String,
    /// Where it was.
    pub old_object_id: String,
    /// Where it is.
    pub new_object_id: String,
}
