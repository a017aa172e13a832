//! Refs: names of commits, and what became of a change of one.

use crate::word::words;

words! {
    /// What became of a change of a ref.
    RefUpdateStatus {
        /// It was made.
        Succeeded "succeeded" = 0,
        /// It would have lost commits.
        ForcePushRequired "forcePushRequired" = 1,
        /// The ref was not where the caller believed.
        StaleOldObjectId "staleOldObjectId" = 2,
        /// The name cannot be that of a ref.
        InvalidRefName "invalidRefName" = 3,
        /// It was not tried.
        Unprocessed "unprocessed" = 4,
        /// There is no such commit.
        UnresolvableToCommit "unresolvableToCommit" = 5,
        /// The caller may not write.
        WritePermissionRequired "writePermissionRequired" = 6,
        /// The ref is locked.
        Locked "locked" = 11,
        /// Another ref stands in the way.
        RefNameConflict "refNameConflict" = 12,
        /// A policy of the branch refuses it.
        RejectedByPolicy "rejectedByPolicy" = 13,
        /// There was nothing to delete.
        SucceededNonExistentRef "succeededNonExistentRef" = 14,
    }
}

/// A ref.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ref {
    /// Its whole name, such as `refs/heads/main`.
    pub name: String,
    /// The object it names.
    pub object_id: String,
    /// The commit behind an annotated tag.
    pub peeled_object_id: Option<String>,
}

/// What became of a change of a ref.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefUpdate {
    /// The whole name of the ref.
    pub name: String,
    /// Where the caller believed it to be.
    pub old_object_id: String,
    /// Where it was to go.
    pub new_object_id: String,
    /// What became of it.
    pub status: RefUpdateStatus,
}
