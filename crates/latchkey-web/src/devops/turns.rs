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
/// Requests of everybody at once: what they hold in memory is bounded by it, however many people there are.
const OF_ALL: usize = 8;
/// How long they wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who is having turns.
#[derive(Debug)]
pub(crate) struct Turns {
    of_one: Mutex<HashMap<PersonId, Weak<Semaphore>>>,
    of_all: Arc<Semaphore>,
}

/// A turn. It lasts until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _of_one: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Self {
        Self { of_one: Mutex::default(), of_all: Arc::new(Semaphore::new(OF_ALL)) }
    }
}

impl Turns {
    /// The next turn of a person. What was decided before may not hold any more when it comes.
    pub(super) async fn next(&self, person: PersonId) -> Result<Turn, ApiError> {
        let turn = async {
            // Their own first: who asks for much waits for themself and does not stand in the line of all.
            let of_one = self.of(person).acquire_owned().await.ok()?;
            Some(Turn { _of_one: of_one, _of_all: Arc::clone(&self.of_all).acquire_owned().await.ok()? })
        };
        let busy = || ApiError::Unavailable("too many long requests are under way".to_owned());
        timeout(PATIENCE, turn).await.ok().flatten().ok_or_else(busy)
    }

    fn of(&self, person: PersonId) -> Arc<Semaphore> {
        let mut all = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
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
        assert!(!turns.of_one.lock().unwrap().contains_key(&ana), "nobody is kept who has no turn");
    }

    #[tokio::test]
    async fn all_together_have_no_more_turns_than_there_are() {
        let turns = Turns::default();
        let person = |number: usize| PersonId(Uuid::from_u128(number as u128));
        let mut had = Vec::new();
        for number in 0..OF_ALL {
            had.push(turns.next(person(number)).await.unwrap());
        }
        let mut late = Box::pin(turns.next(person(OF_ALL)));
        assert!(late.as_mut().now_or_never().is_none());
        had.pop();
        drop(late.await.unwrap());
    }
}
