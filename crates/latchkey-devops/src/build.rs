//! Builds: what a continuous integration did, and how it went.
//!
//! Nothing runs builds here. A person or a service queues one, reports that it began, and reports its result; a
//! completed build is a record and does not change any more.

mod body;
pub mod change;
pub mod definition;
pub mod filter;
pub mod log;
pub mod queueing;
pub mod tags;
pub mod timeline;

use std::collections::BTreeSet;

use latchkey_jose::Timestamp;

pub use change::{BuildPatch, update};
pub use definition::{Definition, QueueStatus};
pub use filter::{BuildFilter, DefinitionFilter};
pub use log::Log;
pub use queueing::{QueueRequest, queue};
pub use tags::{add_tag, change_tags, remove_tag};
pub use timeline::TimelineRecord;

use crate::ids::{PersonId, ProjectId, RepositoryId};
use crate::word::words;

words! {
    /// How far a build is.
    BuildStatus {
        /// It runs.
        InProgress "inProgress" = 1,
        /// It is over.
        Completed "completed" = 2,
        /// Somebody asked it to stop.
        Cancelling "cancelling" = 4,
        /// It waits for something else than its turn.
        Postponed "postponed" = 8,
        /// It waits for its turn.
        NotStarted "notStarted" = 32,
    }
}

words! {
    /// How a build went.
    BuildResult {
        /// Everything went well.
        Succeeded "succeeded" = 2,
        /// Some of it went well.
        PartiallySucceeded "partiallySucceeded" = 4,
        /// It failed.
        Failed "failed" = 8,
        /// It was stopped.
        Canceled "canceled" = 32,
    }
}

words! {
    /// Why a build was queued.
    BuildReason {
        /// A person asked for it.
        Manual "manual" = 1,
        /// A push.
        IndividualCi "individualCI" = 2,
        /// Several pushes.
        BatchedCi "batchedCI" = 4,
        /// The time had come.
        Schedule "schedule" = 8,
        /// The time had come, changes or not.
        ScheduleForced "scheduleForced" = 16,
        /// A person made it.
        UserCreated "userCreated" = 32,
        /// To check changes before they are committed.
        ValidateShelveset "validateShelveset" = 64,
        /// To check changes as they are committed.
        CheckInShelveset "checkInShelveset" = 128,
        /// A pull request.
        PullRequest "pullRequest" = 256,
        /// Another build was completed.
        BuildCompletion "buildCompletion" = 512,
        /// Something it uses changed.
        ResourceTrigger "resourceTrigger" = 1024,
    }
}

words! {
    /// Which builds go first.
    QueuePriority {
        /// Before all others.
        High "high" = 1,
        /// Before most.
        AboveNormal "aboveNormal" = 2,
        /// In turn.
        Normal "normal" = 3,
        /// After most.
        BelowNormal "belowNormal" = 4,
        /// After all others.
        Low "low" = 5,
    }
}

/// A build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Build {
    /// Its number in the organization.
    pub id: i64,
    /// The project it belongs to.
    pub project: ProjectId,
    /// The definition it follows.
    pub definition: i64,
    /// The repository it builds.
    pub repository: RepositoryId,
    /// The number that people call it by, such as `20261122.1`.
    pub build_number: String,
    /// How far it is.
    pub status: BuildStatus,
    /// How it went. Only when it is completed.
    pub result: Option<BuildResult>,
    /// Why it was queued.
    pub reason: BuildReason,
    /// Whether it goes before others.
    pub priority: QueuePriority,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// The ref it builds.
    pub source_branch: String,
    /// The commit it builds, as far as it is known.
    pub source_version: Option<String>,
    /// Who queued it.
    pub requested_by: PersonId,
    /// For whom it was queued.
    pub requested_for: PersonId,
    /// Who changed it last.
    pub last_changed_by: PersonId,
    /// When it was last changed.
    pub last_changed_at: Timestamp,
    /// Parameters as JSON, for whoever runs it.
    pub parameters: Option<String>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// Whether it is kept for good.
    pub keep_forever: bool,
}

#[cfg(test)]
mod tests;
