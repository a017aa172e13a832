//! Timelines of builds, as answers show them.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::build::Build;
use crate::build::timeline::{self, IssueType, RecordResult, RecordState, RecordType};
use crate::date::WireDate;
use crate::ids::{PersonId, ProjectId};
use crate::wire::Urls;

/// The timeline of a build.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// Its id.
    pub id: Uuid,
    /// How often it was changed.
    pub change_id: i64,
    /// Who changed it last.
    pub last_changed_by: PersonId,
    /// When it was last changed.
    pub last_changed_on: WireDate,
    /// Its stages, jobs and tasks.
    pub records: Vec<Record>,
    /// Where it is.
    pub url: String,
}

/// A stage, job or task.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Earlier tries.
    pub previous_attempts: Vec<Value>,
    /// Its id.
    pub id: Uuid,
    /// The record it is a part of.
    pub parent_id: Option<Uuid>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: RecordType,
    /// Its name.
    pub name: String,
    /// When it began.
    pub start_time: Option<WireDate>,
    /// When it was over.
    pub finish_time: Option<WireDate>,
    /// What it does now.
    pub current_operation: Option<String>,
    /// How much of it is done.
    pub percent_complete: Option<i64>,
    /// How far it is.
    pub state: RecordState,
    /// How it went.
    pub result: Option<RecordResult>,
    /// How often it was changed.
    pub change_id: i64,
    /// Who ran it.
    pub worker_name: Option<String>,
    /// Its place among its siblings.
    pub order: i64,
    /// How many errors it has.
    pub error_count: usize,
    /// How many warnings it has.
    pub warning_count: usize,
    /// Its log.
    pub log: Option<Value>,
    /// The task that it runs.
    pub task: Option<Value>,
    /// Which try it is.
    pub attempt: i64,
    /// The name that programs know it by.
    pub identifier: Option<String>,
    /// What there is to look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
}

/// Something to look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Issue {
    /// How bad it is.
    #[serde(rename = "type")]
    pub kind: IssueType,
    /// What kind of thing it is.
    pub category: String,
    /// What it says.
    pub message: String,
}

/// The id of a build's plan and of its one timeline: it follows from the project and the build.
pub fn plan_id(project: ProjectId, build: i64) -> Uuid {
    let build = u64::try_from(build).unwrap_or_default();
    Uuid::from_u128(project.0.as_u128() ^ u128::from(build).rotate_left(64) ^ 0x7469_6d65_6c69_6e65)
}

/// Shows the timeline of a build.
pub fn timeline(urls: &Urls, build: &Build, records: &[timeline::TimelineRecord]) -> Timeline {
    let id = plan_id(build.project, build.id);
    let mut records: Vec<Record> = records.iter().map(|one| record(urls, build, one)).collect();
    records.sort_by_key(|record| (record.kind, record.order));
    Timeline {
        id,
        change_id: i64::try_from(records.len()).unwrap_or(i64::MAX),
        last_changed_by: build.last_changed_by,
        last_changed_on: WireDate(build.last_changed_at),
        records,
        url: urls.build(build.project, build.id, &format!("Timeline/{id}")),
    }
}

fn record(urls: &Urls, build: &Build, record: &timeline::TimelineRecord) -> Record {
    let log = |id: i64| json!({"id": id, "type": "Container", "url": urls.build(build.project, build.id, &format!("logs/{id}"))});
    let issue = |issue: &timeline::Issue| Issue {
        kind: issue.kind,
        category: issue.category.clone(),
        message: issue.message.clone(),
    };
    Record {
        previous_attempts: Vec::new(),
        id: record.id,
        parent_id: record.parent,
        kind: record.kind,
        name: record.name.clone(),
        start_time: record.started_at.map(WireDate),
        finish_time: record.finished_at.map(WireDate),
        current_operation: None,
        percent_complete: None,
        state: record.state,
        result: record.result,
        change_id: 1,
        worker_name: record.worker.clone(),
        order: record.order,
        error_count: record.count(IssueType::Error),
        warning_count: record.count(IssueType::Warning),
        log: record.log.map(log),
        task: None,
        attempt: record.attempt,
        identifier: None,
        issues: record.issues.iter().map(issue).collect(),
    }
}
