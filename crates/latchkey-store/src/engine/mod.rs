//! An engine is two functions: read rows, and commit change sets. There are two.

pub(crate) mod dialect;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::sync::Arc;

use crate::counters::Counters;
use crate::database::{DatabaseUrl, Options};
use crate::error::{CommitError, OpenError, StoreError};
use crate::feed::Feed;
use crate::statement::{Sql, Write};
use crate::value::{Row, Value};
use crate::{Notice, statement::Kind};

/// What a commit is made of once the record has become statements too.
pub(crate) struct ChangeSet {
    pub(crate) writes: Vec<Write>,
    pub(crate) notices: Vec<Notice>,
}

/// What both engines tell others about: the subscribers and the counters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observers {
    pub(crate) feed: Arc<Feed>,
    pub(crate) counters: Arc<Counters>,
}

/// What a database makes of a statement: for the catalogue test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description {
    /// Names of the result's columns.
    pub columns: Vec<String>,
    /// The steps of the plan; SQLite only.
    pub plan: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Engine {
    pub(crate) async fn open(url: &DatabaseUrl, options: Options, observers: Observers) -> Result<Self, OpenError> {
        match url {
            DatabaseUrl::Sqlite(path) => sqlite::Sqlite::open(path, options, observers).map(Self::Sqlite),
            DatabaseUrl::Postgres(address) => {
                postgres::Postgres::open(address, options, observers).await.map(Self::Postgres)
            }
        }
    }

    pub(crate) async fn read(&self, sql: &'static Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(engine) => engine.read(sql, values).await,
            // In a box: it waits for another machine anyway, and the future of every request stays small.
            Self::Postgres(engine) => Box::pin(engine.read(sql, values)).await,
        }
    }

    pub(crate) async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        match self {
            Self::Sqlite(engine) => engine.commit(set).await,
            Self::Postgres(engine) => Box::pin(engine.commit(set)).await,
        }
    }

    pub(crate) async fn in_touch(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(engine) => Box::pin(engine.in_touch()).await,
        }
    }

    pub(crate) async fn describe(&self, sql: &'static Sql) -> Result<Description, StoreError> {
        match self {
            Self::Sqlite(engine) => engine.describe(sql),
            Self::Postgres(engine) => engine.describe(sql).await,
        }
    }
}

/// A statement of one kind where another belongs is a bug that must not wait for a rare path to show.
pub(crate) fn must_be(sql: &'static Sql, allowed: &[Kind]) -> Result<(), StoreError> {
    if allowed.contains(&sql.kind()) {
        return Ok(());
    }
    Err(StoreError::Statement {
        statement: sql.name(),
        reason: format!("a {:?} statement in the wrong place", sql.kind()),
    })
}
