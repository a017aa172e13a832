//! Pull requests, as far as they are read.

use latchkey_jose::Timestamp;

use crate::ids::{PersonId, RepositoryId};
use crate::word::words;

words! {
    /// How a pull request stands.
    PullRequestStatus {
        /// It is open.
        Active "active" = 1,
        /// It was given up.
        Abandoned "abandoned" = 2,
        /// It was merged.
        Completed "completed" = 3,
    }
}

words! {
    /// Whether the changes of a pull request can be merged.
    MergeStatus {
        /// That is being found out.
        Queued "queued" = 1,
        /// They contradict the target.
        Conflicts "conflicts" = 2,
        /// They can.
        Succeeded "succeeded" = 3,
    }
}

/// A proposal to bring the commits of one branch to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PullRequest {
    /// Its number in the organization.
    pub id: i64,
    /// The repository it belongs to.
    pub repository: RepositoryId,
    /// How it stands.
    pub status: PullRequestStatus,
    /// Whether its changes can be merged.
    pub merge_status: MergeStatus,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The branch that has the commits, as its ref.
    pub source_ref: String,
    /// The branch that is to have them, as its ref.
    pub target_ref: String,
    /// The commit that the source branch is at.
    pub source_commit: Option<String>,
    /// The commit that the target branch is at.
    pub target_commit: Option<String>,
    /// Who proposed it.
    pub created_by: PersonId,
    /// When it was proposed.
    pub created_at: Timestamp,
    /// When it was given up or merged.
    pub closed_at: Option<Timestamp>,
    /// Whether its author still works on it.
    pub draft: bool,
    /// Who was asked, and what they said.
    pub reviewers: Vec<Reviewer>,
}

/// Somebody who was asked to review.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reviewer {
    /// Who.
    pub person: PersonId,
    /// What they said: 10 approved, 5 with suggestions, 0 nothing yet, -5 waiting, -10 rejected.
    pub vote: i64,
    /// Whether it cannot be merged without them.
    pub required: bool,
}
