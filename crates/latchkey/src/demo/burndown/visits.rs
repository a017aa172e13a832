//! Who visits Burndown: what it knows of each browser, in memory, for as long as it runs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use latchkey_jose::{Timestamp, base64url, digest};
use latchkey_web::app::random;

use super::relying_party::{Asked, Connected};

/// Browsers that are remembered; the one that was away longest makes room.
const VISITS: usize = 500;
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
    used_at: Timestamp,
}

/// Why there is no key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// None was given: the code and a sentence.
    Refused(String, String),
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

/// All browsers.
#[derive(Default)]
pub(crate) struct Visits(Mutex<HashMap<[u8; 32], Visit>>);

impl Visits {
    /// What is known of the browser with this cookie, for a moment.
    pub(crate) fn with<T>(&self, cookie: &str, now: Timestamp, look: impl FnOnce(&mut Visit) -> T) -> T {
        let mut visits = self.lock();
        let cookie = digest::sha256(cookie);
        if !visits.contains_key(&cookie) {
            make_room(&mut visits);
        }
        let visit = visits.entry(cookie).or_default();
        visit.used_at = now;
        look(visit)
    }

    /// Gives the browser another cookie, so that nobody who knew the old one follows it in.
    pub(crate) fn renew(&self, cookie: &str) -> String {
        let renewed = new_cookie();
        let mut visits = self.lock();
        if let Some(visit) = visits.remove(&digest::sha256(cookie)) {
            visits.insert(digest::sha256(&renewed), visit);
        }
        renewed
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Visit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(visits: &mut HashMap<[u8; 32], Visit>) {
    if visits.len() >= VISITS
        && let Some(oldest) = visits.iter().min_by_key(|(_, visit)| visit.used_at).map(|(cookie, _)| *cookie)
    {
        visits.remove(&oldest);
    }
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

/// A new cookie: 256 random bits.
pub(crate) fn new_cookie() -> String {
    base64url::encode(random::<32>())
}

/// What protects the forms of the browser with this cookie.
pub(crate) fn csrf(cookie: &str) -> String {
    base64url::encode(digest::sha256(format!("burndown form {cookie}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn refused(visits: &Visits, cookie: &str) -> bool {
        visits.with(cookie, NOW, |visit| visit.news.is_some())
    }

    #[test]
    fn the_browser_that_was_away_longest_makes_room() {
        let visits = Visits::default();
        for n in 0..=VISITS {
            let at = Timestamp::from_secs(i64::try_from(n).unwrap());
            visits.with(&n.to_string(), at, |visit| visit.news = Some(News::Refused("x".into(), "y".into())));
        }
        assert_eq!(visits.lock().len(), VISITS);
        assert!(refused(&visits, "1") && refused(&visits, "500"));
        assert!(!refused(&visits, "0"));
    }

    #[test]
    fn after_a_renewal_the_old_cookie_leads_nowhere() {
        let visits = Visits::default();
        visits.with("old", NOW, |visit| visit.news = Some(News::Refused("x".into(), "y".into())));
        let renewed = visits.renew("old");
        assert!(refused(&visits, &renewed) && !refused(&visits, "old"));
    }
}
