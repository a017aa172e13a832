//! Builds: what a continuous integration did, and how it went.
//!
//! Nothing runs builds here. A person or a service queues one, reports that it began, and reports its result; a
//! completed build is a record and does not change any more.

pub mod definition;
pub mod filter;
pub mod log;
pub mod tags;
pub mod timeline;

use std::collections::BTreeSet;
use std::time::Duration;

use latchkey_jose::Timestamp;
use serde_json::Value;

pub use definition::{Definition, QueueStatus};
pub use filter::{BuildFilter, DefinitionFilter};
pub use log::Log;
pub use tags::{add_tag, change_tags, remove_tag};
pub use timeline::TimelineRecord;

use crate::date;
use crate::error::{DevOpsError, ErrorType, Shown};
use crate::ids::{PersonId, ProjectId, RepositoryId};
use crate::repository::{branch_ref, is_object_id};
use crate::word::words;

/// The longest build number, in characters.
const LONGEST_NUMBER: usize = 255;
/// The longest parameters, in bytes.
const LONGEST_PARAMETERS: usize = 64 * 1024;
/// How far a reporter's clock may be ahead of ours.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

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

/// What somebody asks for when they queue a build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueRequest {
    /// The definition to follow.
    pub definition: i64,
    source_branch: Option<String>,
    source_version: Option<String>,
    reason: BuildReason,
    priority: QueuePriority,
    parameters: Option<String>,
    build_number: Option<String>,
    tags: BTreeSet<String>,
}

impl QueueRequest {
    /// Reads the body of a request. `definition_id` is that of the query, for clients that put it there.
    pub fn read(body: &Value, definition_id: Option<i64>) -> Result<Self, DevOpsError> {
        let object = body.as_object().ok_or_else(|| invalid("The body must be a build."))?;
        let in_body = object.get("definition").and_then(|definition| definition.get("id")).and_then(number);
        let definition =
            in_body.or(definition_id).ok_or_else(|| invalid("The build needs a definition with an id."))?;
        let source_branch = text(object.get("sourceBranch"), "sourceBranch")?.map(branch_ref).transpose()?;
        let source_version = text(object.get("sourceVersion"), "sourceVersion")?.map(commit).transpose()?;
        let reason = word(object.get("reason"), BuildReason::read, "reason")?.unwrap_or(BuildReason::Manual);
        let priority = word(object.get("priority"), QueuePriority::read, "priority")?.unwrap_or(QueuePriority::Normal);
        let parameters = text(object.get("parameters"), "parameters")?.map(str::to_owned);
        if parameters.as_ref().is_some_and(|parameters| parameters.len() > LONGEST_PARAMETERS) {
            return Err(invalid("The parameters have at most 64 KiB."));
        }
        let build_number = text(object.get("buildNumber"), "buildNumber")?.map(named).transpose()?;
        let tags = match object.get("tags") {
            None | Some(Value::Null) => BTreeSet::new(),
            Some(tags) => tags::read(tags)?,
        };
        Ok(Self { definition, source_branch, source_version, reason, priority, parameters, build_number, tags })
    }

    /// A request to build a branch as its definition says, for sample data.
    pub fn of(definition: i64, reason: BuildReason, source_branch: &str, source_version: &str) -> Self {
        Self {
            definition,
            source_branch: Some(source_branch.to_owned()),
            source_version: Some(source_version.to_owned()),
            reason,
            priority: QueuePriority::Normal,
            parameters: None,
            build_number: None,
            tags: BTreeSet::new(),
        }
    }
}

/// Queues a build under the id that the store has for it. `earlier_today` counts the definition's builds of this day.
pub fn queue(
    id: i64,
    request: &QueueRequest,
    definition: &Definition,
    earlier_today: u32,
    by: PersonId,
    now: Timestamp,
) -> Result<Build, DevOpsError> {
    if definition.queue_status == QueueStatus::Disabled {
        return Err(DevOpsError::new(
            ErrorType::DefinitionDisabled,
            format!("The build definition '{}' is disabled and takes no builds.", definition.name),
        ));
    }
    let build_number =
        request.build_number.clone().unwrap_or_else(|| format!("{}.{}", date::day(now), u64::from(earlier_today) + 1));
    Ok(Build {
        id,
        project: definition.project,
        definition: definition.id,
        repository: definition.repository,
        build_number,
        status: BuildStatus::NotStarted,
        result: None,
        reason: request.reason,
        priority: request.priority,
        queued_at: now,
        started_at: None,
        finished_at: None,
        source_branch: request.source_branch.clone().unwrap_or_else(|| definition.default_branch.clone()),
        source_version: request.source_version.clone(),
        requested_by: by,
        requested_for: by,
        last_changed_by: by,
        last_changed_at: now,
        parameters: request.parameters.clone(),
        tags: request.tags.clone(),
        keep_forever: false,
    })
}

/// What somebody asks to change about a build. What is not named stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BuildPatch {
    /// How far it is now.
    pub status: Option<BuildStatus>,
    /// How it went.
    pub result: Option<BuildResult>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Which commit it built.
    pub source_version: Option<String>,
    /// What people call it by.
    pub build_number: Option<String>,
    /// Whether it is kept for good.
    pub keep_forever: Option<bool>,
    /// Its tags, all of them.
    pub tags: Option<BTreeSet<String>>,
}

impl BuildPatch {
    /// Reads the body of a request. Clients send whole builds back; what cannot change is left unread.
    pub fn read(body: &Value) -> Result<Self, DevOpsError> {
        let object = body.as_object().ok_or_else(|| invalid("The body must be a build."))?;
        let moment = |key: &str| match text(object.get(key), key)? {
            None => Ok(None),
            Some(text) => match date::parse(text) {
                Some(moment) => Ok(Some(moment)),
                None => Err(invalid(&format!("{key} must be a date such as 2026-11-22T07:00:00Z."))),
            },
        };
        let keep_forever = match object.get("keepForever") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(keep)) => Some(*keep),
            Some(_) => return Err(invalid("keepForever must be true or false.")),
        };
        // `none`, or zero, is how clients write that there is no result.
        let no_result = |value: &&Value| value.as_i64() == Some(0) || value.as_str().is_some_and(|word| word == "none");
        Ok(Self {
            status: word(object.get("status"), BuildStatus::read, "status")?,
            result: word(object.get("result").filter(|value| !no_result(value)), BuildResult::read, "result")?,
            started_at: moment("startTime")?,
            finished_at: moment("finishTime")?,
            source_version: text(object.get("sourceVersion"), "sourceVersion")?.map(commit).transpose()?,
            build_number: text(object.get("buildNumber"), "buildNumber")?.map(named).transpose()?,
            keep_forever,
            tags: match object.get("tags") {
                None | Some(Value::Null) => None,
                Some(tags) => Some(tags::read(tags)?),
            },
        })
    }

    /// Whether it changes tags and retention only, which takes the permission to edit build quality.
    pub fn is_of_quality_only(&self) -> bool {
        Self { keep_forever: None, tags: None, ..self.clone() } == Self::default()
    }
}

/// Changes a build: not started, in progress, completed, and no way back.
///
/// A result comes with the completion and not before. A completed build keeps everything but its tags and whether it is
/// kept; saying again what it already says is no change.
pub fn update(build: &Build, patch: &BuildPatch, by: PersonId, now: Timestamp) -> Result<Build, DevOpsError> {
    let mut next = build.clone();
    let status = patch.status.unwrap_or(build.status);
    if !may_follow(build.status, status) {
        return Err(invalid_change(format!(
            "Build {} is {} and cannot become {}.",
            build.id,
            build.status.word(),
            status.word()
        )));
    }
    if let Some(number) = &patch.build_number {
        next.build_number.clone_from(number);
    }
    if let Some(version) = &patch.source_version {
        next.source_version = Some(version.clone());
    }
    next.status = status;
    next.started_at = patch.started_at.or(build.started_at);
    next.finished_at = patch.finished_at.or(build.finished_at);
    next.result = patch.result.or(build.result);
    match status {
        BuildStatus::Completed => {
            if build.status == BuildStatus::Cancelling {
                next.result = next.result.or(Some(BuildResult::Canceled));
            }
            if next.result.is_none() {
                return Err(invalid_change(format!("Build {} cannot be completed without a result.", build.id)));
            }
            next.finished_at = next.finished_at.or(Some(now));
        }
        _ if next.result.is_some() || patch.finished_at.is_some() => {
            return Err(invalid_change(format!("Build {} has a result only when it is completed.", build.id)));
        }
        BuildStatus::InProgress => next.started_at = next.started_at.or(Some(now)),
        _ => {}
    }
    check_times(&next, now)?;
    if build.status == BuildStatus::Completed && next != *build {
        return Err(invalid_change(format!(
            "Build {} is completed; only its tags and whether it is kept can change.",
            build.id
        )));
    }
    next.tags = patch.tags.clone().unwrap_or(next.tags);
    next.keep_forever = patch.keep_forever.unwrap_or(build.keep_forever);
    if next != *build {
        next.last_changed_by = by;
        next.last_changed_at = now;
    }
    Ok(next)
}

fn may_follow(from: BuildStatus, to: BuildStatus) -> bool {
    use BuildStatus::{Cancelling, Completed, InProgress, NotStarted, Postponed};
    from == to
        || match from {
            NotStarted => matches!(to, Postponed | InProgress | Cancelling | Completed),
            Postponed => matches!(to, NotStarted | InProgress | Cancelling | Completed),
            InProgress => matches!(to, Cancelling | Completed),
            Cancelling => to == Completed,
            Completed => false,
        }
}

fn check_times(build: &Build, now: Timestamp) -> Result<(), DevOpsError> {
    let latest = now + CLOCK_SKEW;
    let in_future = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment > latest);
    if in_future(build.started_at) || in_future(build.finished_at) {
        return Err(invalid_change("startTime and finishTime cannot be in the future.".to_owned()));
    }
    match (build.started_at, build.finished_at) {
        (Some(started), Some(finished)) if finished < started => {
            Err(invalid_change("finishTime cannot be before startTime.".to_owned()))
        }
        _ => Ok(()),
    }
}

fn text<'a>(value: Option<&'a Value>, name: &str) -> Result<Option<&'a str>, DevOpsError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty())),
        Some(_) => Err(invalid(&format!("{name} must be a text."))),
    }
}

fn word<T>(value: Option<&Value>, read: fn(&Value) -> Option<T>, name: &str) -> Result<Option<T>, DevOpsError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| invalid(&format!("{name} has no such value."))),
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn commit(version: &str) -> Result<String, DevOpsError> {
    let version = version.trim();
    if is_object_id(version) {
        Ok(version.to_ascii_lowercase())
    } else {
        Err(invalid(&format!("sourceVersion must be a whole commit id, not '{}'.", Shown(version))))
    }
}

fn named(number: &str) -> Result<String, DevOpsError> {
    let number = number.trim();
    let forbidden = |c: char| c.is_control() || "\"/:<>\\|?@*".contains(c);
    if number.chars().count() > LONGEST_NUMBER || number.contains(forbidden) || number.ends_with('.') {
        return Err(invalid("A build number has at most 255 characters, none of \"/:<>\\|?@*, and no dot at its end."));
    }
    Ok(number.to_owned())
}

fn invalid(message: &str) -> DevOpsError {
    DevOpsError::new(ErrorType::BuildRequestInvalid, message)
}

fn invalid_change(message: String) -> DevOpsError {
    DevOpsError::new(ErrorType::BuildStatusInvalidChange, message)
}

#[cfg(test)]
mod tests;
