//! One PostgreSQL connection with its prepared statements.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;

use futures_util::future::{join, join_all};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{AsyncMessage, Client, NoTls, Socket, Statement};
use uuid::Uuid;

use super::notices::{Cursor, MOST_ROWS, NoticeRow, READ, Reading, TELL};
use super::presence::Ear;
use super::{OPEN_TIMEOUT, Target, no_answer};
use crate::counters::Counters;
use crate::database::Durability;
use crate::engine::{ChangeSet, Description, dialect};
use crate::error::{CommitError, StoreError};
use crate::statement::{Kind, Sql, Write};
use crate::value::{Row, Value};

pub(super) struct Connection {
    client: Client,
    /// Prepared as they are.
    plain: HashMap<(usize, usize), Statement>,
    /// Prepared so that they fail when they touch nothing.
    guarded: HashMap<(usize, usize), Statement>,
    /// Those that only PostgreSQL has, by their text.
    own: HashMap<&'static str, Statement>,
}

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Self, StoreError> {
        Self::open_with(target, None).await
    }

    /// Opens one whose notifications and whose end are heard.
    pub(super) async fn open_heard_by(target: &Target, ear: Ear) -> Result<Self, StoreError> {
        Self::open_with(target, Some(ear)).await
    }

    async fn open_with(target: &Target, ear: Option<Ear>) -> Result<Self, StoreError> {
        let opened = timeout(OPEN_TIMEOUT, connect(target, ear)).await.map_err(|_| no_answer(OPEN_TIMEOUT))?;
        let client = opened.map_err(|error| unavailable(&error))?;
        let synchronous_commit = match target.durability {
            Durability::Full => "on",
            Durability::Unsafe => "off",
        };
        let settings = format!(
            "SET synchronous_commit = {synchronous_commit}; SET statement_timeout = 0; SET client_min_messages = warning"
        );
        client.batch_execute(&settings).await.map_err(|error| unavailable(&error))?;
        Ok(Self { client, plain: HashMap::new(), guarded: HashMap::new(), own: HashMap::new() })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The bare connection, for migrations and locks.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Reads rows.
    pub(super) async fn rows(&mut self, sql: &'static Sql, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let failed = |error: tokio_postgres::Error| Failure::of(&error).of_statement(sql);
        let statement = self.prepare(sql).await.map_err(failed)?;
        check(sql, &statement, values)?;
        let rows = self.client.query(&statement, &parameters(values)).await.map_err(failed)?;
        rows.iter().map(|row| read(row).map_err(|reason| wrong(sql, reason))).collect()
    }

    /// Runs one statement by itself.
    pub(super) async fn run(&mut self, sql: &'static Sql, values: &[Value]) -> Result<u64, StoreError> {
        let failed = |error: tokio_postgres::Error| Failure::of(&error).of_statement(sql);
        let statement = self.prepare(sql).await.map_err(failed)?;
        check(sql, &statement, values)?;
        self.client.execute(&statement, &parameters(values)).await.map_err(failed)
    }

    /// Commits a change set in one round trip: everything is sent before the first answer is awaited. What other nodes are `told` of it is a
    /// part of it.
    pub(super) async fn commit(
        &mut self,
        set: &ChangeSet,
        told: Option<&NoticeRow>,
        counters: &Counters,
    ) -> Result<(), CommitError> {
        let mut prepared = Vec::with_capacity(set.writes.len());
        for write in &set.writes {
            let statement = self.prepare(write.sql).await;
            let statement = statement.map_err(|error| Failure::of(&error).of_statement(write.sql))?;
            // Nothing may fail on this side once the first statement is on its way, because `COMMIT` is too.
            check(write.sql, &statement, &write.values)?;
            prepared.push((write, statement));
        }
        let telling = match told {
            Some(told) => Some((told, self.prepare_own(TELL).await.map_err(|error| unavailable(&error))?)),
            None => None,
        };
        let write = |(write, statement)| {
            counters.write();
            execute(&self.client, write, statement)
        };
        if prepared.len() == 1 && telling.is_none() {
            return join_all(prepared.into_iter().map(write)).await.into_iter().collect();
        }
        let tell = async {
            let Some((NoticeRow { node, number, told }, statement)) = telling else { return Ok(()) };
            self.client.execute(&statement, &[&node.as_bytes().as_slice(), number, told]).await.map(drop)
        };
        let (begun, (written, (told, committed))) = join(
            self.client.batch_execute("BEGIN"),
            join(join_all(prepared.into_iter().map(write)), join(tell, self.client.batch_execute("COMMIT"))),
        )
        .await;
        begun.map_err(|error| unavailable(&error))?;
        // The first failure is the reason; those behind it only say that the transaction had already failed.
        written.into_iter().collect::<Result<(), CommitError>>()?;
        told.map_err(|error| unavailable(&error))?;
        committed.map_err(|error| match Failure::of(&error) {
            Failure::Conflict => CommitError::Lost,
            _ => unavailable(&error).into(),
        })
    }

    /// What other nodes have told since a cursor was here.
    pub(super) async fn notices(&mut self, cursor: &Cursor) -> Result<Reading, StoreError> {
        let read = async {
            let statement = self.prepare_own(READ).await?;
            let most = i64::try_from(MOST_ROWS).unwrap_or(i64::MAX);
            let (from, seen) = cursor.from();
            let found = self.client.query(&statement, &[&from, &seen, &most]).await?;
            let (mut seen, mut horizon, mut rows) = (seen.to_owned(), from, Vec::with_capacity(found.len()));
            for row in &found {
                (seen, horizon) = (row.try_get(0)?, row.try_get(1)?);
                let Some(node) = row.try_get::<_, Option<&[u8]>>(2)? else { continue };
                // A node has sixteen bytes; whatever else is there is nobody's.
                let node = Uuid::from_slice(node).unwrap_or_default();
                rows.push(NoticeRow { node, number: row.try_get(3)?, told: row.try_get(4)? });
            }
            Ok(Reading { seen, horizon, rows })
        };
        read.await.map_err(|error: tokio_postgres::Error| unavailable(&error))
    }

    pub(super) async fn describe(&mut self, sql: &'static Sql) -> Result<Description, StoreError> {
        let failed = |error: tokio_postgres::Error| Failure::of(&error).of_statement(sql);
        self.prepare(sql).await.map_err(failed)?;
        let statement = self.client.prepare(&dialect::postgres(sql.text())).await.map_err(failed)?;
        for column in statement.columns() {
            if !is_known(column.type_()) {
                let reason = format!("column {} is {}, which SQLite has not: use CAST", column.name(), column.type_());
                return Err(wrong(sql, reason));
            }
        }
        let columns = statement.columns().iter().map(|column| column.name().to_owned()).collect();
        Ok(Description { columns, plan: Vec::new() })
    }

    async fn prepare(&mut self, sql: &'static Sql) -> Result<Statement, tokio_postgres::Error> {
        let (prepared, rewrite): (_, fn(&str) -> String) = match sql.kind() {
            Kind::Guarded => (&mut self.guarded, dialect::postgres_guard),
            Kind::Read | Kind::Write | Kind::Sweep => (&mut self.plain, dialect::postgres),
        };
        if let Some(statement) = prepared.get(&sql.key()) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&rewrite(sql.text())).await?;
        prepared.insert(sql.key(), statement.clone());
        Ok(statement)
    }

    async fn prepare_own(&mut self, text: &'static str) -> Result<Statement, tokio_postgres::Error> {
        if let Some(statement) = self.own.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(text).await?;
        self.own.insert(text, statement.clone());
        Ok(statement)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// A connection as the target asks for it. It is a large future that is needed rarely, so it has a place of its own.
fn connect(
    target: &Target,
    ear: Option<Ear>,
) -> Pin<Box<dyn Future<Output = Result<Client, tokio_postgres::Error>> + Send + '_>> {
    Box::pin(async move {
        match &target.tls {
            None => target.config.connect(NoTls).await.map(|connected| drive(connected, ear)),
            Some(tls) => target.config.connect(tls.clone()).await.map(|connected| drive(connected, ear)),
        }
    })
}

/// Whatever a connection is made of, a task of its own carries it.
fn drive<S>((client, mut connection): (Client, tokio_postgres::Connection<Socket, S>), ear: Option<Ear>) -> Client
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            match (message, &ear) {
                (Ok(AsyncMessage::Notification(notification)), Some(ear)) => ear.hear(notification.payload()),
                (Ok(_), _) => {}
                (Err(error), _) => {
                    tracing::warn!(%error, "a connection to PostgreSQL ended");
                    break;
                }
            }
        }
        // Closed first: whoever finds it open hears of its end afterwards.
        drop(connection);
        if let Some(ear) = ear {
            ear.ended();
        }
    });
    client
}

async fn execute(client: &Client, write: &Write, statement: Statement) -> Result<(), CommitError> {
    match client.execute(&statement, &parameters(&write.values)).await {
        Ok(_) => Ok(()),
        Err(error) => Err(failed_write(write.sql, &error)),
    }
}

/// Why PostgreSQL refused something.
#[derive(Debug)]
enum Failure {
    /// A guard counted no rows.
    NothingTouched,
    /// A unique constraint.
    Taken(String),
    /// Undone in favour of another transaction: a deadlock, a serialization failure.
    Conflict,
    /// No connection, no disk, shutting down, read-only.
    Unavailable(String),
    /// The statement.
    Wrong(String),
}

impl Failure {
    fn of(error: &tokio_postgres::Error) -> Self {
        let reason = describe(error);
        let Some(code) = error.code() else { return Self::Unavailable(reason) };
        match *code {
            SqlState::DIVISION_BY_ZERO => Self::NothingTouched,
            SqlState::UNIQUE_VIOLATION => Self::Taken(reason),
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Self::Conflict,
            SqlState::READ_ONLY_SQL_TRANSACTION | SqlState::LOCK_NOT_AVAILABLE => Self::Unavailable(reason),
            // Connection exceptions, too few resources, intervention of an operator, errors of the system.
            _ if ["08", "53", "57", "58"].iter().any(|class| code.code().starts_with(class)) => {
                Self::Unavailable(reason)
            }
            _ => Self::Wrong(reason),
        }
    }

    fn of_statement(self, sql: &'static Sql) -> StoreError {
        match self {
            Self::Unavailable(reason) => StoreError::Unavailable(reason),
            Self::Conflict => StoreError::Unavailable("undone in favour of another transaction".to_owned()),
            Self::NothingTouched => wrong(sql, "division by zero"),
            Self::Taken(reason) | Self::Wrong(reason) => wrong(sql, reason),
        }
    }
}

fn failed_write(sql: &'static Sql, error: &tokio_postgres::Error) -> CommitError {
    match (Failure::of(error), sql.kind()) {
        (Failure::Conflict, _) | (Failure::NothingTouched | Failure::Taken(_), Kind::Guarded) => CommitError::Lost,
        (failure, _) => CommitError::Unavailable(failure.of_statement(sql)),
    }
}

pub(super) fn unavailable(error: &tokio_postgres::Error) -> StoreError {
    StoreError::Unavailable(describe(error))
}

/// What PostgreSQL said. Its message names tables and columns; the row's values, which it adds as detail, are left out.
fn describe(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("{} ({})", said.message(), said.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

fn wrong(sql: &'static Sql, reason: impl Into<String>) -> StoreError {
    StoreError::Statement { statement: sql.name(), reason: reason.into() }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// Whether the values fit the parameters.
fn check(sql: &'static Sql, statement: &Statement, values: &[Value]) -> Result<(), StoreError> {
    let expected = statement.params();
    if expected.len() != values.len() {
        return Err(wrong(sql, format!("it has {} parameters and was given {}", expected.len(), values.len())));
    }
    match expected.iter().zip(values).position(|(expected, value)| !value.fits(expected)) {
        None => Ok(()),
        Some(misfit) => Err(wrong(sql, format!("${} is of another type than its value", misfit.saturating_add(1)))),
    }
}

fn is_known(column: &Type) -> bool {
    matches!(*column, Type::INT8 | Type::INT4 | Type::INT2 | Type::BOOL | Type::TEXT | Type::VARCHAR | Type::BYTEA)
}

impl Value {
    fn fits(&self, parameter: &Type) -> bool {
        match (self, parameter) {
            (Self::Null, _) | (Self::Int(_), &Type::INT8) | (Self::Blob(_), &Type::BYTEA) => true,
            (Self::Int(value), &Type::INT4) => i32::try_from(*value).is_ok(),
            (Self::Int(value), &Type::BOOL) => (0..=1).contains(value),
            (Self::Text(_), &Type::TEXT | &Type::VARCHAR) => true,
            _ => false,
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self, parameter: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *parameter == Type::INT4 => i32::try_from(*value)?.to_sql(parameter, out),
            Self::Int(value) if *parameter == Type::BOOL => (*value != 0).to_sql(parameter, out),
            Self::Int(value) => value.to_sql(parameter, out),
            Self::Text(value) => value.to_sql(parameter, out),
            Self::Blob(value) => value.to_sql(parameter, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // `check` has looked at every value already.
        true
    }

    to_sql_checked!();
}

fn read(row: &tokio_postgres::Row) -> Result<Row, String> {
    let value = |(index, column): (usize, &tokio_postgres::Column)| {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index).map(Value::from),
            Type::INT4 => row.try_get::<_, Option<i32>>(index).map(|value| value.map(i64::from).into()),
            Type::INT2 => row.try_get::<_, Option<i16>>(index).map(|value| value.map(i64::from).into()),
            Type::BOOL => row.try_get::<_, Option<bool>>(index).map(Value::from),
            Type::TEXT | Type::VARCHAR => row.try_get::<_, Option<String>>(index).map(Value::from),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index).map(Value::from),
            ref other => return Err(format!("column {} is {other}: use CAST", column.name())),
        };
        value.map_err(|error| error.to_string())
    };
    row.columns().iter().enumerate().map(value).collect::<Result<_, _>>().map(Row::new)
}
