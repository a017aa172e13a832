//! Moving the write-ahead log into the file, beside the writer and not in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::connection::{Connection, Failure};

/// After so many statements the log is worth moving.
const STATEMENTS: usize = 2_000;

/// What little there is, is moved after this long.
const IDLE: Duration = Duration::from_secs(30);

/// When the log has so many pages (64 MiB) the checkpoints beside the writer do not keep up, and the writer makes one itself:
/// while it does, nothing is added, so the log can start over.
const LOG_PAGES: u32 = 16_384;

/// What the writer and the thread beside it tell each other.
#[derive(Debug)]
pub(super) struct Progress {
    statements: AtomicUsize,
    behind: AtomicBool,
    wake: SyncSender<()>,
}

impl Progress {
    /// The writer has committed, and has answered.
    pub(super) fn after_commit(&self, statements: usize, writer: &Connection) {
        if self.behind.swap(false, Relaxed) {
            report(writer.checkpoint());
        }
        if self.statements.fetch_add(statements, Relaxed).saturating_add(statements) >= STATEMENTS {
            // When it is already awake there is nothing to say.
            let _ = self.wake.try_send(());
        }
    }
}

/// The handle of the thread. Dropping it ends the thread and waits for that.
#[derive(Debug)]
pub(super) struct Checkpointer {
    stop: Option<Arc<Progress>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(connection: Connection) -> std::io::Result<(Self, Arc<Progress>)> {
        let (wake, woken) = mpsc::sync_channel(1);
        let progress = Arc::new(Progress { statements: AtomicUsize::new(0), behind: AtomicBool::new(false), wake });
        let watched = Arc::downgrade(&progress);
        let work = move || {
            while wait(&woken) {
                let Some(progress) = watched.upgrade() else { return };
                if progress.statements.swap(0, Relaxed) > 0
                    && let Some(pages) = report(connection.checkpoint())
                {
                    progress.behind.store(pages > LOG_PAGES, Relaxed);
                }
            }
        };
        let thread = thread::Builder::new().name("sqlite-checkpoint".to_owned()).spawn(work)?;
        Ok((Self { stop: Some(Arc::clone(&progress)), thread: Some(thread) }, progress))
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take_if(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

/// Waits for work; false when there will be none.
fn wait(woken: &Receiver<()>) -> bool {
    !matches!(woken.recv_timeout(IDLE), Err(RecvTimeoutError::Disconnected))
}

fn report(checkpoint: Result<u32, Failure>) -> Option<u32> {
    match checkpoint {
        Ok(pages) => Some(pages),
        Err(failure) => {
            tracing::warn!(error = %failure.unavailable(), "the log could not be moved into the database file");
            None
        }
    }
}
