//! Room for requests that run git: so many in all, and so many of them for one person.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::GitError;
use crate::limits::{MAX_RUNNING, MAX_RUNNING_FOR_ONE};

/// The room. Cheap to clone; the clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots(Arc<Room>);

#[derive(Debug, Default)]
struct Room {
    taken: Mutex<Taken>,
    /// Who waits looks again when somebody leaves.
    left: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    /// Only people who have one.
    by_person: HashMap<Uuid, usize>,
}

/// Room for one request, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Slots,
    person: Uuid,
}

impl Slots {
    /// Room for one more request of this person, at the latest after `patience`; or why there is none. A build that clones many
    /// repositories at once waits for itself; git would not ask again.
    pub(crate) async fn wait_for(&self, person: Uuid, patience: Duration) -> Result<Slot, GitError> {
        let given_up = Instant::now() + patience;
        loop {
            let left = self.0.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            match self.take(person) {
                Err(full) => timeout_at(given_up, left).await.map_err(|_| full)?,
                taken => return taken,
            }
        }
    }

    fn take(&self, person: Uuid) -> Result<Slot, GitError> {
        let mut taken = self.taken();
        let own = taken.by_person.get(&person).copied().unwrap_or_default();
        if own >= MAX_RUNNING_FOR_ONE {
            return Err(GitError::ShareTaken);
        }
        if taken.in_all >= MAX_RUNNING {
            return Err(GitError::Busy);
        }
        taken.in_all += 1;
        taken.by_person.insert(person, own + 1);
        Ok(Slot { slots: self.clone(), person })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.in_all = taken.in_all.saturating_sub(1);
        match taken.by_person.get_mut(&self.person) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.by_person.remove(&self.person)),
        }
        drop(taken);
        self.slots.0.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: Uuid = Uuid::from_u128(1);
    const BEN: Uuid = Uuid::from_u128(2);

    #[test]
    fn one_person_takes_no_more_than_a_share() {
        let slots = Slots::default();
        let mut of_ana: Vec<Slot> = (0..MAX_RUNNING_FOR_ONE).map(|_| slots.take(ANA).unwrap()).collect();
        assert!(matches!(slots.take(ANA), Err(GitError::ShareTaken)));
        let of_ben = slots.take(BEN).unwrap();

        of_ana.pop();
        of_ana.push(slots.take(ANA).unwrap());
        drop((of_ana, of_ben));
        assert!(slots.taken().by_person.is_empty() && slots.taken().in_all == 0);
    }

    #[test]
    fn many_people_take_no_more_than_there_is() {
        let slots = Slots::default();
        let all: Vec<Slot> = (0..MAX_RUNNING).map(|n| slots.take(Uuid::from_u128(n as u128)).unwrap()).collect();
        assert!(matches!(slots.take(Uuid::max()), Err(GitError::Busy)));
        drop(all);
        assert!(slots.take(Uuid::max()).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_waits_for_it_but_not_for_ever() {
        let (slots, patience) = (Slots::default(), Duration::from_secs(20));
        let mut of_ana: Vec<Slot> = (0..MAX_RUNNING_FOR_ONE).map(|_| slots.take(ANA).unwrap()).collect();
        let waiting = slots.wait_for(ANA, patience);
        assert!(matches!(waiting.await, Err(GitError::ShareTaken)), "nobody left");

        let leaving = async {
            tokio::task::yield_now().await;
            of_ana.pop();
        };
        let (admitted, ()) = tokio::join!(slots.wait_for(ANA, patience), leaving);
        assert!(admitted.is_ok());
    }
}
