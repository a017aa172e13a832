//! What Burndown knows of one browser.

use latchkey_web::pages::burndown::Refusal;

use super::relying_party::{Asked, Connected};

/// Requests of one browser that may wait for an answer: one for each tab that somebody might have open.
const ASKED: usize = 8;

/// What is known of one browser.
#[derive(Default)]
pub(crate) struct Visit {
    /// Requests that wait for their answer, the oldest first.
    asked: Vec<Asked>,
    /// Who it is, and their key.
    pub(crate) connected: Option<Connected>,
    /// What there is to say about the last key, or about the last attempt to get one.
    pub(crate) news: Option<News>,
}

/// Why there is no key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// None was given.
    Refused(Refusal),
    /// The one there was has ended: what it was told, at which call, and a sentence.
    Ended {
        /// What it was told: `401`, `invalid_grant`.
        code: String,
        /// The call that was refused.
        call: String,
        /// What that means.
        sentence: String,
    },
}

impl Visit {
    /// Remembers a request until its answer comes.
    pub(crate) fn ask(&mut self, asked: Asked) {
        if self.asked.len() >= ASKED {
            self.asked.remove(0);
        }
        self.asked.push(asked);
    }

    /// The request that an answer is to. It is answered once.
    pub(crate) fn answered(&mut self, state: &str) -> Option<Asked> {
        let place = self.asked.iter().position(|asked| asked.state == state)?;
        Some(self.asked.remove(place))
    }
}
