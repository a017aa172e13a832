//! What the database is asked for, counted: tests hold how many statements and commits a request costs, and metrics show it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counters {
    reads: AtomicU64,
    writes: AtomicU64,
    change_sets: AtomicU64,
    lost: AtomicU64,
    commits: AtomicU64,
    largest_group: AtomicU64,
}

/// The counters at one moment. Subtract an earlier one to see what happened in between.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Statements that read.
    pub reads: u64,
    /// Statements that write, those of the audit log included.
    pub writes: u64,
    /// Change sets committed.
    pub change_sets: u64,
    /// Change sets that lost a race and were undone.
    pub lost: u64,
    /// Transactions made durable: with group commit fewer than change sets.
    pub commits: u64,
    /// Most change sets in one transaction.
    pub largest_group: u64,
}

impl Counts {
    /// What happened after `earlier`.
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            reads: self.reads.saturating_sub(earlier.reads),
            writes: self.writes.saturating_sub(earlier.writes),
            change_sets: self.change_sets.saturating_sub(earlier.change_sets),
            lost: self.lost.saturating_sub(earlier.lost),
            commits: self.commits.saturating_sub(earlier.commits),
            largest_group: self.largest_group,
        }
    }

    /// Statements of both kinds.
    pub const fn statements(self) -> u64 {
        self.reads.saturating_add(self.writes)
    }
}

impl Counters {
    /// The counts now.
    pub fn now(&self) -> Counts {
        Counts {
            reads: self.reads.load(Relaxed),
            writes: self.writes.load(Relaxed),
            change_sets: self.change_sets.load(Relaxed),
            lost: self.lost.load(Relaxed),
            commits: self.commits.load(Relaxed),
            largest_group: self.largest_group.load(Relaxed),
        }
    }

    pub(crate) fn read(&self) {
        self.reads.fetch_add(1, Relaxed);
    }

    pub(crate) fn write(&self) {
        self.writes.fetch_add(1, Relaxed);
    }

    pub(crate) fn lost(&self) {
        self.lost.fetch_add(1, Relaxed);
    }

    pub(crate) fn commit(&self, group: usize) {
        let group = u64::try_from(group).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Relaxed);
        self.change_sets.fetch_add(group, Relaxed);
        self.largest_group.fetch_max(group, Relaxed);
    }
}
