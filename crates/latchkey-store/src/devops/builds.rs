//! Builds.

use std::collections::BTreeSet;

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::build::{Build, BuildReason, BuildResult, BuildStatus, QueuePriority};
use latchkey_devops::ids::{AppId, OrganizationId, PersonId, ProjectId, RepositoryId};
use latchkey_jose::Timestamp;
use uuid::Uuid;

use super::organizations::{Numbered, take_number};
use super::{Through, Unproven, from_json, meaning, to_json};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// What is not yet is at the end of time, so that lists have an order.
pub(super) const NOT_YET: Timestamp = Timestamp::MAX;

macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT id, project, revision, definition, repository, build_number, status, result, reason, priority, \
                    queued_at, started_at, finished_at, source_branch, source_version, requested_by, requested_for, \
                    last_changed_by, last_changed_at, parameters, tags, keep_forever FROM build ",
            $rest
        )
    };
}

pub(super) use select;

const BY_ID: Sql = Sql::read("builds.by_id", select!("WHERE organization = $1 AND project = $2 AND id = $3"));

const COUNT: Sql = Sql::read(
    "builds.count",
    "SELECT count(*) AS builds FROM build
      WHERE organization = $1 AND project = $2 AND definition = $3 AND queued_at >= $4 AND queued_at < $5",
);

/// Through which apps it was queued and last changed.
const THROUGH: Sql = Sql::read(
    "builds.through",
    "SELECT queued_client, changed_client FROM build WHERE organization = $1 AND project = $2 AND id = $3",
);

const QUEUED_UNDER: Sql = Sql::read(
    "builds.queued_under",
    "SELECT id, project, build_number, queued_at FROM build WHERE organization = $1 AND queued_authorization = $2
      ORDER BY queued_at DESC LIMIT $3",
);

const CHANGED_UNDER: Sql = Sql::read(
    "builds.changed_under",
    "SELECT id, project, build_number, last_changed_at FROM build
      WHERE organization = $1 AND changed_authorization = $2 ORDER BY last_changed_at DESC LIMIT $3",
);

const QUEUE: Sql = Sql::guarded(
    "builds.queue",
    "INSERT INTO build (organization, project, id, revision, definition, repository, build_number, status, result, reason,
                        priority, queued_at, started_at, finished_at, source_branch, source_version, requested_by,
                        requested_for, last_changed_by, last_changed_at, parameters, tags, tag_keys, keep_forever, queued_client,
                        queued_authorization)
     VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
             $24, $25)",
);

/// Keeps what became of a build. Touches no row when it was changed meanwhile.
const UPDATE: Sql = Sql::guarded(
    "builds.update",
    "UPDATE build
        SET revision = revision + 1, build_number = $5, status = $6, result = $7, started_at = $8, finished_at = $9,
            source_version = $10, last_changed_by = $11, last_changed_at = $12, tags = $13, tag_keys = $14,
            keep_forever = $15, changed_client = $16, changed_authorization = $17
      WHERE organization = $1 AND project = $2 AND id = $3 AND revision = $4",
);

pub(crate) const ALL: &[&Sql] = &[&BY_ID, &COUNT, &THROUGH, &QUEUED_UNDER, &CHANGED_UNDER, &QUEUE, &UPDATE];

/// A build, and how often it was changed: whoever changes it again says after which change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptBuild {
    /// The build.
    pub build: Build,
    revision: i64,
}

/// A build that a service queued or changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TouchedBuild {
    /// Its id.
    pub id: i64,
    /// Its number, as people see it.
    pub build_number: String,
    /// When it was queued, or last changed.
    pub at: Timestamp,
    /// Whether it was queued then, and not changed.
    pub queued: bool,
}

/// Keeps a build that was queued. Lost when another request took its number.
pub fn queue(access: &ProjectAccess, build: &Build) -> Changes {
    queue_through(access, build, None)
}

/// The same, with the app through which it was queued.
pub fn queue_through(access: &ProjectAccess, build: &Build, through: Option<Through>) -> Changes {
    let mut changes = take_number(access.organization(), Numbered::Build, build.id);
    let values = vec![
        access.organization().into(),
        access.project().into(),
        build.id.into(),
        build.definition.into(),
        build.repository.into(),
        build.build_number.as_str().into(),
        build.status.word().into(),
        build.result.map(BuildResult::word).into(),
        build.reason.word().into(),
        build.priority.word().into(),
        build.queued_at.into(),
        build.started_at.unwrap_or(NOT_YET).into(),
        build.finished_at.unwrap_or(NOT_YET).into(),
        build.source_branch.as_str().into(),
        build.source_version.as_ref().into(),
        build.requested_by.into(),
        build.requested_for.into(),
        build.last_changed_by.into(),
        build.last_changed_at.into(),
        build.parameters.as_ref().into(),
        to_json(&build.tags).into(),
        tag_keys(&build.tags).into(),
        build.keep_forever.into(),
        through.map(|through| through.app).into(),
        through.map(|through| through.authorization).into(),
    ];
    changes.write(&QUEUE, values);
    changes
}

/// Keeps what a rule made of a build; no change if it made nothing of it. Lost when the build was changed meanwhile.
pub fn update(access: &ProjectAccess, before: &KeptBuild, after: &Build) -> Changes {
    update_through(access, before, after, None)
}

/// The same, with the app through which it was changed.
pub fn update_through(access: &ProjectAccess, before: &KeptBuild, after: &Build, through: Option<Through>) -> Changes {
    let mut changes = Changes::none();
    if before.build == *after {
        return changes;
    }
    let values = vec![
        access.organization().into(),
        access.project().into(),
        before.build.id.into(),
        before.revision.into(),
        after.build_number.as_str().into(),
        after.status.word().into(),
        after.result.map(BuildResult::word).into(),
        after.started_at.unwrap_or(NOT_YET).into(),
        after.finished_at.unwrap_or(NOT_YET).into(),
        after.source_version.as_ref().into(),
        after.last_changed_by.into(),
        after.last_changed_at.into(),
        to_json(&after.tags).into(),
        tag_keys(&after.tags).into(),
        after.keep_forever.into(),
        through.map(|through| through.app).into(),
        through.map(|through| through.authorization).into(),
    ];
    changes.write(&UPDATE, values);
    changes
}

impl Store {
    /// A build.
    pub async fn build(&self, access: &ProjectAccess, id: i64) -> Result<Option<KeptBuild>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), id.into()];
        self.read_one(&BY_ID, values).await?.as_ref().map(read).transpose()
    }

    /// Through which apps a build was queued and last changed.
    pub async fn build_through(
        &self,
        access: &ProjectAccess,
        id: i64,
    ) -> Result<(Option<AppId>, Option<AppId>), StoreError> {
        let values = vec![access.organization().into(), access.project().into(), id.into()];
        match self.read_one(&THROUGH, values).await? {
            Some(row) => Ok((row.opt_uuid(0)?.map(AppId), row.opt_uuid(1)?.map(AppId))),
            None => Ok((None, None)),
        }
    }

    /// The builds that were queued, and those that were last changed, under an authorization, newest first.
    pub async fn builds_under(
        &self,
        organization: OrganizationId,
        authorization: Uuid,
        count: u32,
    ) -> Result<Vec<Unproven<TouchedBuild>>, StoreError> {
        let mut touched = Vec::new();
        for (sql, queued) in [(&QUEUED_UNDER, true), (&CHANGED_UNDER, false)] {
            for row in self.read(sql, vec![organization.into(), authorization.into(), count.into()]).await? {
                let build =
                    TouchedBuild { id: row.int(0)?, build_number: row.text(2)?.to_owned(), at: row.time(3)?, queued };
                touched.push(Unproven::in_project(organization, ProjectId(row.uuid(1)?), build));
            }
        }
        Ok(touched)
    }

    /// How many builds of a definition were queued from one moment until before another.
    pub async fn builds_queued(
        &self,
        access: &ProjectAccess,
        definition: i64,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u32, StoreError> {
        let values =
            vec![access.organization().into(), access.project().into(), definition.into(), from.into(), until.into()];
        Ok(u32::try_from(self.count(&COUNT, values).await?).unwrap_or(u32::MAX))
    }
}

/// The tags as the search finds them: each in lower case between two line ends, which no tag holds, in order.
pub(super) fn tag_keys(tags: &BTreeSet<String>) -> String {
    let keys: BTreeSet<String> = tags.iter().map(|tag| tag.to_lowercase()).collect();
    keys.iter().map(|key| format!("\n{key}\n")).collect()
}

pub(super) fn read(row: &Row) -> Result<KeptBuild, StoreError> {
    let happened = |at: Timestamp| Some(at).filter(|at| *at != NOT_YET);
    let result = row.opt_text(7)?;
    Ok(KeptBuild {
        revision: row.int(2)?,
        build: Build {
            id: row.int(0)?,
            project: ProjectId(row.uuid(1)?),
            definition: row.int(3)?,
            repository: RepositoryId(row.uuid(4)?),
            build_number: row.text(5)?.to_owned(),
            status: meaning("build status", row.text(6)?, BuildStatus::parse(row.text(6)?))?,
            result: result.map(|word| meaning("build result", word, BuildResult::parse(word))).transpose()?,
            reason: meaning("build reason", row.text(8)?, BuildReason::parse(row.text(8)?))?,
            priority: meaning("priority", row.text(9)?, QueuePriority::parse(row.text(9)?))?,
            queued_at: row.time(10)?,
            started_at: happened(row.time(11)?),
            finished_at: happened(row.time(12)?),
            source_branch: row.text(13)?.to_owned(),
            source_version: row.opt_text(14)?.map(str::to_owned),
            requested_by: PersonId(row.uuid(15)?),
            requested_for: PersonId(row.uuid(16)?),
            last_changed_by: PersonId(row.uuid(17)?),
            last_changed_at: row.time(18)?,
            parameters: row.opt_text(19)?.map(str::to_owned),
            tags: from_json("tag", row.text(20)?)?,
            keep_forever: row.bool(21)?,
        },
    })
}
