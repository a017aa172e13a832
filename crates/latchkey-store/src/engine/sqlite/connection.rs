//! One SQLite connection with its prepared statements.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest;
use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ErrorCode, OpenFlags, ToSql, ffi};

use crate::database::{Durability, Options};
use crate::engine::{Description, dialect};
use crate::error::StoreError;
use crate::statement::Sql;
use crate::value::{Row, Value};

/// How many prepared statements a connection keeps: more than the catalogue has.
const PREPARED_STATEMENTS: usize = 1_024;

/// How long a writer waits for a lock that a stranger holds (a backup tool, a shell). Our own server never makes it wait.
const WRITER_PATIENCE: Duration = Duration::from_secs(2);

/// Readers run on the threads of the server, so they wait only for the blink that recovery takes.
const READER_PATIENCE: Duration = Duration::from_millis(100);

/// After a checkpoint the log file is cut back to this many bytes.
const LOG_FILE_BYTES: u32 = 32 * 1024 * 1024;

/// Why a statement failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// A `UNIQUE` or `PRIMARY KEY` constraint: somebody else was first, or a bug.
    Taken(String),
    /// The disk, the lock or the file.
    Unavailable(String),
    /// The statement.
    Wrong(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let reason = error.to_string();
        match error.sqlite_error() {
            Some(ffi::Error {
                extended_code: ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
                ..
            }) => Self::Taken(reason),
            Some(ffi::Error {
                code:
                    ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::CannotOpen
                    | ErrorCode::ReadOnly
                    | ErrorCode::PermissionDenied
                    | ErrorCode::OutOfMemory
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase,
                ..
            }) => Self::Unavailable(reason),
            _ => Self::Wrong(reason),
        }
    }
}

impl Failure {
    /// The same, told to the one who asked for the statement.
    pub(super) fn of(self, sql: &'static Sql) -> StoreError {
        match self {
            Self::Unavailable(reason) => StoreError::Unavailable(reason),
            Self::Taken(reason) | Self::Wrong(reason) => StoreError::Statement { statement: sql.name(), reason },
        }
    }

    /// The same, when no statement of the catalogue is to blame.
    pub(super) fn unavailable(self) -> StoreError {
        match self {
            Self::Unavailable(reason) | Self::Taken(reason) | Self::Wrong(reason) => StoreError::Unavailable(reason),
        }
    }
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// Reading only: a statement that changes something fails.
    Read,
    /// Writing, or moving the log into the file.
    Write,
}

pub(super) struct Connection {
    raw: rusqlite::Connection,
    /// The statements in SQLite's words, so that each is rewritten once.
    texts: HashMap<(usize, usize), Box<str>>,
}

impl Connection {
    /// Opens a file that exists.
    pub(super) fn open(path: &Path, purpose: Purpose, options: Options) -> Result<Self, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let raw = rusqlite::Connection::open_with_flags(path, flags)?;
        raw.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        // Plans are made once, without a look at the values, as the catalogue test reads them: otherwise a statement whose values might
        // lead to another plan is prepared again each time they change.
        raw.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        raw.busy_timeout(if purpose == Purpose::Read { READER_PATIENCE } else { WRITER_PATIENCE })?;
        let synchronous = match options.durability {
            Durability::Full => "FULL",
            Durability::Unsafe => "OFF",
        };
        raw.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA fullfsync = ON;
             PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {LOG_FILE_BYTES};"
        ))?;
        if let Some(pages) = options.max_pages {
            raw.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
        }
        if purpose == Purpose::Read {
            raw.execute_batch("PRAGMA query_only = ON")?;
        }
        raw.create_scalar_function(
            "audit_link",
            3,
            FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC,
            |call| {
                let (previous, seq, body) =
                    (call.get_raw(0).as_blob()?, call.get::<i64>(1)?, call.get_raw(2).as_blob()?);
                Ok(audit_link(previous, seq, body).to_vec())
            },
        )?;
        Ok(Self { raw, texts: HashMap::new() })
    }

    /// Reads rows.
    pub(super) fn rows(&mut self, sql: &'static Sql, values: &[Value]) -> Result<Vec<Row>, Failure> {
        let mut statement = self.prepare(sql, values)?;
        let columns = statement.column_count();
        let mut cursor = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = cursor.next()? {
            rows.push(Row::new((0..columns).map(|column| read(row.get_ref(column)?)).collect::<Result<_, Failure>>()?));
        }
        Ok(rows)
    }

    /// Changes rows, and tells how many.
    pub(super) fn run(&mut self, sql: &'static Sql, values: &[Value]) -> Result<usize, Failure> {
        let mut statement = self.prepare(sql, values)?;
        if statement.column_count() == 0 {
            return Ok(statement.raw_execute()?);
        }
        let mut cursor = statement.raw_query();
        let mut touched = 0_usize;
        while cursor.next()?.is_some() {
            touched = touched.saturating_add(1);
        }
        Ok(touched)
    }

    /// Begins, ends and marks transactions.
    pub(super) fn control(&self, text: &'static str) -> Result<(), Failure> {
        self.raw.prepare_cached(text)?.raw_execute()?;
        Ok(())
    }

    /// Runs a migration.
    pub(super) fn batch(&self, text: &str) -> Result<(), Failure> {
        Ok(self.raw.execute_batch(text)?)
    }

    /// Moves what the log holds into the file, as far as nobody has to wait. Returns how many pages the log holds.
    pub(super) fn checkpoint(&self) -> Result<u32, Failure> {
        Ok(self.raw.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))?)
    }

    pub(super) fn describe(&mut self, sql: &'static Sql) -> Result<Description, Failure> {
        let text = dialect::sqlite(sql.text());
        let columns = self.raw.prepare(&text)?.column_names().map(str::to_owned).collect();
        let plan = self
            .raw
            .prepare(&format!("EXPLAIN QUERY PLAN {text}"))?
            .raw_query()
            .mapped(|row| row.get(3))
            .collect::<Result<_, _>>()?;
        Ok(Description { columns, plan })
    }

    fn prepare(&mut self, sql: &'static Sql, values: &[Value]) -> Result<CachedStatement<'_>, Failure> {
        let text = self.texts.entry(sql.key()).or_insert_with(|| dialect::sqlite(sql.text()).into());
        let mut statement = self.raw.prepare_cached(text)?;
        if statement.parameter_count() != values.len() {
            let expected = statement.parameter_count();
            return Err(Failure::Wrong(format!("it has {expected} parameters and was given {}", values.len())));
        }
        for (index, value) in (1..).zip(values) {
            statement.raw_bind_parameter(index, value)?;
        }
        Ok(statement)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

fn read(value: ValueRef<'_>) -> Result<Value, Failure> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(value) => Ok(Value::Int(value)),
        ValueRef::Text(value) => match str::from_utf8(value) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(_) => Err(Failure::Wrong("a text is not UTF-8".to_owned())),
        },
        ValueRef::Blob(value) => Ok(Value::Blob(value.to_vec())),
        ValueRef::Real(_) => Err(Failure::Wrong("a column holds a floating-point number".to_owned())),
    }
}

/// The next hash of a chain. PostgreSQL has the same function, made of `sha256` and `int8send`.
pub(crate) fn audit_link(previous: &[u8], seq: i64, body: &[u8]) -> [u8; 32] {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(previous);
    hash.update(&seq.to_be_bytes());
    hash.update(body);
    let mut link = [0; 32];
    link.copy_from_slice(hash.finish().as_ref());
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma(options: Options, purpose: Purpose, name: &str) -> i64 {
        let file = tempfile::NamedTempFile::new().unwrap();
        let connection = Connection::open(file.path(), purpose, options).unwrap();
        connection.raw.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_commit_is_on_disk_before_it_is_acknowledged() {
        assert_eq!(pragma(Options::default(), Purpose::Write, "synchronous"), 2, "FULL");
        let options = Options { durability: Durability::Unsafe, ..Options::default() };
        assert_eq!(pragma(options, Purpose::Write, "synchronous"), 0, "OFF, on demand only");
    }

    #[test]
    fn foreign_keys_hold_and_checkpoints_are_not_the_writers_work() {
        assert_eq!(pragma(Options::default(), Purpose::Write, "foreign_keys"), 1);
        assert_eq!(pragma(Options::default(), Purpose::Write, "wal_autocheckpoint"), 0);
        assert_eq!(pragma(Options::default(), Purpose::Read, "query_only"), 1);
    }
}
