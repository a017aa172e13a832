//! Deciding by what is remembered if that is enough, else by the database.

use latchkey_identity::token::Issue;
use latchkey_identity::{Decision, OAuthError};
use latchkey_store::{Store, StoreError};

/// A request for tokens that can be decided in two ways.
pub(super) trait Asked: Sync {
    /// By memory, which may be behind: `None` unless what comes of it is guarded.
    fn by_memory(&self) -> impl Future<Output = Result<Option<Decision<Issue>>, StoreError>> + Send;

    /// By the database.
    fn by_the_database(&self) -> impl Future<Output = Result<Decision<Issue>, StoreError>> + Send;
}

/// Decides and commits: by memory once, and by the database if that does not decide it or its guard found nothing.
pub(super) async fn decide(store: &Store, asked: &impl Asked) -> Result<Result<Issue, OAuthError>, StoreError> {
    let mut by_memory = true;
    let rule = || {
        let by_memory = std::mem::take(&mut by_memory);
        async move {
            let remembered = if by_memory { asked.by_memory().await? } else { None };
            match remembered {
                Some(decision) => Ok(decision),
                None => asked.by_the_database().await,
            }
        }
    };
    store.decide(rule).await
}
