//! What a rule returns: an answer, and the changes that have to be durable before the answer leaves.

use crate::change::Change;
use crate::error::OAuthError;

/// An answer, and what has to be committed for it to be true. A refusal can carry changes too.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Decision<T, E = OAuthError> {
    /// What the caller is told.
    pub answer: Result<T, E>,
    /// What is committed first, as one set.
    pub changes: Vec<Change>,
}

impl<T, E> Decision<T, E> {
    /// Yes.
    pub fn grant(answer: T) -> Self {
        Self { answer: Ok(answer), changes: Vec::new() }
    }

    /// No.
    pub fn refuse(error: E) -> Self {
        Self { answer: Err(error), changes: Vec::new() }
    }

    /// With one more change.
    pub fn and(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// With the changes of `changes`.
    pub fn and_all(mut self, changes: impl IntoIterator<Item = Change>) -> Self {
        self.changes.extend(changes);
        self
    }

    /// With the address that the request came from in each security event.
    pub fn seen_from(mut self, address: &str) -> Self {
        for change in &mut self.changes {
            if let Change::Record(event) = change {
                event.address = Some(address.to_owned());
            }
        }
        self
    }
}
