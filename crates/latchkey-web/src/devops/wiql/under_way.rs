//! A query on its way.

use std::sync::{Arc, Mutex, PoisonError};

use latchkey_devops::error::DevOpsError;
use latchkey_devops::wiql::Search;

use crate::devops::error::ApiError;
use crate::devops::turns::Turn;

/// A search, and the turn that it is done in.
#[derive(Clone)]
pub(super) struct UnderWay(Arc<Mutex<(Search, Turn)>>);

impl UnderWay {
    /// Begins.
    pub(super) fn new(search: Search, turn: Turn) -> Self {
        Self(Arc::new(Mutex::new((search, turn))))
    }

    /// Does what is quickly done.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Search) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Does what may take as long as a query may take, where no other request waits for it. If nobody waits for the answer any more, the
    /// turn lasts until it is done all the same.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Search) -> Result<T, DevOpsError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let this = self.clone();
        let done = tokio::task::spawn_blocking(move || this.with(work)).await;
        Ok(done.map_err(|error| ApiError::Bug(format!("a query was not looked at: {error}")))??)
    }
}
