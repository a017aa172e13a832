//! Turns at what reads much: nobody's requests take all that the others need.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use latchkey_devops::ids::PersonId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::error::ApiError;

/// Requests of one person at once; the others wait.
const OF_ONE: usize = 2;
/// How long they wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who is having turns.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<PersonId, Weak<Semaphore>>>);

impl Turns {
    /// The next turn of a person, which lasts until what is returned is dropped.
    pub(super) async fn next(&self, person: PersonId) -> Result<OwnedSemaphorePermit, ApiError> {
        let waited = timeout(PATIENCE, self.of(person).acquire_owned()).await;
        let busy = || ApiError::Unavailable("too many long requests of one person are under way".to_owned());
        waited.ok().and_then(Result::ok).ok_or_else(busy)
    }

    fn of(&self, person: PersonId) -> Arc<Semaphore> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&person).and_then(Weak::upgrade) {
            return known;
        }
        // Only those are kept who have a turn or wait for one.
        all.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(OF_ONE));
        all.insert(person, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn who_has_had_two_turns_waits_and_nobody_else_does() {
        let (turns, ana, ben) = (Turns::default(), PersonId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
        let first = turns.next(ana).await.unwrap();
        let second = turns.next(ana).await.unwrap();
        let mut third = Box::pin(turns.next(ana));
        assert!(third.as_mut().now_or_never().is_none());
        drop(turns.next(ben).await.unwrap());
        drop(first);
        drop((second, third.await.unwrap()));
        drop(turns.next(ben).await.unwrap());
        assert!(!turns.0.lock().unwrap().contains_key(&ana), "nobody is kept who has no turn");
    }
}
