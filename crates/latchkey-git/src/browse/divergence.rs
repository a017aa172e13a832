//! How two commits lie to each other in history.

use std::collections::{BinaryHeap, HashMap, HashSet};

use super::{Browse, BrowseError, Version, from_gix, to_gix};
use crate::ObjectId;
use crate::limits::{MAX_MISDATED, MAX_WALKED};

/// How two commits lie to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Divergence {
    /// How many commits the target has that the base lacks.
    pub ahead: usize,
    /// How many commits the base has that the target lacks.
    pub behind: usize,
    /// The youngest commit that both have, if there is one.
    pub common: Option<ObjectId>,
}

/// Reached from the base.
const BASE: u8 = 1;
/// Reached from the target.
const TARGET: u8 = 2;
/// Reached from a commit that both have.
const BELOW: u8 = 4;
const BOTH: u8 = BASE | TARGET;

/// A commit that has to be looked at. Younger ones are first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    seconds: i64,
    id: gix::ObjectId,
    /// Whether the counts may depend on it.
    counts: bool,
}

/// A walk down from two commits.
struct Walk {
    /// The commits that were reached, and from where.
    reached: HashMap<gix::ObjectId, u8>,
    /// How many commits may be reached.
    most: usize,
    queue: BinaryHeap<Next>,
    /// Those in the queue on which the counts may depend.
    open: usize,
}

impl Browse {
    /// How far a commit is ahead of another, and behind it, and where their histories part. Refused where that takes a look at more than
    /// [`MAX_WALKED`] commits.
    pub fn divergence(&self, base: ObjectId, target: ObjectId) -> Result<Divergence, BrowseError> {
        let walk = self.walk(base, target, MAX_WALKED)?;
        let of = |side: u8| walk.reached.values().filter(|reached| **reached & BOTH == side).count();
        let mut common = None;
        for id in walk.reached.iter().filter(|(_, reached)| **reached == BOTH).map(|(id, _)| *id) {
            common = common.max(Some((self.made_at(id)?, id)));
        }
        let common = common.map(|(_, id)| from_gix(&id));
        Ok(Divergence { ahead: of(TARGET), behind: of(BASE), common })
    }

    /// The commits that one commit reaches and another does not. Refused where that takes a look at more than `most` commits.
    pub(super) fn only_of(
        &self,
        target: ObjectId,
        base: ObjectId,
        most: usize,
    ) -> Result<HashSet<gix::ObjectId>, BrowseError> {
        let walk = self.walk(base, target, most)?;
        Ok(walk.reached.into_iter().filter(|(_, reached)| reached & BOTH == TARGET).map(|(id, _)| id).collect())
    }

    /// Walks down from both commits until what is left is reached from both.
    fn walk(&self, base: ObjectId, target: ObjectId, most: usize) -> Result<Walk, BrowseError> {
        let mut walk = Walk { reached: HashMap::new(), most, queue: BinaryHeap::new(), open: 0 };
        self.reach(&mut walk, to_gix(base), BASE)?;
        self.reach(&mut walk, to_gix(target), TARGET)?;
        let mut passed = 0;
        while let Some(next) = walk.queue.pop() {
            if next.counts {
                walk.open -= 1;
            } else if walk.open == 0 {
                // Everything that is left is in both, unless a clock was wrong.
                passed += 1;
                if passed > MAX_MISDATED {
                    break;
                }
            }
            let reached = walk.reached.get(&next.id).copied().unwrap_or_default();
            let handed_down = if reached & BOTH == BOTH { reached | BELOW } else { reached };
            for parent in self.repo.find_commit(next.id)?.parent_ids() {
                self.reach(&mut walk, parent.detach(), handed_down)?;
            }
        }
        Ok(walk)
    }

    /// Notes that a commit was reached, and has it looked at if that says something new.
    fn reach(&self, walk: &mut Walk, id: gix::ObjectId, how: u8) -> Result<(), BrowseError> {
        let before = walk.reached.get(&id).copied();
        let now = before.unwrap_or_default() | how;
        if before == Some(now) {
            return Ok(());
        }
        walk.reached.insert(id, now);
        if walk.reached.len() > walk.most {
            return Err(BrowseError::TooFarBack(Version::Commit(from_gix(&id)).to_string()));
        }
        // One that was counted for one side alone may have handed that on.
        let counts = now & BOTH != BOTH || before.is_some_and(|before| before & BOTH != BOTH);
        walk.open += usize::from(counts);
        walk.queue.push(Next { seconds: self.made_at(id)?, id, counts });
        Ok(())
    }

    /// When a commit was made. A moment that nobody can read is the epoch's.
    pub(super) fn made_at(&self, id: gix::ObjectId) -> Result<i64, BrowseError> {
        Ok(self.repo.find_commit(id)?.time().map(|time| time.seconds).unwrap_or_default())
    }
}
