//! SQLite: one writer, many readers, one file.

mod checkpoint;
pub(crate) mod connection;
mod file;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use checkpoint::Checkpointer;
use connection::{Connection, Failure, Purpose};
use writer::Writer;

use super::{ChangeSet, Description, Observers};
use crate::database::{Options, Role};
use crate::error::{CommitError, OpenError, StoreError};
use crate::migrations;
use crate::statement::{Kind, Sql};
use crate::value::{Row, Value};

/// At most so many connections for reading are kept open; more are opened when more threads read, and closed again.
const IDLE_READERS: usize = 8;

#[derive(Debug)]
pub(crate) struct Sqlite {
    readers: Arc<Readers>,
    work: Option<Work>,
}

/// What only the server has. Dropped from the top: the last connection to close leaves no log behind, then the lock goes.
#[derive(Debug)]
struct Work {
    writer: Writer,
    _checkpointer: Checkpointer,
    _lock: File,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, options: Options, observers: Observers) -> Result<Self, OpenError> {
        let readers = Arc::new(Readers { path: path.to_owned(), options, idle: Mutex::default() });
        if options.role == Role::Reader {
            if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
                migrations::must_be_current(0)?;
            }
            readers.with(check_schema).map_err(unreachable)??;
            return Ok(Self { readers, work: None });
        }
        let lock = file::lock(path)?;
        file::create_if_missing(path)?;
        let connect = || Connection::open(path, Purpose::Write, options).map_err(unreachable);
        let mut connection = connect()?;
        migrate(&mut connection)?;
        let folder = |error: std::io::Error| OpenError::Folder { path: path.to_owned(), reason: error.to_string() };
        let (checkpointer, progress) = Checkpointer::start(connect()?).map_err(folder)?;
        let writer = Writer::start(path.to_owned(), connection, options, observers, progress).map_err(folder)?;
        Ok(Self { readers, work: Some(Work { writer, _checkpointer: checkpointer, _lock: lock }) })
    }

    /// A lookup takes a few microseconds, less than handing it to another thread; a sweep does not.
    pub(crate) async fn read(&self, sql: &'static Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let failed = |failure: Failure| failure.of(sql);
        if sql.kind() != Kind::Sweep {
            return self.readers.with(|connection| connection.rows(sql, &values)).map_err(failed)?.map_err(failed);
        }
        let readers = Arc::clone(&self.readers);
        let sweep = move || readers.with(|connection| connection.rows(sql, &values)).map_err(failed)?.map_err(failed);
        match tokio::task::spawn_blocking(sweep).await {
            Ok(rows) => rows,
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    pub(crate) async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        match &self.work {
            Some(work) => work.writer.commit(set).await,
            None => Err(StoreError::Unavailable("it was opened for reading only".to_owned()).into()),
        }
    }

    pub(crate) fn describe(&self, sql: &'static Sql) -> Result<Description, StoreError> {
        let failed = |failure: Failure| failure.of(sql);
        self.readers.with(|connection| connection.describe(sql)).map_err(failed)?.map_err(failed)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Connections for reading, taken and given back.
#[derive(Debug)]
struct Readers {
    path: PathBuf,
    options: Options,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn with<T>(&self, read: impl FnOnce(&mut Connection) -> T) -> Result<T, Failure> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut connection = match taken {
            Some(connection) => connection,
            None => Connection::open(&self.path, Purpose::Read, self.options)?,
        };
        let result = read(&mut connection);
        let mut idle = idle();
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        Ok(result)
    }
}

fn check_schema(connection: &mut Connection) -> Result<(), OpenError> {
    migrations::must_be_current(schema_version(connection)?)
}

fn schema_version(connection: &mut Connection) -> Result<i64, OpenError> {
    let rows = connection.rows(&migrations::CURRENT, &[]).map_err(unreachable)?;
    rows.first().map_or(Ok(0), |row| row.int(0)).map_err(|error| OpenError::Unreachable(error.to_string()))
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    connection.control("BEGIN IMMEDIATE").map_err(unreachable)?;
    connection.batch(migrations::CREATE_VERSION_TABLE).map_err(unreachable)?;
    for migration in migrations::missing(schema_version(connection)?)? {
        let failed = |failure: Failure| migration.failed(&failure.unavailable());
        connection.batch(migration.text).map_err(failed)?;
        connection.run(&migrations::APPLIED, &[migration.version().into(), migration.name().into()]).map_err(failed)?;
    }
    connection.control("COMMIT").map_err(unreachable)
}

fn unreachable(failure: Failure) -> OpenError {
    OpenError::Unreachable(failure.unavailable().to_string())
}
