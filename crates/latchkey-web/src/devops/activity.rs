//! The ids by which requests are found in the log.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Gives every request an id of its own. It is a name and proves nothing, so it does not cost a draw from the operating system's source: it is a
/// count under a hash whose keys are this process's own, and tells nobody how many requests there were.
#[derive(Debug, Default)]
pub(crate) struct Activities {
    keys: RandomState,
    count: AtomicU64,
}

impl Activities {
    /// The next id: a UUID of version 4.
    pub(crate) fn next(&self) -> Uuid {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let [high, low] = ["high", "low"].map(|half| self.keys.hash_one((half, count)));
        let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_requests_have_one_id() {
        let (one, other) = (Activities::default(), Activities::default());
        let ids: BTreeSet<Uuid> = (0..1_000).flat_map(|_| [one.next(), other.next()]).collect();
        assert_eq!(ids.len(), 2_000);
        assert!(ids.iter().all(|id| id.get_version_num() == 4));
    }
}
