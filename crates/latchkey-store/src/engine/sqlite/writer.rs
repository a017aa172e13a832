//! The one thread that writes. Whatever change sets wait are made durable together, in one transaction; each is undone or
//! kept on its own, and each caller is answered after its own data is on disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

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

/// How long the writer waits for company, for each change set of the group before: where many come at once, one flush of the disk
/// then serves many, and the threads that decide are not interrupted for each.
const COMPANY: Duration = Duration::from_micros(400);

/// It never waits for longer, and not at all when the group before was of one.
const LONGEST_COMPANY: Duration = Duration::from_millis(3);

struct Waiting {
    set: ChangeSet,
    answer: oneshot::Sender<Result<(), CommitError>>,
}

/// The handle of the thread. Dropping it lets the thread finish what waits, and waits for that.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

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
        let scribe = Scribe { path, identity, connection: Some(connection), options, observers, progress };
        let thread = thread::Builder::new().name("sqlite-writer".to_owned()).spawn(move || scribe.run(waiting))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    pub(super) async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        let gone = || StoreError::Unavailable("the writer has ended".to_owned());
        let (answer, outcome) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(Waiting { set, answer }).await.map_err(|_| gone())?;
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
}

impl Scribe {
    fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        let mut before = 1;
        while let Some(first) = waiting.blocking_recv() {
            if let Some(patience) = patience_after(before) {
                thread::sleep(patience);
            }
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = waiting.try_recv()
            {
                group.push(next);
            }
            before = group.len();
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

/// How long to wait for company after a group of so many.
fn patience_after(group: usize) -> Option<Duration> {
    let others = u32::try_from(group.saturating_sub(1)).unwrap_or(u32::MAX);
    (others > 0).then(|| COMPANY.saturating_mul(others).min(LONGEST_COMPANY))
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
    fn whoever_comes_alone_does_not_wait_and_a_crowd_waits_for_three_milliseconds_at_most() {
        assert_eq!(patience_after(0), None);
        assert_eq!(patience_after(1), None);
        assert_eq!(patience_after(2), Some(COMPANY));
        assert_eq!(patience_after(GROUP), Some(LONGEST_COMPANY));
    }
}
