//! The loop every request goes through: read, decide, commit; and again when another request was first.

use crate::Store;
use crate::error::{CommitError, StoreError};
use crate::statement::Changes;

/// How often one request may lose its race before it is answered 503. Each loss means that another request got through, so
/// even a crowd of 64 on one row ends well below this.
const ATTEMPTS: u32 = 100;

/// What a rule decided: what to answer, and what must be true before the answer leaves.
pub trait Decided {
    /// What the caller is answered, refusals included.
    type Answer;

    /// Takes the two apart.
    fn into_parts(self) -> (Self::Answer, Changes);
}

impl<A> Decided for (A, Changes) {
    type Answer = A;

    fn into_parts(self) -> (A, Changes) {
        self
    }
}

impl Store {
    /// Runs `rule` (which reads facts and decides), commits its changes as one set and returns its answer. When a guard of
    /// the set finds nothing to change, `rule` runs again and decides by what is now true.
    pub async fn decide<D, Fut>(&self, mut rule: impl FnMut() -> Fut) -> Result<D::Answer, StoreError>
    where
        D: Decided,
        Fut: Future<Output = Result<D, StoreError>>,
    {
        for _ in 0..ATTEMPTS {
            let (answer, changes) = rule().await?.into_parts();
            if changes.is_empty() {
                return Ok(answer);
            }
            match self.commit(changes).await {
                Ok(()) => return Ok(answer),
                // Whoever was first may still be telling the caches: let it.
                Err(CommitError::Lost) => tokio::task::yield_now().await,
                Err(CommitError::Unavailable(error)) => return Err(error),
            }
        }
        Err(StoreError::Unavailable(format!("a request lost {ATTEMPTS} races in a row")))
    }

    /// Commits what depends on nothing that others write; again after a conflict.
    pub(crate) async fn commit_anyway(&self, changes: &Changes) -> Result<(), StoreError> {
        self.decide(async || Ok(((), changes.clone()))).await
    }

    /// Commits what only one request can do. Whether it was this one: where the database had two give way to each other it was neither.
    pub(crate) async fn commit_if_first(&self, changes: Changes) -> Result<bool, StoreError> {
        match self.commit(changes).await {
            Ok(()) => Ok(true),
            Err(CommitError::Lost) => Ok(false),
            Err(CommitError::Unavailable(error)) => Err(error),
        }
    }
}
