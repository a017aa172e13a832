//! How many requests are on their way at once, in all and to one host: a host that answers nobody keeps nobody else waiting.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Requests at once.
const IN_ALL: usize = 64;
/// Requests at once to one host.
const TO_ONE_HOST: usize = 8;

/// The requests that are on their way, by host. It holds no more hosts than requests.
#[derive(Default)]
pub(super) struct Turns(Mutex<BTreeMap<String, usize>>);

/// One request. It is over when this goes.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    host: String,
}

impl Turns {
    /// A turn, unless too many are taken.
    pub(super) fn take(&self, host: &str) -> Option<Turn<'_>> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_host = taken.get(host).copied().unwrap_or_default();
        if of_host >= TO_ONE_HOST || taken.values().sum::<usize>() >= IN_ALL {
            return None;
        }
        taken.insert(host.to_owned(), of_host + 1);
        Some(Turn { turns: self, host: host.to_owned() })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut taken = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.host) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_takes_a_few_turns_and_gives_them_back() {
        let turns = Turns::default();
        let mut taken: Vec<_> = (0..TO_ONE_HOST).map(|_| turns.take("slow.test").unwrap()).collect();
        assert!(turns.take("slow.test").is_none());
        assert!(turns.take("other.test").is_some());
        taken.pop();
        assert!(turns.take("slow.test").is_some());
        drop(taken);
        assert!(turns.0.lock().unwrap().is_empty(), "nothing is kept");
    }

    #[test]
    fn there_are_so_many_in_all() {
        let turns = Turns::default();
        let taken: Vec<_> = (0..IN_ALL).filter_map(|number| turns.take(&format!("{number}.test"))).collect();
        assert_eq!(taken.len(), IN_ALL);
        assert!(turns.take("one-more.test").is_none());
    }
}
