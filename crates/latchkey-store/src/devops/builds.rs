//! Builds.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::build::filter::{BuildFilter, BuildQueryOrder, DeletedOption, PersonRequested};
use latchkey_devops::build::{Build, BuildReason, BuildResult, BuildStatus, QueuePriority};
use latchkey_devops::ids::{AppId, OrganizationId, PersonId, ProjectId, RepositoryId};
use latchkey_jose::Timestamp;
use uuid::Uuid;

use super::organizations::{Numbered, take_number};
use super::{Through, Unproven, from_json, meaning, to_json};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::{Row, Value};

/// How many builds one statement reads by number.
const AT_ONCE: usize = 40;

/// What is not yet is at the end of time, so that lists have an order.
const NOT_YET: Timestamp = Timestamp::MAX;

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

/// One page of a list: `$time` orders it, `$behind` says on which side of the last entry it goes on.
macro_rules! list {
    ($place:literal, $time:literal, $behind:literal, $direction:literal) => {
        select!(concat!(
            "WHERE organization = $1 AND project = $2 ",
            $place,
            " AND (",
            $time,
            ", id) ",
            $behind,
            " ($3, $4) AND ",
            $time,
            " >= $5 AND ",
            $time,
            " <= $6
               AND (CAST($7 AS TEXT) IS NULL OR lower(build_number) LIKE $7 ESCAPE '\\')
               AND (CAST($8 AS BLOB) IS NULL OR requested_for = $8)
               AND (CAST($9 AS TEXT) IS NULL OR $9 LIKE '%,' || reason || ',%')
               AND (CAST($10 AS TEXT) IS NULL OR $10 LIKE '%,' || status || ',%')
               AND (CAST($11 AS TEXT) IS NULL OR $11 LIKE '%,' || result || ',%')
               AND (CAST($12 AS TEXT) IS NULL OR tag_keys LIKE $12 ESCAPE '\\')
               AND (CAST($13 AS TEXT) IS NULL OR source_branch = $13)
               AND (CAST($14 AS BLOB) IS NULL OR repository = $14)
             ORDER BY ",
            $time,
            " ",
            $direction,
            ", id ",
            $direction,
            " LIMIT $15"
        ))
    };
}

const BY_ID: Sql = Sql::read("builds.by_id", select!("WHERE organization = $1 AND project = $2 AND id = $3"));

const BY_IDS: Sql = Sql::read(
    "builds.by_ids",
    select!(
        "WHERE organization = $1 AND project = $2
           AND id IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                      $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41,
                      $42)"
    ),
);

const BY_QUEUE_TIME: Sql = Sql::read("builds.by_queue_time", list!("", "queued_at", ">", "ASC"));
const BY_QUEUE_TIME_DOWN: Sql = Sql::read("builds.by_queue_time_down", list!("", "queued_at", "<", "DESC"));
const BY_START_TIME: Sql = Sql::read("builds.by_start_time", list!("", "started_at", ">", "ASC"));
const BY_START_TIME_DOWN: Sql = Sql::read("builds.by_start_time_down", list!("", "started_at", "<", "DESC"));
const BY_FINISH_TIME: Sql = Sql::read("builds.by_finish_time", list!("", "finished_at", ">", "ASC"));
const BY_FINISH_TIME_DOWN: Sql = Sql::read("builds.by_finish_time_down", list!("", "finished_at", "<", "DESC"));

const OF_DEFINITION_BY_QUEUE_TIME: Sql =
    Sql::read("builds.of_definition_by_queue_time", list!("AND definition = $16", "queued_at", ">", "ASC"));
const OF_DEFINITION_BY_QUEUE_TIME_DOWN: Sql =
    Sql::read("builds.of_definition_by_queue_time_down", list!("AND definition = $16", "queued_at", "<", "DESC"));
const OF_DEFINITION_BY_START_TIME: Sql =
    Sql::read("builds.of_definition_by_start_time", list!("AND definition = $16", "started_at", ">", "ASC"));
const OF_DEFINITION_BY_START_TIME_DOWN: Sql =
    Sql::read("builds.of_definition_by_start_time_down", list!("AND definition = $16", "started_at", "<", "DESC"));
const OF_DEFINITION_BY_FINISH_TIME: Sql =
    Sql::read("builds.of_definition_by_finish_time", list!("AND definition = $16", "finished_at", ">", "ASC"));
const OF_DEFINITION_BY_FINISH_TIME_DOWN: Sql =
    Sql::read("builds.of_definition_by_finish_time_down", list!("AND definition = $16", "finished_at", "<", "DESC"));

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

pub(crate) const ALL: &[&Sql] = &[
    &BY_ID,
    &BY_IDS,
    &BY_QUEUE_TIME,
    &BY_QUEUE_TIME_DOWN,
    &BY_START_TIME,
    &BY_START_TIME_DOWN,
    &BY_FINISH_TIME,
    &BY_FINISH_TIME_DOWN,
    &OF_DEFINITION_BY_QUEUE_TIME,
    &OF_DEFINITION_BY_QUEUE_TIME_DOWN,
    &OF_DEFINITION_BY_START_TIME,
    &OF_DEFINITION_BY_START_TIME_DOWN,
    &OF_DEFINITION_BY_FINISH_TIME,
    &OF_DEFINITION_BY_FINISH_TIME_DOWN,
    &COUNT,
    &THROUGH,
    &QUEUED_UNDER,
    &CHANGED_UNDER,
    &QUEUE,
    &UPDATE,
];

/// A build, and how often it was changed: whoever changes it again says after which change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptBuild {
    /// The build.
    pub build: Build,
    revision: i64,
}

/// One page of a list of builds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BuildPage {
    /// The builds.
    pub builds: Vec<Build>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Continuation>,
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

/// Where a page of a list of builds ended. As text it is the `continuationToken` of clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Continuation {
    time: Timestamp,
    id: i64,
}

impl Continuation {
    /// Reads a token; nothing if it is none of ours.
    pub fn parse(token: &str) -> Option<Self> {
        let (time, id) = token.split_once('.')?;
        Some(Self { time: Timestamp::from_micros(time.parse().ok()?), id: id.parse().ok()? })
    }
}

impl fmt::Display for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.time.as_micros(), self.id)
    }
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
        let count = self.read_one(&COUNT, values).await?.map_or(Ok(0), |row| row.int(0))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// A page of the builds that a list is about, behind `after`. Builds asked for by number come whatever else the filter
    /// says. A person must be asked for by id: who is only named has queued nothing.
    pub async fn builds(
        &self,
        access: &ProjectAccess,
        filter: &BuildFilter,
        after: Option<Continuation>,
    ) -> Result<BuildPage, StoreError> {
        let nobody = matches!(filter.requested_for, Some(PersonRequested::Named(_)));
        if nobody || filter.deleted == DeletedOption::OnlyDeleted {
            return Ok(BuildPage { builds: Vec::new(), next: None });
        }
        let most = usize::try_from(filter.top).unwrap_or(usize::MAX);
        if !filter.build_ids.is_empty() {
            let mut builds = self.builds_by_id(access, &filter.build_ids).await?;
            builds.sort_by(|one, other| in_order(filter.order, one, other));
            builds.truncate(most);
            return Ok(BuildPage { builds, next: None });
        }
        let definitions = match (filter.definitions.as_slice(), filter.most_per_definition) {
            ([], None) => return self.page(access, filter, after).await,
            ([], Some(_)) => {
                let every = latchkey_devops::build::DefinitionFilter::default();
                let definitions = self.definitions(access, &every, 0).await?;
                definitions.into_iter().map(|definition| definition.id).collect()
            }
            (ids, _) => ids.iter().copied().collect::<BTreeSet<_>>(),
        };
        let count = filter.most_per_definition.unwrap_or(filter.top).min(filter.top);
        let mut builds: Vec<Build> = Vec::new();
        let mut more = false;
        for definition in definitions {
            let rows = self.list(access, filter, after, Some(definition), count).await?;
            more = more || rows.len() >= most;
            builds.extend(rows);
            builds.sort_by(|one, other| in_order(filter.order, one, other));
            more = more || builds.len() > most;
            builds.truncate(most);
        }
        // A list with a bound for each definition is whole: its next page would count from the beginning.
        let more = more && filter.most_per_definition.is_none();
        let next =
            builds.last().filter(|_| more).map(|last| Continuation { time: time(filter.order, last), id: last.id });
        Ok(BuildPage { builds, next })
    }

    async fn page(
        &self,
        access: &ProjectAccess,
        filter: &BuildFilter,
        after: Option<Continuation>,
    ) -> Result<BuildPage, StoreError> {
        let builds = self.list(access, filter, after, None, filter.top).await?;
        let full = builds.len() >= usize::try_from(filter.top).unwrap_or(usize::MAX);
        let next =
            builds.last().filter(|_| full).map(|last| Continuation { time: time(filter.order, last), id: last.id });
        Ok(BuildPage { builds, next })
    }

    async fn list(
        &self,
        access: &ProjectAccess,
        filter: &BuildFilter,
        after: Option<Continuation>,
        definition: Option<i64>,
        count: u32,
    ) -> Result<Vec<Build>, StoreError> {
        let first = if is_descending(filter.order) {
            Continuation { time: Timestamp::MAX, id: i64::MAX }
        } else {
            Continuation { time: Timestamp::from_micros(i64::MIN), id: i64::MIN }
        };
        let after = after.unwrap_or(first);
        let requested_for = match filter.requested_for {
            Some(PersonRequested::Id(person)) => Some(person),
            _ => None,
        };
        let mut values: Vec<Value> = vec![
            access.organization().into(),
            access.project().into(),
            after.time.into(),
            after.id.into(),
            filter.min_time.unwrap_or(Timestamp::from_micros(i64::MIN)).into(),
            filter.max_time.unwrap_or(Timestamp::MAX).into(),
            filter.build_number.as_deref().map(number_pattern).into(),
            requested_for.into(),
            set(&filter.reasons, BuildReason::word).into(),
            set(&filter.statuses, BuildStatus::word).into(),
            set(&filter.results, BuildResult::word).into(),
            tag_pattern(&filter.tags).into(),
            filter.branch.as_ref().into(),
            filter.repository.into(),
            count.into(),
        ];
        values.extend(definition.map(Value::from));
        let rows = self.read(statement(filter.order, definition.is_some()), values).await?;
        rows.iter().map(|row| read(row).map(|kept| kept.build)).collect()
    }

    async fn builds_by_id(&self, access: &ProjectAccess, ids: &[i64]) -> Result<Vec<Build>, StoreError> {
        let ids: Vec<i64> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut builds = Vec::new();
        for chunk in ids.chunks(AT_ONCE) {
            // The places that are left over ask for the last one again.
            let padded = chunk.iter().chain(std::iter::repeat_n(chunk.last().unwrap_or(&0), AT_ONCE));
            let place: [Value; 2] = [access.organization().into(), access.project().into()];
            let values = place.into_iter().chain(padded.take(AT_ONCE).map(|id| (*id).into()));
            for row in self.read(&BY_IDS, values.collect()).await? {
                builds.push(read(&row)?.build);
            }
        }
        Ok(builds)
    }
}

fn statement(order: BuildQueryOrder, of_definition: bool) -> &'static Sql {
    use BuildQueryOrder as O;
    match (order, of_definition) {
        (O::QueueTimeAscending, false) => &BY_QUEUE_TIME,
        (O::QueueTimeDescending, false) => &BY_QUEUE_TIME_DOWN,
        (O::StartTimeAscending, false) => &BY_START_TIME,
        (O::StartTimeDescending, false) => &BY_START_TIME_DOWN,
        (O::FinishTimeAscending, false) => &BY_FINISH_TIME,
        (O::FinishTimeDescending, false) => &BY_FINISH_TIME_DOWN,
        (O::QueueTimeAscending, true) => &OF_DEFINITION_BY_QUEUE_TIME,
        (O::QueueTimeDescending, true) => &OF_DEFINITION_BY_QUEUE_TIME_DOWN,
        (O::StartTimeAscending, true) => &OF_DEFINITION_BY_START_TIME,
        (O::StartTimeDescending, true) => &OF_DEFINITION_BY_START_TIME_DOWN,
        (O::FinishTimeAscending, true) => &OF_DEFINITION_BY_FINISH_TIME,
        (O::FinishTimeDescending, true) => &OF_DEFINITION_BY_FINISH_TIME_DOWN,
    }
}

const fn is_descending(order: BuildQueryOrder) -> bool {
    use BuildQueryOrder as O;
    matches!(order, O::QueueTimeDescending | O::StartTimeDescending | O::FinishTimeDescending)
}

fn time(order: BuildQueryOrder, build: &Build) -> Timestamp {
    use BuildQueryOrder as O;
    match order {
        O::QueueTimeAscending | O::QueueTimeDescending => build.queued_at,
        O::StartTimeAscending | O::StartTimeDescending => build.started_at.unwrap_or(NOT_YET),
        O::FinishTimeAscending | O::FinishTimeDescending => build.finished_at.unwrap_or(NOT_YET),
    }
}

fn in_order(order: BuildQueryOrder, one: &Build, other: &Build) -> Ordering {
    let up = (time(order, one), one.id).cmp(&(time(order, other), other.id));
    if is_descending(order) { up.reverse() } else { up }
}

/// `,a,b,`, or nothing if any will do.
fn set<T: Copy>(chosen: &[T], word: fn(T) -> &'static str) -> Option<String> {
    let words: Vec<_> = chosen.iter().map(|value| word(*value)).collect();
    (!words.is_empty()).then(|| format!(",{},", words.join(",")))
}

/// The pattern of a build number; a `*` at its end stands for the rest.
fn number_pattern(number: &str) -> String {
    let number = number.to_lowercase();
    match number.strip_suffix('*') {
        Some(start) => format!("{}%", literally(start)),
        None => literally(&number),
    }
}

/// The tags as the search finds them: each in lower case between two line ends, which no tag holds, in order.
fn tag_keys(tags: &BTreeSet<String>) -> String {
    let keys: BTreeSet<String> = tags.iter().map(|tag| tag.to_lowercase()).collect();
    keys.iter().map(|key| format!("\n{key}\n")).collect()
}

/// The pattern of all [`tag_keys`] that hold these tags, or nothing if any will do.
fn tag_pattern(tags: &[String]) -> Option<String> {
    let keys: BTreeSet<String> = tags.iter().map(|tag| tag.to_lowercase()).collect();
    (!keys.is_empty()).then(|| keys.iter().map(|key| format!("%\n{}\n", literally(key))).collect::<String>() + "%")
}

/// A text in a pattern where it stands for itself.
fn literally(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn read(row: &Row) -> Result<KeptBuild, StoreError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_is_read_as_it_was_written() {
        let continuation = Continuation { time: Timestamp::from_micros(-7), id: 12 };
        assert_eq!(Continuation::parse(&continuation.to_string()), Some(continuation));
        for token in ["", ".", "1", "1.", "a.1", "1.1.1", "99999999999999999999.1"] {
            assert_eq!(Continuation::parse(token), None, "{token}");
        }
    }

    #[test]
    fn what_a_person_writes_in_a_filter_stands_for_itself() {
        assert_eq!(number_pattern("A_1%*"), "a\\_1\\%%");
        assert_eq!(number_pattern("2026\\"), "2026\\\\");
        assert_eq!(tag_pattern(&["b%".into(), "A".into()]).as_deref(), Some("%\na\n%\nb\\%\n%"));
        assert_eq!(tag_pattern(&[]), None);
        assert_eq!(tag_keys(&["B".into(), "a".into()].into()), "\na\n\nb\n");
    }
}
