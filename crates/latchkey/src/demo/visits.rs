//! Who visits a demo service: what it knows of each browser, in memory, for as long as it runs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use latchkey_jose::{Timestamp, base64url, digest};
use latchkey_web::app::random;

/// Browsers that are remembered; the one that was away longest makes room.
const VISITS: usize = 500;

/// All browsers, and a `V` for each.
#[derive(Default)]
pub(crate) struct Visits<V>(Mutex<HashMap<[u8; 32], Visit<V>>>);

#[derive(Default)]
struct Visit<V> {
    known: V,
    used_at: Timestamp,
}

impl<V: Default> Visits<V> {
    /// What is known of the browser with this cookie, for a moment.
    pub(crate) fn with<T>(&self, cookie: &str, now: Timestamp, look: impl FnOnce(&mut V) -> T) -> T {
        let mut visits = self.lock();
        let cookie = digest::sha256(cookie);
        if !visits.contains_key(&cookie) {
            make_room(&mut visits);
        }
        let visit = visits.entry(cookie).or_default();
        visit.used_at = now;
        look(&mut visit.known)
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

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Visit<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room<V>(visits: &mut HashMap<[u8; 32], Visit<V>>) {
    if visits.len() >= VISITS
        && let Some(oldest) = visits.iter().min_by_key(|(_, visit)| visit.used_at).map(|(cookie, _)| *cookie)
    {
        visits.remove(&oldest);
    }
}

/// A new cookie: 256 random bits.
pub(crate) fn new_cookie() -> String {
    base64url::encode(random::<32>())
}

/// What protects the forms of the browser with this cookie.
pub(crate) fn csrf(cookie: &str) -> String {
    base64url::encode(digest::sha256(format!("demo service form {cookie}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn is_known(visits: &Visits<bool>, cookie: &str) -> bool {
        visits.with(cookie, NOW, |known| *known)
    }

    #[test]
    fn the_browser_that_was_away_longest_makes_room() {
        let visits = Visits::default();
        for n in 0..=VISITS {
            let at = Timestamp::from_secs(i64::try_from(n).unwrap());
            visits.with(&n.to_string(), at, |known| *known = true);
        }
        assert_eq!(visits.lock().len(), VISITS);
        assert!(is_known(&visits, "1") && is_known(&visits, "500"));
        assert!(!is_known(&visits, "0"));
    }

    #[test]
    fn after_a_renewal_the_old_cookie_leads_nowhere() {
        let visits = Visits::default();
        visits.with("old", NOW, |known| *known = true);
        let renewed = visits.renew("old");
        assert!(is_known(&visits, &renewed) && !is_known(&visits, "old"));
    }
}
