//! The timelines of builds.

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::build::timeline::{Issue, IssueType, RecordResult, RecordState, RecordType, TimelineRecord};
use serde::{Deserialize, Serialize};

use super::{from_json, meaning, to_json};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// The most records of one build.
const MOST_RECORDS: u32 = 5_000;

const OF_BUILD: Sql = Sql::read(
    "timelines.of_build",
    "SELECT id, parent, kind, name, started_at, finished_at, state, result, place, attempt, worker, log, issues
       FROM timeline_record WHERE organization = $1 AND project = $2 AND build = $3 ORDER BY id LIMIT $4",
);

const KEEP: Sql = Sql::guarded(
    "timelines.keep",
    "INSERT INTO timeline_record (organization, project, build, id, parent, kind, name, started_at, finished_at, state,
                                  result, place, attempt, worker, log, issues)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
     ON CONFLICT (organization, project, build, id) DO UPDATE
        SET parent = $5, kind = $6, name = $7, started_at = $8, finished_at = $9, state = $10, result = $11, place = $12,
            attempt = $13, worker = $14, log = $15, issues = $16",
);

pub(crate) const ALL: &[&Sql] = &[&OF_BUILD, &KEEP];

/// Keeps a record of a build as it is now.
pub fn keep(access: &ProjectAccess, build: i64, record: &TimelineRecord) -> Changes {
    let issues: Vec<_> = record.issues.iter().map(KeptIssue::from).collect();
    let mut changes = Changes::none();
    let values = vec![
        access.organization().into(),
        access.project().into(),
        build.into(),
        record.id.into(),
        record.parent.into(),
        record.kind.word().into(),
        record.name.as_str().into(),
        record.started_at.into(),
        record.finished_at.into(),
        record.state.word().into(),
        record.result.map(RecordResult::word).into(),
        record.order.into(),
        record.attempt.into(),
        record.worker.as_ref().into(),
        record.log.into(),
        to_json(&issues).into(),
    ];
    changes.write(&KEEP, values);
    changes
}

impl Store {
    /// The records of a build. Who shows them puts parts below their parents, in their order.
    pub async fn timeline(&self, access: &ProjectAccess, build: i64) -> Result<Vec<TimelineRecord>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), build.into(), MOST_RECORDS.into()];
        self.read(&OF_BUILD, values).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<TimelineRecord, StoreError> {
    let issues: Vec<KeptIssue> = from_json("issue", row.text(12)?)?;
    let result = row.opt_text(7)?;
    Ok(TimelineRecord {
        id: row.uuid(0)?,
        parent: row.opt_uuid(1)?,
        kind: meaning("record type", row.text(2)?, RecordType::parse(row.text(2)?))?,
        name: row.text(3)?.to_owned(),
        started_at: row.opt_time(4)?,
        finished_at: row.opt_time(5)?,
        state: meaning("state", row.text(6)?, RecordState::parse(row.text(6)?))?,
        result: result.map(|word| meaning("result", word, RecordResult::parse(word))).transpose()?,
        order: row.int(8)?,
        attempt: row.int(9)?,
        worker: row.opt_text(10)?.map(str::to_owned),
        log: row.opt_int(11)?,
        issues: issues.into_iter().map(KeptIssue::issue).collect::<Result<_, _>>()?,
    })
}

/// An issue as the database keeps it.
#[derive(Serialize, Deserialize)]
struct KeptIssue {
    kind: String,
    category: String,
    message: String,
}

impl From<&Issue> for KeptIssue {
    fn from(issue: &Issue) -> Self {
        let kind = issue.kind.word().to_owned();
        Self { kind, category: issue.category.clone(), message: issue.message.clone() }
    }
}

impl KeptIssue {
    fn issue(self) -> Result<Issue, StoreError> {
        let kind = meaning("issue type", &self.kind, IssueType::parse(&self.kind))?;
        Ok(Issue { kind, category: self.category, message: self.message })
    }
}
