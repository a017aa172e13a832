//! What was asked, when, and what was answered.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use uuid::Uuid;

/// What came of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer<T> {
    /// It was acknowledged.
    Done(T),
    /// It was refused, in these words.
    Refused(String),
    /// There was no answer: it may have happened or not.
    Unknown,
}

/// What a service holds after a redemption or a refresh.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Keys {
    pub(crate) authorization: Uuid,
    pub(crate) family: Uuid,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// One request and its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// A person approves; the service gets a code.
    Approve(Answer<String>),
    /// A service redeems a code.
    Redeem(String, Answer<Keys>),
    /// A service sends a refresh token.
    Refresh(String, Answer<Keys>),
    /// A service uses its access token, at the API or at UserInfo.
    Use(Keys, Answer<()>),
    /// A person revokes an authorization.
    Revoke(Uuid, Answer<()>),
    /// A person looks at what they approved.
    List(Answer<BTreeSet<Uuid>>),
}

/// From when it was asked to when it was answered, on a clock that only counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub(crate) asked: u64,
    pub(crate) answered: u64,
}

/// A line of the history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Who asked: one person with one service.
    pub(crate) lane: usize,
    /// The person.
    pub(crate) person: usize,
    pub(crate) span: Span,
    pub(crate) event: Event,
}

/// Everything that happened so far.
#[derive(Default)]
pub(crate) struct History {
    clock: AtomicU64,
    entries: Mutex<Vec<Entry>>,
}

impl History {
    /// The moment before a request is sent.
    pub(crate) fn asking(&self) -> u64 {
        self.clock.fetch_add(1, SeqCst)
    }

    /// Writes down what came of it.
    pub(crate) fn write(&self, lane: usize, person: usize, asked: u64, event: Event) {
        let span = Span { asked, answered: self.clock.fetch_add(1, SeqCst) };
        self.entries.lock().unwrap().push(Entry { lane, person, span, event });
    }

    /// All of it, so far.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap().clone()
    }
}

/// How much happened of what: a history in which nothing happened proves nothing.
#[derive(Default)]
pub(crate) struct Tally([[u64; 3]; 6]);

const NAMES: [&str; 6] = ["approvals", "redemptions", "refreshes", "uses", "revocations", "lists"];

impl Tally {
    /// Counts.
    pub(crate) fn of(entries: &[Entry]) -> Self {
        const fn outcome<T>(answer: &Answer<T>) -> usize {
            match answer {
                Answer::Done(_) => 0,
                Answer::Refused(_) => 1,
                Answer::Unknown => 2,
            }
        }
        let mut tally = Self::default();
        for entry in entries {
            let (kind, outcome) = match &entry.event {
                Event::Approve(answer) => (0, outcome(answer)),
                Event::Redeem(_, answer) => (1, outcome(answer)),
                Event::Refresh(_, answer) => (2, outcome(answer)),
                Event::Use(_, answer) => (3, outcome(answer)),
                Event::Revoke(_, answer) => (4, outcome(answer)),
                Event::List(answer) => (5, outcome(answer)),
            };
            tally.0[kind][outcome] += 1;
        }
        tally
    }

    /// Promises of every kind were made between the kills, and the kills caught requests on their way.
    pub(crate) fn must_be_worth_something(&self, kills: u64) {
        for (name, [done, ..]) in NAMES.iter().zip(self.0) {
            assert!(done >= kills, "only {done} {name} in {kills} kills");
        }
        let caught: u64 = self.0.iter().map(|[_, _, unknown]| unknown).sum();
        assert!(caught >= kills, "only {caught} requests were on their way in {kills} kills");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, [done, refused, unknown]) in NAMES.iter().zip(self.0) {
            write!(f, "{name} {done} done, {refused} refused, {unknown} unknown; ")?;
        }
        Ok(())
    }
}
