//! Counting what may happen so often in a quarter of an hour, within a bound of memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use crate::time::Timestamp;

/// What was counted is forgotten after so long.
pub const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Counts held at once; the oldest go first. An attacker cannot grow this, and needs as many networks to make it forget one.
pub(crate) const CAPACITY: usize = 65_536;

/// Too often: wait so long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait(pub Duration);

#[derive(Clone, Copy, Debug)]
struct Count {
    times: u32,
    since: Timestamp,
}

/// How often something happened lately, by what it is counted by.
#[derive(Debug)]
pub(crate) struct Counts<Key>(HashMap<Key, Count>);

impl<Key> Default for Counts<Key> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<Key: Eq + Hash> Counts<Key> {
    /// Counts something once more by each key, unless one of them has reached its limit.
    pub(crate) fn count(&mut self, keys: Vec<(Key, u32)>, now: Timestamp) -> Result<(), Wait> {
        for (key, limit) in &keys {
            if let Some(count) = self.0.get(key)
                && count.times >= *limit
                && now < count.since + WINDOW
            {
                return Err(Wait((count.since + WINDOW).since(now)));
            }
        }
        for (key, _) in keys {
            let count = self.0.entry(key).or_insert(Count { times: 0, since: now });
            if now >= count.since + WINDOW {
                *count = Count { times: 0, since: now };
            }
            count.times = count.times.saturating_add(1);
        }
        self.shrink(now);
        Ok(())
    }

    /// Learns that something has reached its limit, and since when it was counted.
    pub(crate) fn reached(&mut self, (key, limit): (Key, u32), since: Timestamp) {
        self.0.insert(key, Count { times: limit, since });
    }

    /// Takes back what was counted once.
    pub(crate) fn take_back(&mut self, keys: Vec<(Key, u32)>) {
        for (key, _) in keys {
            if let Some(count) = self.0.get_mut(&key) {
                count.times = count.times.saturating_sub(1);
            }
        }
    }

    fn shrink(&mut self, now: Timestamp) {
        if self.0.len() <= CAPACITY {
            return;
        }
        self.0.retain(|_, count| now < count.since + WINDOW);
        if self.0.len() > CAPACITY {
            let mut ages: Vec<Timestamp> = self.0.values().map(|count| count.since).collect();
            let (_, median, _) = ages.select_nth_unstable(CAPACITY / 2);
            let median = *median;
            self.0.retain(|_, count| count.since > median);
        }
    }
}

/// The network of an address: /24 for IPv4, /48 for IPv6.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    #[test]
    fn what_reached_its_limit_waits_for_the_end_of_its_window_and_nothing_else_does() {
        let mut counts = Counts::default();
        assert_eq!(counts.count(vec![("a", 2), ("b", 9)], NOW), Ok(()));
        assert_eq!(counts.count(vec![("a", 2)], NOW + Duration::from_secs(60)), Ok(()));
        let wait = WINDOW - Duration::from_secs(60);
        assert_eq!(counts.count(vec![("b", 9), ("a", 2)], NOW + Duration::from_secs(60)), Err(Wait(wait)));
        assert_eq!(counts.count(vec![("b", 2)], NOW), Ok(()), "what was refused was not counted");
        assert_eq!(counts.count(vec![("a", 2)], NOW + WINDOW), Ok(()));
    }

    #[test]
    fn counts_do_not_grow_without_a_bound() {
        let mut counts = Counts::default();
        for n in 0..200_000_u32 {
            assert_eq!(counts.count(vec![(n, 1)], NOW + Duration::from_micros(n.into())), Ok(()));
        }
        assert!(counts.0.len() <= CAPACITY + 1);
    }

    #[test]
    fn networks_are_a_24_or_a_48() {
        assert_eq!(network("192.0.2.77".parse().unwrap()), "192.0.2");
        assert_eq!(network("::ffff:192.0.2.77".parse().unwrap()), "192.0.2");
        assert_eq!(network("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1");
    }
}
