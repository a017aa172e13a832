//! PostgreSQL: a small pool, and change sets that are sent in one round trip.

pub(crate) mod address;
mod connection;
mod tls;
mod trust;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;

use address::Address;
use connection::{Connection, unavailable};
use tls::Tls;

use super::{ChangeSet, Description, Observers, dialect};
use crate::database::{Durability, Options, Role};
use crate::error::{CommitError, OpenError, StoreError};
use crate::migrations;
use crate::statement::Sql;
use crate::value::{Row, Value};

/// Connections at the most. PostgreSQL commits concurrent transactions in groups, and more than this waits for the disk.
const CONNECTIONS: usize = 16;

/// How long to wait for PostgreSQL to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// How long the whole of it may take, TLS and sign-in included.
const ANSWER: Duration = Duration::from_secs(10);

/// How long a starting server waits for the one before it: PostgreSQL hears of a closed connection a moment after it was closed.
const HANDOVER: Duration = Duration::from_secs(2);

/// How often it looks meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long a read may take before its caller is told that the database does not answer.
const READ: Duration = Duration::from_secs(5);

/// How long to wait for the answer to a commit. Afterwards nobody knows whether it took place.
const COMMIT: Duration = Duration::from_secs(15);

/// After how long without a sign of life the other machine is taken for gone.
const GONE: Duration = Duration::from_secs(30);

/// What the lock of the server and the lock of migrations are known by: "latchkey" in ASCII.
const LOCK: i64 = 0x6c61_7463_686b_6579;

/// The same function that SQLite connections get from us: a hash of the one before, the number and the event.
const AUDIT_LINK: &str = "CREATE OR REPLACE FUNCTION audit_link(previous bytea, seq bigint, body bytea) RETURNS bytea
     LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT sha256(previous || int8send(seq) || body)'";

#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Arc<Pool>,
    role: Role,
    observers: Observers,
}

impl Postgres {
    pub(crate) async fn open(address: &str, options: Options, observers: Observers) -> Result<Self, OpenError> {
        let address: Address =
            address.parse().map_err(|error: address::AddressError| OpenError::Unreachable(error.to_string()))?;
        let tls = Tls::of(&address.protection)?;
        let mut config = address.config;
        config.connect_timeout(CONNECT).application_name("latchkey");
        // A machine that is gone is noticed: until then whoever waits for it holds one of the connections.
        config.keepalives_idle(GONE).tcp_user_timeout(GONE);
        if options.role == Role::Server {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let name = config.get_dbname().unwrap_or("the database").to_owned();
        let target = Target { config, tls, durability: options.durability };
        let mut first = Connection::open(&target).await.map_err(|error| unreachable(&error))?;
        let guard = match options.role {
            Role::Reader => {
                migrations::must_be_current(schema_version(&mut first).await?)?;
                None
            }
            Role::Server => {
                let given_up = Instant::now() + HANDOVER;
                while !try_lock(&first).await.map_err(|error| unreachable(&error))? {
                    if Instant::now() >= given_up {
                        return Err(OpenError::InUse(name));
                    }
                    sleep(LOOK_AGAIN).await;
                }
                migrate(&mut first).await?;
                Some(tokio::sync::Mutex::new(first))
            }
        };
        let pool = Pool { target, guard, idle: Mutex::default(), permits: Semaphore::new(CONNECTIONS) };
        Ok(Self { pool: Arc::new(pool), role: options.role, observers })
    }

    pub(crate) async fn read(&self, sql: &'static Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let read = async {
            let mut lent = self.pool.lend().await?;
            let rows = lent.connection.rows(sql, &values).await;
            self.pool.give_back(lent);
            rows
        };
        timeout(READ, read).await.unwrap_or_else(|_| Err(no_answer(READ)))
    }

    /// Runs on a task of its own: a caller that goes away, or has waited for long enough, must not keep the others from hearing what was
    /// committed, however late.
    pub(crate) async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        if self.role == Role::Reader {
            return Err(StoreError::Unavailable("it was opened for reading only".to_owned()).into());
        }
        let (pool, observers) = (Arc::clone(&self.pool), self.observers.clone());
        let notices = set.notices.clone();
        let commit = tokio::spawn(async move { pool.commit(set, &observers).await });
        match timeout(COMMIT, commit).await {
            Ok(ended) => ended.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string()).into())),
            Err(_) => {
                // It may have taken place, or may yet: then it is told of once more.
                self.observers.feed.publish(&notices);
                Err(no_answer(COMMIT).into())
            }
        }
    }

    pub(crate) async fn describe(&self, sql: &'static Sql) -> Result<Description, StoreError> {
        let mut lent = self.pool.lend().await?;
        let description = lent.connection.describe(sql).await;
        self.pool.give_back(lent);
        description
    }
}

/// Where every connection goes, and how.
#[derive(Debug)]
struct Target {
    config: Config,
    /// Nothing where connections do not leave this machine, or the address says so.
    tls: Option<Tls>,
    durability: Durability,
}

#[derive(Debug)]
struct Pool {
    target: Target,
    /// The connection that holds the server's lock. PostgreSQL lets go of the lock when this connection ends.
    guard: Option<tokio::sync::Mutex<Connection>>,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

/// A connection that is in use. Dropped without being given back, it is closed: an answer may still be on its way.
struct Lent<'a> {
    connection: Connection,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let permit = self.permits.acquire().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        self.must_hold_the_lock().await?;
        let connection = match self.take_idle() {
            Some(connection) => connection,
            None => Connection::open(&self.target).await?,
        };
        Ok(Lent { connection, _permit: permit })
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| !connection.is_closed());
        idle.pop()
    }

    fn give_back(&self, lent: Lent<'_>) {
        if !lent.connection.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(lent.connection);
        }
    }

    /// After PostgreSQL was away, the lock is taken again; if another server was quicker, this one serves no more.
    async fn must_hold_the_lock(&self) -> Result<(), StoreError> {
        let Some(guard) = &self.guard else { return Ok(()) };
        let mut guard = guard.lock().await;
        if guard.is_closed() {
            let connection = Connection::open(&self.target).await?;
            if !try_lock(&connection).await? {
                return Err(StoreError::Unavailable("another Latchkey server has taken over".to_owned()));
            }
            *guard = connection;
        }
        Ok(())
    }

    async fn commit(&self, set: ChangeSet, observers: &Observers) -> Result<(), CommitError> {
        let mut lent = timeout(READ, self.lend()).await.unwrap_or_else(|_| Err(no_answer(READ)))?;
        let outcome = lent.connection.commit(&set, &observers.counters).await;
        self.give_back(lent);
        match &outcome {
            Ok(()) => observers.counters.commit(1),
            Err(CommitError::Lost) => observers.counters.lost(),
            Err(CommitError::Unavailable(error)) => tracing::error!(%error, "a change set was not committed"),
        }
        // After a failure nobody knows whether it took place; forgetting what may be stale does no harm.
        if outcome != Err(CommitError::Lost) {
            observers.feed.publish(&set.notices);
        }
        outcome
    }
}

fn no_answer(after: Duration) -> StoreError {
    StoreError::Unavailable(format!("PostgreSQL has not answered for {} s", after.as_secs()))
}

async fn try_lock(connection: &Connection) -> Result<bool, StoreError> {
    let row = connection.client().query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]).await;
    row.and_then(|row| row.try_get(0)).map_err(|error| unavailable(&error))
}

async fn schema_version(connection: &mut Connection) -> Result<i64, OpenError> {
    let rows = connection.rows(&migrations::CURRENT, &[]).await.map_err(|error| unreachable(&error))?;
    rows.first().map_or(Ok(0), |row| row.int(0)).map_err(|error| unreachable(&error))
}

async fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let batch = async |connection: &Connection, text: &str| {
        connection.client().batch_execute(text).await.map_err(|error| unavailable(&error))
    };
    batch(connection, "BEGIN").await.map_err(|error| unreachable(&error))?;
    for text in [&dialect::postgres_schema(migrations::CREATE_VERSION_TABLE), AUDIT_LINK] {
        batch(connection, text).await.map_err(|error| unreachable(&error))?;
    }
    for migration in migrations::missing(schema_version(connection).await?)? {
        let failed = |error: StoreError| migration.failed(&error);
        batch(connection, &dialect::postgres_schema(migration.text)).await.map_err(failed)?;
        let applied = [migration.version.into(), migration.name.into()];
        connection.run(&migrations::APPLIED, &applied).await.map_err(failed)?;
    }
    batch(connection, "COMMIT").await.map_err(|error| unreachable(&error))
}

fn unreachable(error: &StoreError) -> OpenError {
    OpenError::Unreachable(error.to_string())
}
