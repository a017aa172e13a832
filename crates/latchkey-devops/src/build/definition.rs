//! Build definitions: what is built, and whether it may be queued.

use latchkey_jose::Timestamp;

use crate::ids::{PersonId, ProjectId, RepositoryId};
use crate::word::words;

words! {
    /// Whether a definition takes builds.
    QueueStatus {
        /// It does.
        Enabled "enabled" = 0,
        /// It does, and they wait.
        Paused "paused" = 1,
        /// It does not.
        Disabled "disabled" = 2,
    }
}

/// What is built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Definition {
    /// Its number in the organization.
    pub id: i64,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// The folder it is listed in, as `\` or `\nightly`.
    pub path: String,
    /// How often it was changed, counted from 1.
    pub revision: i64,
    /// Whether it takes builds.
    pub queue_status: QueueStatus,
    /// The repository it builds.
    pub repository: RepositoryId,
    /// The branch it builds unless another is asked for, as `refs/heads/main`.
    pub default_branch: String,
    /// The file that says how, such as `ci.yml`.
    pub file: String,
    /// Who made it.
    pub created_by: PersonId,
    /// When it was made.
    pub created_at: Timestamp,
}
