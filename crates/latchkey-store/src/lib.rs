//! All SQL, for SQLite and PostgreSQL.
//!
//! | what | where |
//! |---|---|
//! | a statement, a change set | [`statement`] |
//! | parameters and rows | [`value`] |
//! | read, decide, commit, and again after a lost race | [`decide`] |
//! | who hears of a commit | [`feed`] |
//! | what is kept in memory until it is heard of | [`remembered`] |
//! | the record that shows tampering | [`audit`] |
//! | mail that waits to be sent | [`outbox`] |
//! | the identity half | [`identity`] |
//! | the DevOps half | [`devops`] |
//! | every statement there is | [`catalogue`] |
//! | the schema | `migrations` |
//! | the two engines | `engine` |

pub mod audit;
pub mod catalogue;
pub mod counters;
pub mod database;
pub mod decide;
pub mod devops;
mod engine;
pub mod error;
pub mod feed;
pub mod identity;
mod migrations;
pub mod outbox;
pub mod remembered;
pub mod statement;
pub mod value;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use engine::{ChangeSet, Engine, Observers};

pub use audit::{AuditEvent, Outcome};
pub use counters::Counts;
pub use database::{DatabaseUrl, Durability, Options, Role};
pub use decide::Decided;
pub use engine::Description;
pub use error::{CommitError, OpenError, StoreError};
pub use feed::{Feed, Notice};
pub use outbox::Letter;
pub use remembered::Remembered;
pub use statement::{Changes, Sql, Write};
pub use value::{Row, Value};

/// The database. Cheap to clone; the last clone to go closes it.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Arc<Engine>,
    observers: Observers,
    memory: Arc<identity::memory::Memory>,
    devops: Arc<devops::Memory>,
    outbox: Arc<AtomicBool>,
}

impl Store {
    /// Opens a database for a server, and brings its schema up to date.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        Self::open_with(url, Options::default()).await
    }

    /// Opens a database in another way than a server does.
    pub async fn open_with(url: &DatabaseUrl, options: Options) -> Result<Self, OpenError> {
        let observers = Observers::default();
        let engine = Engine::open(url, options, observers.clone()).await?;
        let memory = identity::memory::Memory::listening_to(&observers.feed);
        let devops = devops::Memory::listening_to(&observers.feed);
        let store = Self { engine: Arc::new(engine), observers, memory, devops, outbox: Arc::default() };
        store.recall_ended_families().await.map_err(|error| OpenError::Unreachable(error.to_string()))?;
        store.recall_ended_app_tokens().await.map_err(|error| OpenError::Unreachable(error.to_string()))?;
        Ok(store)
    }

    /// Reads rows.
    pub async fn read(&self, sql: &'static Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        engine::must_be(sql, &[statement::Kind::Read, statement::Kind::Sweep])?;
        self.observers.counters.read();
        self.engine.read(sql, values).await
    }

    /// Reads the one row that there is, or none.
    pub async fn read_one(&self, sql: &'static Sql, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.read(sql, values).await?.into_iter().next())
    }

    /// The number in the first column of the one row that there is; 0 without a row.
    pub(crate) async fn count(&self, sql: &'static Sql, values: Vec<Value>) -> Result<usize, StoreError> {
        let number = self.read_one(sql, values).await?.map_or(Ok(0), |row| row.int(0))?;
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// Commits a change set. Returns when it is durable and every subscriber of the feed has heard its notices.
    ///
    /// Once started it runs to its end, even when the caller goes away.
    pub async fn commit(&self, changes: Changes) -> Result<(), CommitError> {
        let mut writes = changes.writes;
        for write in &writes {
            engine::must_be(write.sql, &[statement::Kind::Write, statement::Kind::Guarded, statement::Kind::Sweep])?;
        }
        writes.extend(audit::writes(changes.events));
        if self.has_outbox() {
            writes.extend(outbox::writes(changes.letters));
        }
        if writes.is_empty() {
            self.observers.feed.publish(&changes.notices);
            return Ok(());
        }
        let items: Vec<feed::Notice> =
            changes.notices.iter().copied().filter(feed::Notice::is_of_a_work_item).collect();
        let outcome = self.engine.commit(ChangeSet { writes, notices: changes.notices }).await;
        if outcome == Err(CommitError::Lost) {
            // Whoever decided by what memory holds decides again, by what the database holds.
            self.observers.feed.publish(&items);
        }
        outcome
    }

    /// Whether memory can be gone by: everything that other servers told until a second ago has been heard. Where a server has had no word for
    /// so long, the database is asked; if it does not answer, nothing can be.
    pub async fn in_touch(&self) -> Result<(), StoreError> {
        self.engine.in_touch().await
    }

    /// Whether other servers may use this database at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(&*self.engine, Engine::Postgres(_))
    }

    /// Who hears of commits.
    pub fn feed(&self) -> &Feed {
        &self.observers.feed
    }

    /// What the database has been asked for so far.
    pub fn counters(&self) -> Counts {
        self.observers.counters.now()
    }

    /// What the database makes of a statement, without running it.
    pub async fn describe(&self, sql: &'static Sql) -> Result<Description, StoreError> {
        self.engine.describe(sql).await
    }
}
