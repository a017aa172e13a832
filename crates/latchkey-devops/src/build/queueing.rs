//! Queueing a build.

use std::collections::BTreeSet;

use latchkey_jose::Timestamp;
use serde_json::Value;

use super::body::{commit, invalid, named, number, text, word};
use super::{Build, BuildReason, BuildStatus, Definition, QueuePriority, QueueStatus, tags};
use crate::date;
use crate::error::{DevOpsError, ErrorType};
use crate::ids::PersonId;
use crate::repository::branch_ref;

/// The longest parameters, in bytes.
const LONGEST_PARAMETERS: usize = 64 * 1024;

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
