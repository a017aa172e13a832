//! PostgreSQL: a small pool, and change sets that are sent in one round trip.

pub(crate) mod address;
mod connection;
mod notices;
mod presence;
mod tls;
mod trust;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;

use address::Address;
use connection::{Connection, unavailable};
use notices::FORGET;
use presence::{KEPT, Presence};
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
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long opening a connection may take as a whole, TLS and sign-in included.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// How often it is looked whether others have told of something, should nobody wake this one.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How long between two looks at the least: what is told in between is heard together.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// How long a read may take before its caller is told that the database does not answer.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for the answer to a commit. Afterwards nobody knows whether it took place.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(15);

/// After how long without a sign of life the other machine is taken for gone.
const GONE_AFTER: Duration = Duration::from_secs(30);

/// The same function that SQLite connections get from us: a hash of the one before, the number and the event.
const AUDIT_LINK: &str = "CREATE OR REPLACE FUNCTION audit_link(previous bytea, seq bigint, body bytea) RETURNS bytea
     LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT sha256(previous || int8send(seq) || body)'";

/// Whether a server has ever been at the database.
const HAS_VERSION_TABLE: &str = "SELECT 1 WHERE to_regclass('schema_version') IS NOT NULL";

#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Arc<Pool>,
    observers: Observers,
    /// Where it hears of what others do. A reader does not.
    following: Option<JoinHandle<()>>,
}

impl Postgres {
    pub(crate) async fn open(address: &str, options: Options, observers: Observers) -> Result<Self, OpenError> {
        let address: Address =
            address.parse().map_err(|error: address::AddressError| OpenError::Unreachable(error.to_string()))?;
        let tls = Tls::of(&address.protection)?;
        let mut config = address.config;
        config.connect_timeout(CONNECT_TIMEOUT).application_name("latchkey");
        // A machine that is gone is noticed: until then whoever waits for it holds one of the connections.
        config.keepalives_idle(GONE_AFTER).tcp_user_timeout(GONE_AFTER);
        if options.role == Role::Server {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let name = config.get_dbname().unwrap_or("the database").to_owned();
        let target = Arc::new(Target { config, tls, durability: options.durability });
        let presence = match options.role {
            Role::Reader => {
                let mut first = Connection::open(&target).await.map_err(|error| unreachable(&error))?;
                migrations::must_be_current(found_schema(&mut first).await?)?;
                None
            }
            Role::Server => {
                let (target, observers) = (Arc::clone(&target), observers.clone());
                Some(Presence::enter(target, observers, &name).await?)
            }
        };
        let pool = Pool { target, presence, idle: Mutex::default(), permits: Semaphore::new(CONNECTIONS) };
        let pool = Arc::new(pool);
        let following = pool.presence.is_some().then(|| tokio::spawn(follow(Arc::clone(&pool))));
        Ok(Self { pool, observers, following })
    }

    /// Whether everything that other servers told until a second ago has been heard. Where it has not, the database is asked.
    pub(crate) async fn in_touch(&self) -> Result<(), StoreError> {
        match &self.pool.presence {
            Some(presence) => presence.in_touch().await,
            None => Ok(()),
        }
    }

    pub(crate) async fn read(&self, sql: &'static Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let read = async {
            let mut lent = self.pool.lend().await?;
            let rows = lent.connection.rows(sql, &values).await;
            self.pool.give_back(lent);
            rows
        };
        timeout(READ_TIMEOUT, read).await.unwrap_or_else(|_| Err(no_answer(READ_TIMEOUT)))
    }

    /// Runs on a task of its own: a caller that goes away, or has waited for long enough, must not keep the others from hearing what was
    /// committed, however late.
    pub(crate) async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        if self.pool.presence.is_none() {
            return Err(StoreError::Unavailable("it was opened for reading only".to_owned()).into());
        }
        let (pool, observers) = (Arc::clone(&self.pool), self.observers.clone());
        let notices = set.notices.clone();
        let commit = tokio::spawn(async move { pool.commit(set, &observers).await });
        match timeout(COMMIT_TIMEOUT, commit).await {
            Ok(ended) => ended.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string()).into())),
            Err(_) => {
                // It may have taken place, or may yet: then it is told of once more.
                self.observers.feed.publish(&notices);
                Err(no_answer(COMMIT_TIMEOUT).into())
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
    target: Arc<Target>,
    /// Of a server among those that share the database.
    presence: Option<Presence>,
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
        if let Some(presence) = &self.presence {
            presence.must_be_there().await?;
        }
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

    async fn commit(&self, set: ChangeSet, observers: &Observers) -> Result<(), CommitError> {
        let mut lent = timeout(READ_TIMEOUT, self.lend()).await.unwrap_or_else(|_| Err(no_answer(READ_TIMEOUT)))?;
        let told = self.presence.as_ref().and_then(|presence| presence.tell(&set.notices));
        let outcome = lent.connection.commit(&set, told.as_ref(), &observers.counters).await;
        self.give_back(lent);
        if let (Some(presence), Some(told)) = (&self.presence, &told) {
            match &outcome {
                Ok(()) => presence.bell.notify_one(),
                Err(CommitError::Lost) => {}
                Err(CommitError::Unavailable(_)) => presence.doubt(told),
            }
        }
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

    /// Drops the rows that every server has had.
    async fn forget_notices(&self, below: i64) -> Result<(), StoreError> {
        let lent = self.lend().await?;
        let dropped = lent.connection.client().execute(FORGET, &[&below]).await;
        self.give_back(lent);
        dropped.map(drop).map_err(|error| unavailable(&error))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(following) = &self.following {
            following.abort();
        }
    }
}

/// Hears what other servers tell, for as long as the database is open, and wakes them when this one has told of something.
async fn follow(pool: Arc<Pool>) {
    let Some(presence) = &pool.presence else { return };
    let (mut well, mut since, mut below) = (true, Instant::now(), presence.horizon().await);
    loop {
        let heard = presence.hear().await;
        match &heard {
            Err(error) if well => tracing::warn!(%error, "this server does not hear of what others do"),
            Ok(()) if !well => tracing::info!("this server hears again of what others do"),
            _ => {}
        }
        well = heard.is_ok();
        if since.elapsed() > KEPT {
            if let Some(below) = below {
                // Beside the hearing, which must not wait for it.
                let pool = Arc::clone(&pool);
                tokio::spawn(async move {
                    if let Err(error) = pool.forget_notices(below).await {
                        tracing::warn!(%error, "old notices were not dropped, which is tried again");
                    }
                });
            }
            (since, below) = (Instant::now(), presence.horizon().await);
        }
        sleep(LOOK_PAUSE).await;
        tokio::select! {
            () = presence.bell.notified() => presence.ring().await,
            () = presence.woken.notified() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

fn no_answer(after: Duration) -> StoreError {
    StoreError::Unavailable(format!("PostgreSQL has not answered for {} s", after.as_secs()))
}

async fn schema_version(connection: &mut Connection) -> Result<i64, OpenError> {
    let rows = connection.rows(&migrations::CURRENT, &[]).await.map_err(|error| unreachable(&error))?;
    rows.first().map_or(Ok(0), |row| row.int(0)).map_err(|error| unreachable(&error))
}

/// The schema that a reader finds: none yet where no server has been.
async fn found_schema(connection: &mut Connection) -> Result<i64, OpenError> {
    let asked = connection.client().query_opt(HAS_VERSION_TABLE, &[]).await;
    match asked.map_err(|error| unreachable(&unavailable(&error)))? {
        Some(_) => schema_version(connection).await,
        None => Ok(0),
    }
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
        let applied = [migration.version().into(), migration.name().into()];
        connection.run(&migrations::APPLIED, &applied).await.map_err(failed)?;
    }
    batch(connection, "COMMIT").await.map_err(|error| unreachable(&error))
}

fn unreachable(error: &StoreError) -> OpenError {
    OpenError::Unreachable(error.to_string())
}
