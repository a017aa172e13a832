//! The timeline of a build: its stages, jobs and tasks, and how each went.

use latchkey_jose::Timestamp;
use uuid::Uuid;

use crate::word::words;

words! {
    /// How far a record is.
    RecordState {
        /// It waits.
        Pending "pending" = 0,
        /// It runs.
        InProgress "inProgress" = 1,
        /// It is over.
        Completed "completed" = 2,
    }
}

words! {
    /// How a record went.
    RecordResult {
        /// Well.
        Succeeded "succeeded" = 0,
        /// Well, with something to look at.
        SucceededWithIssues "succeededWithIssues" = 1,
        /// It failed.
        Failed "failed" = 2,
        /// It was stopped.
        Canceled "canceled" = 3,
        /// It was passed over.
        Skipped "skipped" = 4,
        /// Whoever ran it is gone.
        Abandoned "abandoned" = 5,
    }
}

words! {
    /// How bad an issue is.
    IssueType {
        /// It made the record fail.
        Error "error" = 1,
        /// Something to look at.
        Warning "warning" = 2,
    }
}

words! {
    /// What a record is about.
    RecordType {
        /// A stage.
        Stage "Stage" = 1,
        /// A phase of a stage.
        Phase "Phase" = 2,
        /// A job of a phase.
        Job "Job" = 3,
        /// A task of a job.
        Task "Task" = 4,
        /// A gate before a stage.
        Checkpoint "Checkpoint" = 5,
    }
}

/// A stage, job or task of a build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimelineRecord {
    /// Its id.
    pub id: Uuid,
    /// The record it is a part of.
    pub parent: Option<Uuid>,
    /// What it is.
    pub kind: RecordType,
    /// Its name.
    pub name: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// How far it is.
    pub state: RecordState,
    /// How it went, when it is over.
    pub result: Option<RecordResult>,
    /// Its place among the parts of its parent, counted from 1.
    pub order: i64,
    /// Which try it is, counted from 1.
    pub attempt: i64,
    /// Who ran it.
    pub worker: Option<String>,
    /// The number of its log, if it has one.
    pub log: Option<i64>,
    /// What there is to look at.
    pub issues: Vec<Issue>,
}

/// Something to look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issue {
    /// How bad it is.
    pub kind: IssueType,
    /// What kind of thing it is.
    pub category: String,
    /// What it says.
    pub message: String,
}

impl TimelineRecord {
    /// How many of its issues are of a kind.
    pub fn count(&self, kind: IssueType) -> usize {
        self.issues.iter().filter(|issue| issue.kind == kind).count()
    }
}
