//! A server among those that share a database: the lock that says that it is there, and what it hears of the others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use latchkey_identity::time::AccessTokenLifetime;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::connection::{Connection, unavailable};
use super::notices::{self, CHANNEL, Cursor, FORGET_STRANGE, NoticeRow};
use super::{READ_TIMEOUT, Target, migrate, no_answer, schema_version, unreachable};
use crate::engine::Observers;
use crate::error::{OpenError, StoreError};
use crate::feed::Notice;
use crate::identity::RECALLED;
use crate::migrations;
use crate::value::Value;

/// After so long without word from the database it is asked before anything is answered.
const WITHOUT_WORD: Duration = Duration::from_secs(1);

/// Whoever has waited for that answer for so long was not waiting all the time.
const STOOD_STILL: Duration = Duration::from_millis(1_250);

/// How long a reading of notices may take, and coming back.
const NOTICES_TIMEOUT: Duration = Duration::from_secs(1);

/// Who has heard nothing for so long forgets everything: rows that it has not had may be gone.
const FORGETS_AFTER: Duration = Duration::from_secs(60);

/// How long a row stays after everybody could see it: several times as long as a server may have heard nothing.
pub(super) const KEPT: Duration = Duration::from_secs(180);

/// How long a starting server waits for one that keeps it out: that one brings the schema up to date, or is about to end.
const HANDOVER: Duration = Duration::from_secs(5);

/// How often it looks meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What the lock is known by: "latchkey" in ASCII. Every server holds it, shared; one that changes the schema holds it alone.
const LOCK: i64 = 0x6c61_7463_686b_6579;

#[derive(Debug)]
pub(super) struct Presence {
    target: Arc<Target>,
    observers: Observers,
    /// Whom its rows are of.
    node: Uuid,
    /// How many change sets it has told of.
    told: AtomicI64,
    /// Those of which nobody knows whether they took place, and since when.
    unsure: Mutex<HashMap<i64, Instant>>,
    line: tokio::sync::Mutex<Line>,
    /// The connection that holds the lock, by its number; 0 when there is none.
    there: Arc<AtomicU64>,
    opened: AtomicU64,
    last: LastWord,
    /// Somebody has told of something.
    pub(super) woken: Arc<Notify>,
    /// This server has told of something.
    pub(super) bell: Notify,
}

/// The connection that holds the lock and hears.
#[derive(Debug, Default)]
struct Line {
    connection: Option<Connection>,
    cursor: Cursor,
    /// Something may have been missed, and everything that depends on it is not yet done.
    missed: bool,
}

/// What the task of a connection tells.
#[derive(Debug)]
pub(super) struct Ear {
    node: String,
    number: u64,
    there: Arc<AtomicU64>,
    woken: Arc<Notify>,
}

impl Ear {
    pub(super) fn hear(&self, from: &str) {
        if from != self.node {
            self.woken.notify_one();
        }
    }

    pub(super) fn ended(self) {
        // Another one may have taken its place.
        let _ = self.there.compare_exchange(self.number, 0, SeqCst, SeqCst);
    }
}

impl Presence {
    /// Comes in: as the first, who brings the schema up to date, or as one of several of the same schema.
    pub(super) async fn enter(target: Arc<Target>, observers: Observers, database: &str) -> Result<Self, OpenError> {
        let mut node = [0; 16];
        let no_randomness = |_| OpenError::Unreachable("this machine gives no randomness".to_owned());
        aws_lc_rs::rand::fill(&mut node).map_err(no_randomness)?;
        let presence = Self {
            target,
            observers,
            node: Uuid::from_bytes(node),
            told: AtomicI64::new(0),
            unsure: Mutex::default(),
            line: tokio::sync::Mutex::default(),
            there: Arc::default(),
            opened: AtomicU64::new(0),
            last: LastWord::new(),
            woken: Arc::default(),
            bell: Notify::new(),
        };
        let (number, mut connection) = presence.connect().await.map_err(|error| unreachable(&error))?;
        enter(&mut connection, database).await?;
        presence.listen(&connection).await.map_err(|error| unreachable(&error))?;
        presence.holds_the_lock(number, &connection);
        let mut line = Line { connection: Some(connection), ..Line::default() };
        presence.hear_on(&mut line).await.map_err(|error| unreachable(&error))?;
        *presence.line.lock().await = line;
        Ok(presence)
    }

    /// The row of a change set; nothing if others need not hear of it.
    pub(super) fn tell(&self, of: &[Notice]) -> Option<NoticeRow> {
        if !of.iter().any(notices::travels) {
            return None;
        }
        let told = notices::write(of.iter().filter(|notice| notices::travels(notice)));
        Some(NoticeRow { node: self.node, number: self.told.fetch_add(1, SeqCst), told })
    }

    /// Whether a change set took place is not known: if its row appears, it is heard like that of another.
    pub(super) fn doubt(&self, told: &NoticeRow) {
        let mut unsure = self.unsure();
        unsure.retain(|_, since| since.elapsed() < KEPT);
        unsure.insert(told.number, Instant::now());
    }

    fn unsure(&self) -> MutexGuard<'_, HashMap<i64, Instant>> {
        self.unsure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that the lock is held: after PostgreSQL was away it is taken again.
    pub(super) async fn must_be_there(&self) -> Result<(), StoreError> {
        if self.there.load(SeqCst) != 0 {
            return Ok(());
        }
        let mut line = self.line.lock().await;
        if self.there.load(SeqCst) == 0 {
            line.connection = Some(self.come_back(&mut line).await?);
        }
        Ok(())
    }

    /// Whether everything that was told until a second ago has been heard. If there was no word for so long, the database is asked now.
    pub(super) async fn in_touch(&self) -> Result<(), StoreError> {
        if self.last.age() < WITHOUT_WORD {
            return Ok(());
        }
        loop {
            let begun = Instant::now();
            let asked = timeout(WITHOUT_WORD, self.ask_now()).await;
            let asked = asked.unwrap_or_else(|_| Err(no_answer(WITHOUT_WORD)));
            // What takes longer than it may does so because this process stood still, and not the database.
            if asked.is_ok() || begun.elapsed() < STOOD_STILL {
                return asked;
            }
        }
    }

    async fn ask_now(&self) -> Result<(), StoreError> {
        let mut line = self.line.lock().await;
        // Somebody else may have asked while this one waited.
        if self.last.age() < WITHOUT_WORD {
            return Ok(());
        }
        self.hear_on(&mut line).await
    }

    /// Hears what others have told.
    pub(super) async fn hear(&self) -> Result<(), StoreError> {
        self.hear_on(&mut *self.line.lock().await).await
    }

    /// Wakes the others.
    pub(super) async fn ring(&self) {
        let mut line = self.line.lock().await;
        if let Some(connection) = &line.connection {
            let ring = format!("NOTIFY {CHANNEL}, '{}'", self.node);
            let rung = timeout(NOTICES_TIMEOUT, connection.client().batch_execute(&ring)).await;
            // They look by themselves, too. But this connection may be one that nobody answers on.
            if !matches!(rung, Ok(Ok(()))) {
                line.connection = None;
            }
        }
    }

    /// The lowest number of a transaction that was open when it heard last.
    pub(super) async fn horizon(&self) -> Option<i64> {
        self.line.lock().await.cursor.horizon()
    }

    /// The connection is out of its place meanwhile: whoever gives up half-way leaves none behind on which an answer is on its way.
    async fn hear_on(&self, line: &mut Line) -> Result<(), StoreError> {
        let mut connection = match line.connection.take() {
            Some(connection) if !connection.is_closed() => connection,
            _ => self.come_back(line).await?,
        };
        let moment = self.last.moment();
        let reading = timeout(NOTICES_TIMEOUT, connection.notices(&line.cursor)).await;
        let reading = reading.unwrap_or_else(|_| Err(no_answer(NOTICES_TIMEOUT)))?;
        line.missed |= self.last.age() > FORGETS_AFTER;
        match line.cursor.advance(reading).map(|rows| self.understand(rows)) {
            Some(Some(notices)) => self.observers.feed.publish(&notices),
            _ => line.missed = true,
        }
        if line.missed {
            self.forget_everything(&mut connection).await?;
            line.missed = false;
        }
        self.last.was_at(moment);
        line.connection = Some(connection);
        Ok(())
    }

    /// What rows tell. Its own it has told by itself, but for those that it did not know of.
    fn understand(&self, rows: Vec<NoticeRow>) -> Option<Vec<Notice>> {
        let mut heard = Vec::new();
        for NoticeRow { node, number, told } in rows {
            if node != self.node || self.unsure().remove(&number).is_some() {
                heard.extend(notices::read(&told)?);
            }
        }
        Some(heard)
    }

    /// What ended and is known by heart is read again.
    async fn forget_everything(&self, connection: &mut Connection) -> Result<(), StoreError> {
        self.observers.feed.publish(&[Notice::Everything]);
        let longest = i64::try_from(AccessTokenLifetime::LONGEST.as_duration().as_micros()).unwrap_or(i64::MAX);
        for ended in RECALLED {
            let rows = timeout(READ_TIMEOUT, connection.rows(ended, &[Value::Int(longest)])).await;
            let rows = rows.unwrap_or_else(|_| Err(no_answer(READ_TIMEOUT)))?;
            let families = rows.iter().map(|row| row.uuid(0).map(Notice::TokenFamily));
            self.observers.feed.publish(&families.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(())
    }

    /// A connection, by its number, that does not hold the lock yet.
    async fn connect(&self) -> Result<(u64, Connection), StoreError> {
        let number = self.opened.fetch_add(1, SeqCst).saturating_add(1);
        let (node, there, woken) = (self.node.to_string(), Arc::clone(&self.there), Arc::clone(&self.woken));
        let connection = Connection::open_heard_by(&self.target, Ear { node, number, there, woken }).await?;
        Ok((number, connection))
    }

    /// The lock counts as held from now on, until the connection ends.
    fn holds_the_lock(&self, number: u64, connection: &Connection) {
        self.there.store(number, SeqCst);
        // Its end was told before anybody went by its number.
        if connection.is_closed() {
            let _ = self.there.compare_exchange(number, 0, SeqCst, SeqCst);
        }
    }

    async fn listen(&self, connection: &Connection) -> Result<(), StoreError> {
        let listen = format!("LISTEN {CHANNEL}");
        answered(connection.client().batch_execute(&listen)).await
    }

    /// Takes the lock again. A server whose schema another one has changed meanwhile serves no more. Whatever it had heard may be of another
    /// history: after a crash or a fail-over PostgreSQL gives numbers of transactions again that were lost with it.
    async fn come_back(&self, line: &mut Line) -> Result<Connection, StoreError> {
        self.there.store(0, SeqCst);
        line.missed = true;
        let (number, mut connection) = self.connect().await?;
        let entering = async {
            if !ask(&connection, "SELECT pg_try_advisory_lock_shared($1)").await? {
                return Err(StoreError::Unavailable("another Latchkey server keeps others out".to_owned()));
            }
            let found =
                schema_version(&mut connection).await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            migrations::must_be_current(found).map_err(|error| StoreError::Unavailable(error.to_string()))?;
            self.listen(&connection).await
        };
        timeout(NOTICES_TIMEOUT, entering).await.unwrap_or_else(|_| Err(no_answer(NOTICES_TIMEOUT)))?;
        self.holds_the_lock(number, &connection);
        Ok(connection)
    }
}

/// Takes the lock with the others. Who is alone at that moment brings the schema up to date first.
async fn enter(connection: &mut Connection, database: &str) -> Result<(), OpenError> {
    let begun = Instant::now();
    let refused = |error: StoreError| unreachable(&error);
    loop {
        if ask(connection, "SELECT pg_try_advisory_lock($1)").await.map_err(refused)? {
            migrate(connection).await?;
            answered(connection.client().batch_execute(FORGET_STRANGE)).await.map_err(refused)?;
            return share(connection).await.map_err(refused);
        }
        if ask(connection, "SELECT pg_try_advisory_lock_shared($1)").await.map_err(refused)? {
            // There is no schema yet where two begin at once.
            let found = schema_version(connection).await.unwrap_or(0);
            if migrations::missing(found)?.next().is_none() {
                return Ok(());
            }
            ask(connection, "SELECT pg_advisory_unlock_shared($1)").await.map_err(refused)?;
        }
        if begun.elapsed() >= HANDOVER {
            return Err(OpenError::KeptOut(database.to_owned()));
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// From holding the lock alone to holding it with others.
async fn share(connection: &Connection) -> Result<(), StoreError> {
    ask(connection, "SELECT pg_try_advisory_lock_shared($1)").await?;
    ask(connection, "SELECT pg_advisory_unlock($1)").await.map(drop)
}

async fn ask(connection: &Connection, about_the_lock: &str) -> Result<bool, StoreError> {
    let row = answered(connection.client().query_one(about_the_lock, &[&LOCK])).await?;
    row.try_get(0).map_err(|error| unavailable(&error))
}

/// What the database answers while it is asked to let this server in. Bringing the schema up to date may take as long as it takes.
async fn answered<T>(answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, StoreError> {
    match timeout(READ_TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(|error| unavailable(&error)),
        Err(_) => Err(no_answer(READ_TIMEOUT)),
    }
}

/// When the database was last heard, by two clocks: one stands still while the machine sleeps, and the other is set now and then. What is
/// longer by either of them counts.
#[derive(Debug)]
struct LastWord {
    start: Instant,
    running: AtomicU64,
    wall: AtomicU64,
}

impl LastWord {
    fn new() -> Self {
        let last = Self { start: Instant::now(), running: AtomicU64::new(0), wall: AtomicU64::new(0) };
        last.was_at(last.moment());
        last
    }

    /// This moment, in microseconds by both clocks.
    fn moment(&self) -> (u64, u64) {
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        (micros(self.start.elapsed()), micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
    }

    fn was_at(&self, (running, wall): (u64, u64)) {
        self.running.store(running, SeqCst);
        self.wall.store(wall, SeqCst);
    }

    fn age(&self) -> Duration {
        let (running, wall) = self.moment();
        let (running, wall) =
            (running.saturating_sub(self.running.load(SeqCst)), wall.abs_diff(self.wall.load(SeqCst)));
        Duration::from_micros(running.max(wall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_as_old_as_the_clock_says_by_which_it_is_older() {
        let last = LastWord::new();
        assert!(last.age() < WITHOUT_WORD);
        let (running, wall) = last.moment();
        last.was_at((running, wall - 5_000_000));
        assert!(last.age() >= Duration::from_secs(5), "the machine slept");
        last.was_at((running, wall + 5_000_000));
        assert!(last.age() >= Duration::from_secs(4), "the clock was set back");
    }
}
