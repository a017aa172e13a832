//! Logs of builds.

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::build::log::{Log, count_lines};
use latchkey_jose::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// The most logs of one build.
const MOST_LOGS: u32 = 5_000;

const OF_BUILD: Sql = Sql::read(
    "logs.of_build",
    "SELECT build, id, line_count, created_at, changed_at
       FROM build_log WHERE organization = $1 AND project = $2 AND build = $3 ORDER BY id LIMIT $4",
);

const BY_ID: Sql = Sql::read(
    "logs.by_id",
    "SELECT build, id, line_count, created_at, changed_at, lines
       FROM build_log WHERE organization = $1 AND project = $2 AND build = $3 AND id = $4",
);

/// Keeps a log; if it is there already it now says this.
const KEEP: Sql = Sql::guarded(
    "logs.keep",
    "INSERT INTO build_log (organization, project, build, id, lines, line_count, created_at, changed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
     ON CONFLICT (organization, project, build, id) DO UPDATE SET lines = $5, line_count = $6, changed_at = $7",
);

pub(crate) const ALL: &[&Sql] = &[&OF_BUILD, &BY_ID, &KEEP];

/// Keeps what a log of a build says now.
pub fn keep(access: &ProjectAccess, build: i64, id: i64, text: &str, now: Timestamp) -> Changes {
    let mut changes = Changes::none();
    let values = vec![
        access.organization().into(),
        access.project().into(),
        build.into(),
        id.into(),
        text.into(),
        count_lines(text).into(),
        now.into(),
    ];
    changes.write(&KEEP, values);
    changes
}

impl Store {
    /// The logs of a build, without their texts.
    pub async fn logs(&self, access: &ProjectAccess, build: i64) -> Result<Vec<Log>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), build.into(), MOST_LOGS.into()];
        self.read(&OF_BUILD, values).await?.iter().map(read).collect()
    }

    /// A log of a build with its text.
    pub async fn log(&self, access: &ProjectAccess, build: i64, id: i64) -> Result<Option<(Log, String)>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), build.into(), id.into()];
        let Some(row) = self.read_one(&BY_ID, values).await? else { return Ok(None) };
        Ok(Some((read(&row)?, row.text(5)?.to_owned())))
    }
}

fn read(row: &Row) -> Result<Log, StoreError> {
    Ok(Log {
        build: row.int(0)?,
        id: row.int(1)?,
        line_count: row.int(2)?,
        created_at: row.time(3)?,
        changed_at: row.time(4)?,
    })
}
