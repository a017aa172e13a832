//! How long anything is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::GitError;
use crate::limits::{ASKING_TIME, STALL_TIME, WAITING_TIME};

/// How long a client is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For room, where there is none.
    pub(crate) waiting: Duration,
    /// Until it has said what it wants.
    pub(crate) asking: Duration,
    /// When it sends nothing, or takes nothing.
    pub(crate) stalled: Duration,
}

impl Patience {
    /// What [`crate::limits`] allows.
    pub(crate) const USUAL: Self = Self { waiting: WAITING_TIME, asking: ASKING_TIME, stalled: STALL_TIME };

    /// What the client said it wants, if it said so in time.
    pub(crate) async fn for_request<T>(
        self,
        reading: impl Future<Output = Result<T, GitError>>,
    ) -> Result<T, GitError> {
        tokio::time::timeout(self.asking, reading).await.unwrap_or(Err(GitError::Stalled))
    }

    /// What passes between the client and here, if something does in time.
    pub(crate) async fn for_more<T, E: Into<GitError>>(
        self,
        passing: impl Future<Output = Result<T, E>>,
    ) -> Result<T, GitError> {
        match tokio::time::timeout(self.stalled, passing).await {
            Ok(passed) => passed.map_err(Into::into),
            Err(_) => Err(GitError::Stalled),
        }
    }
}

/// Does the work, or gives up when the time is over.
pub(crate) async fn within<T>(time: Duration, work: impl Future<Output = Result<T, GitError>>) -> Result<T, GitError> {
    tokio::time::timeout(time, work).await.unwrap_or(Err(GitError::TimedOut))
}

/// Whether somebody still waits for work that a thread does on its own: `true` when nobody does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Awaited(Arc<AtomicBool>);

/// Somebody who waits, until this is dropped.
pub(crate) struct Waiting(Awaited);

impl Awaited {
    /// Notes that nobody does when what this returns is dropped.
    pub(crate) fn while_held(&self) -> Waiting {
        Waiting(self.clone())
    }

    /// An error if nobody does.
    pub(crate) fn check(&self) -> Result<(), GitError> {
        if self.0.load(Ordering::Relaxed) { Err(GitError::Stalled) } else { Ok(()) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}
