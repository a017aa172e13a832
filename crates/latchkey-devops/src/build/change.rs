//! Changing a build: whoever runs it reports how far it is and how it went.

use std::collections::BTreeSet;
use std::time::Duration;

use latchkey_jose::Timestamp;
use serde_json::Value;

use super::body::{commit, invalid, named, text, word};
use super::{Build, BuildResult, BuildStatus, tags};
use crate::date;
use crate::error::{DevOpsError, ErrorType};
use crate::ids::PersonId;

/// How far a reporter's clock may be ahead of ours.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

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

fn invalid_change(message: String) -> DevOpsError {
    DevOpsError::new(ErrorType::BuildStatusInvalidChange, message)
}
