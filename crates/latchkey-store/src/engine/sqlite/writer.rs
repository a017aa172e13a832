//! The one thread that writes. Whatever change sets wait are made durable together, in one transaction; each is undone or
//! kept on its own, and each caller is answered after its own data is on disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::checkpoint::Progress;
use super::connection::{Connection, Failure, Purpose};
use super::file::Identity;
use crate::database::Options;
use crate::engine::{ChangeSet, Observers};
use crate::error::{CommitError, StoreError};
use crate::statement::Kind;

/// At most so many change sets in one transaction, so that the first of them does not wait for long.
const GROUP: usize = 512;

/// At most so many wait for the group after; whoever comes next waits to be let in.
const QUEUE: usize = 1_024;

/// Never reached: the writer waits for nobody.
const NOBODY: usize = usize::MAX;

/// The writer waits until as many have come as came together lately: where many come at once, one flush of the disk then serves many,
/// and the threads that decide are not interrupted for each. For each that it expects it waits so long at most.
const COMPANY: Duration = Duration::from_micros(100);

/// It never waits for longer, and not at all when nobody came together lately.
const LONGEST_COMPANY: Duration = Duration::from_millis(4);

/// Lately: the largest of so many groups.
const LATELY: usize = 4;

struct Waiting {
    set: ChangeSet,
    answer: oneshot::Sender<Result<(), CommitError>>,
}

/// The handle of the thread. Dropping it lets the thread finish what waits, and waits for that.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Waiting>>,
    expected: Expected,
    thread: Option<JoinHandle<()>>,
}

/// How many have to wait in the queue for the writer to be woken before its patience ends.
#[derive(Clone, Debug)]
struct Expected(Arc<AtomicUsize>);

impl Writer {
    pub(super) fn start(
        path: PathBuf,
        connection: Connection,
        options: Options,
        observers: Observers,
        progress: Arc<Progress>,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let identity = Identity::of(&path)?;
        let expected = Expected::nobody();
        let connection = Some(connection);
        let scribe = Scribe { path, identity, connection, options, observers, progress, expected: expected.clone() };
        let thread = thread::Builder::new().name("sqlite-writer".to_owned()).spawn(move || scribe.run(waiting))?;
        Ok(Self { queue: Some(queue), expected, thread: Some(thread) })
    }

    pub(super) async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        let gone = || StoreError::Unavailable("the writer has ended".to_owned());
        let (answer, outcome) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(Waiting { set, answer }).await.map_err(|_| gone())?;
        if let Some(thread) = &self.thread {
            self.expected.one_came(queue, thread.thread());
        }
        outcome.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take_if(|thread| thread.thread().id() != thread::current().id()) {
            // A writer that panicked has already left its callers without an answer, which they take for a failure.
            let _ = thread.join();
        }
    }
}

struct Scribe {
    path: PathBuf,
    identity: Identity,
    /// Nothing after a failure: the next group starts from a connection that has seen none.
    connection: Option<Connection>,
    options: Options,
    observers: Observers,
    progress: Arc<Progress>,
    expected: Expected,
}

impl Scribe {
    fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        let mut lately = [1; LATELY];
        while let Some(first) = waiting.blocking_recv() {
            let company = lately.iter().copied().max().unwrap_or(1) - 1;
            self.expected.wait_for(company, patience(company), &waiting);
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = waiting.try_recv()
            {
                group.push(next);
            }
            lately.rotate_right(1);
            if let Some(last) = lately.first_mut() {
                *last = group.len();
            }
            self.serve(group);
        }
    }

    fn serve(&mut self, group: Vec<Waiting>) {
        let Observers { feed, counters } = self.observers.clone();
        match self.transaction(&group) {
            Ok(outcomes) => {
                let kept = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
                if kept > 0 {
                    counters.commit(kept);
                }
                for (waiting, outcome) in group.iter().zip(&outcomes) {
                    match outcome {
                        Ok(()) => feed.publish(&waiting.set.notices),
                        Err(CommitError::Lost) => counters.lost(),
                        Err(CommitError::Unavailable(_)) => {}
                    }
                }
                let statements = group.iter().map(|waiting| waiting.set.writes.len()).sum();
                for (waiting, outcome) in group.into_iter().zip(outcomes) {
                    // Nobody listens any more when the request was given up; its change set stands all the same.
                    let _ = waiting.answer.send(outcome);
                }
                if let Some(connection) = &self.connection {
                    self.progress.after_commit(statements, connection);
                }
            }
            Err(error) => {
                tracing::error!(%error, change_sets = group.len(), "a group of change sets was not committed");
                self.connection = None;
                for waiting in group {
                    // Whether it took place is unknown; forgetting what may be stale does no harm.
                    feed.publish(&waiting.set.notices);
                    let _ = waiting.answer.send(Err(CommitError::Unavailable(error.clone())));
                }
            }
        }
    }

    /// One transaction for all. An error means that none of them counts.
    fn transaction(&mut self, group: &[Waiting]) -> Result<Vec<Result<(), CommitError>>, StoreError> {
        self.identity.must_still_be(&self.path)?;
        let connection = match &mut self.connection {
            Some(connection) => connection,
            empty => {
                empty.insert(Connection::open(&self.path, Purpose::Write, self.options).map_err(Failure::unavailable)?)
            }
        };
        let control = |connection: &Connection, text| connection.control(text).map_err(Failure::unavailable);
        control(connection, "BEGIN IMMEDIATE")?;
        let mut outcomes = Vec::with_capacity(group.len());
        for waiting in group {
            // One alone is undone with the transaction, and one statement leaves nothing behind when it fails.
            let marked = group.len() > 1 && waiting.set.writes.len() > 1;
            if marked {
                control(connection, "SAVEPOINT change_set")?;
            }
            let outcome = write(connection, &waiting.set, &self.observers);
            match &outcome {
                Ok(()) => {}
                Err(CommitError::Unavailable(error)) if error.is_temporary() => return Err(error.clone()),
                Err(_) if marked => control(connection, "ROLLBACK TO change_set")?,
                Err(_) => {}
            }
            if marked {
                control(connection, "RELEASE change_set")?;
            }
            outcomes.push(outcome);
        }
        control(connection, if outcomes.iter().any(Result::is_ok) { "COMMIT" } else { "ROLLBACK" })?;
        Ok(outcomes)
    }
}

impl Expected {
    fn nobody() -> Self {
        Self(Arc::new(AtomicUsize::new(NOBODY)))
    }

    /// Wakes the writer, if so many wait now that it need not wait for more.
    fn one_came<T>(&self, queue: &mpsc::Sender<T>, writer: &Thread) {
        if queue.max_capacity() - queue.capacity() >= self.0.load(SeqCst) {
            writer.unpark();
        }
    }

    /// Waits until so many have come, or until its patience ends.
    fn wait_for<T>(&self, company: usize, patience: Duration, waiting: &mpsc::Receiver<T>) {
        if company == 0 {
            return;
        }
        let until = Instant::now() + patience;
        self.0.store(company, SeqCst);
        while waiting.len() < company
            && let left = until.saturating_duration_since(Instant::now())
            && !left.is_zero()
        {
            thread::park_timeout(left);
        }
        self.0.store(NOBODY, SeqCst);
    }
}

/// How long so many are worth waiting for.
fn patience(company: usize) -> Duration {
    COMPANY.saturating_mul(u32::try_from(company).unwrap_or(u32::MAX)).min(LONGEST_COMPANY)
}

fn write(connection: &mut Connection, set: &ChangeSet, observers: &Observers) -> Result<(), CommitError> {
    for write in &set.writes {
        observers.counters.write();
        let guarded = write.sql.kind() == Kind::Guarded;
        match connection.run(write.sql, &write.values) {
            Ok(0) | Err(Failure::Taken(_)) if guarded => return Err(CommitError::Lost),
            Ok(_) => {}
            Err(failure) => return Err(CommitError::Unavailable(failure.of(write.sql))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_alone_does_not_wait_and_a_crowd_waits_for_four_milliseconds_at_most() {
        assert_eq!(patience(0), Duration::ZERO);
        assert_eq!(patience(1), COMPANY);
        assert_eq!(patience(GROUP), LONGEST_COMPANY);
    }

    #[test]
    fn the_last_of_those_who_are_expected_wakes_the_writer() {
        let (expected, (queue, waiting)) = (Expected::nobody(), mpsc::channel(QUEUE));
        let writer = thread::spawn({
            let expected = expected.clone();
            move || {
                expected.wait_for(2, Duration::from_secs(86_400), &waiting);
                waiting.len()
            }
        });
        for number in 0..2 {
            queue.try_send(number).unwrap();
            expected.one_came(&queue, writer.thread());
        }
        assert_eq!(writer.join().unwrap(), 2);
    }
}
