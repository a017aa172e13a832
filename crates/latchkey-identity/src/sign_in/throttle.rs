//! Throttling of sign-in: few guesses reach the hash, and the owner of an account is never locked out by somebody else's.
//!
//! Attempts are counted per account and per network. A device that this account signed in from before has a count of its own, so whoever
//! floods the account from elsewhere does not stop its owner.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::account::AccountId;
use crate::client::ClientId;
use crate::time::Timestamp;

/// Failures in the window are forgotten after so long.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Failures of one account, from devices it does not know, in the window.
const PER_ACCOUNT: u32 = 10;
/// Failures of one account from one device that it knows.
const PER_KNOWN_DEVICE: u32 = 10;
/// Failures from one network in the window, whatever the account.
const PER_NETWORK: u32 = 100;
/// Authorization requests from one network in the window that are kept for a person: each is a row until it is half an hour old.
const REQUESTS_PER_NETWORK: u32 = 2_000;
/// User codes of devices typed wrong from one address in the window. Ten guesses among 20^8 find nothing. [RFC 8628 §5.1]
const USER_CODES_PER_ADDRESS: u32 = 10;
/// The same of one account, wherever it is signed in.
const USER_CODES_PER_ACCOUNT: u32 = 10;
/// The same from one network, where many people may be.
const USER_CODES_PER_NETWORK: u32 = 100;
/// Device codes that one client is given at one address in the window: a room full of devices, and no flood.
const DEVICES_PER_CLIENT_AND_ADDRESS: u32 = 100;
/// Device codes given to one network in the window: each is a row for a day.
const DEVICES_PER_NETWORK: u32 = 1_000;
/// Requests that one client pushes from one network in the window: a busy service, and no flood.
const PUSHED_PER_CLIENT_AND_NETWORK: u32 = 10_000;
/// Requests that clients which prove nothing push from one network in the window, all of them together: anybody can push in their names,
/// so it is as many as browsers may bring.
const PUSHED_UNPROVEN_PER_NETWORK: u32 = REQUESTS_PER_NETWORK;
/// Counts held at once; the oldest go first. An attacker cannot grow this, and needs as many networks to make it forget one.
const CAPACITY: usize = 65_536;

/// What attempts are counted by.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Key {
    Account(String),
    Device(String, [u8; 16]),
    Network(String),
    Requests(String),
    UserCodesOfAddress(IpAddr),
    UserCodesOfAccount(AccountId),
    UserCodesOfNetwork(String),
    Devices(ClientId, IpAddr),
    DevicesOfNetwork(String),
    Pushed(ClientId, String),
    PushedUnproven(String),
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    since: Timestamp,
}

/// The counts of one node.
#[derive(Debug, Default)]
pub struct Throttle {
    counts: HashMap<Key, Count>,
}

/// One attempt: whom it is for, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The key of the address that was typed, known or not.
    pub email_key: &'a str,
    /// The network: [`network`] of the peer's address.
    pub network: &'a str,
    /// The device, if its cookie proves that this account signed in from it before.
    pub known_device: Option<[u8; 16]>,
}

/// A user code that somebody types: where from, and who is signed in there.
#[derive(Clone, Copy, Debug)]
pub struct Typing<'a> {
    /// The address.
    pub address: IpAddr,
    /// The accounts that are signed in in this browser.
    pub accounts: &'a [AccountId],
}

/// Too many failures: wait so long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait(pub Duration);

impl Throttle {
    /// Whether the attempt may reach the hash. It counts as a failure until [`Self::succeeded`] says otherwise, so that attempts made at the
    /// same moment are all counted.
    pub fn begin(&mut self, attempt: Attempt<'_>, now: Timestamp) -> Result<(), Wait> {
        self.count(keys(attempt), now)
    }

    /// Whether another authorization request from this network may be kept for a person.
    pub fn begin_request(&mut self, network: &str, now: Timestamp) -> Result<(), Wait> {
        self.count(vec![(Key::Requests(network.to_owned()), REQUESTS_PER_NETWORK)], now)
    }

    /// Whether a user code may be looked up. It counts as wrong until [`Self::user_code_found`] says otherwise.
    pub fn begin_user_code(&mut self, typing: Typing<'_>, now: Timestamp) -> Result<(), Wait> {
        self.count(typed(typing), now)
    }

    /// The user code was one: what it counted is taken back.
    pub fn user_code_found(&mut self, typing: Typing<'_>) {
        self.take_back(typed(typing));
    }

    /// Whether a client may have another device code here.
    pub fn begin_device(&mut self, client: ClientId, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        let address = address.to_canonical();
        let own = (Key::Devices(client, address), DEVICES_PER_CLIENT_AND_ADDRESS);
        self.count(vec![own, (Key::DevicesOfNetwork(network(address)), DEVICES_PER_NETWORK)], now)
    }

    /// Whether a client may push another request from here. `proven` is one that showed a credential.
    pub fn begin_push(&mut self, client: ClientId, proven: bool, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        let network = network(address);
        let key = match proven {
            true => (Key::Pushed(client, network), PUSHED_PER_CLIENT_AND_NETWORK),
            false => (Key::PushedUnproven(network), PUSHED_UNPROVEN_PER_NETWORK),
        };
        self.count(vec![key], now)
    }

    fn count(&mut self, keys: Vec<(Key, u32)>, now: Timestamp) -> Result<(), Wait> {
        for (key, limit) in &keys {
            if let Some(count) = self.counts.get(key)
                && count.failures >= *limit
                && now < count.since + WINDOW
            {
                return Err(Wait((count.since + WINDOW).since(now)));
            }
        }
        for (key, _) in keys {
            let count = self.counts.entry(key).or_insert(Count { failures: 0, since: now });
            if now >= count.since + WINDOW {
                *count = Count { failures: 0, since: now };
            }
            count.failures = count.failures.saturating_add(1);
        }
        self.shrink(now);
        Ok(())
    }

    /// The attempt was the owner's: what it counted is taken back.
    pub fn succeeded(&mut self, attempt: Attempt<'_>) {
        self.take_back(keys(attempt));
    }

    fn take_back(&mut self, keys: Vec<(Key, u32)>) {
        for (key, _) in keys {
            if let Some(count) = self.counts.get_mut(&key) {
                count.failures = count.failures.saturating_sub(1);
            }
        }
    }

    fn shrink(&mut self, now: Timestamp) {
        if self.counts.len() <= CAPACITY {
            return;
        }
        self.counts.retain(|_, count| now < count.since + WINDOW);
        if self.counts.len() > CAPACITY {
            let mut ages: Vec<Timestamp> = self.counts.values().map(|count| count.since).collect();
            let (_, median, _) = ages.select_nth_unstable(CAPACITY / 2);
            let median = *median;
            self.counts.retain(|_, count| count.since > median);
        }
    }
}

fn keys(attempt: Attempt<'_>) -> Vec<(Key, u32)> {
    match attempt.known_device {
        // Neighbours on the same network do not lock out a device that the account knows.
        Some(device) => vec![(Key::Device(attempt.email_key.to_owned(), device), PER_KNOWN_DEVICE)],
        None => vec![
            (Key::Account(attempt.email_key.to_owned()), PER_ACCOUNT),
            (Key::Network(attempt.network.to_owned()), PER_NETWORK),
        ],
    }
}

fn typed(typing: Typing<'_>) -> Vec<(Key, u32)> {
    let address = typing.address.to_canonical();
    let accounts = typing.accounts.iter().map(|id| (Key::UserCodesOfAccount(*id), USER_CODES_PER_ACCOUNT));
    let places = [
        (Key::UserCodesOfAddress(address), USER_CODES_PER_ADDRESS),
        (Key::UserCodesOfNetwork(network(address)), USER_CODES_PER_NETWORK),
    ];
    accounts.chain(places).collect()
}

/// The network of an address: /24 for IPv4, /48 for IPv6.
pub fn network(address: std::net::IpAddr) -> String {
    match address.to_canonical() {
        std::net::IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}")
        }
        std::net::IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn from(network: &str) -> Attempt<'_> {
        Attempt { email_key: "ana@harbor.test", network, known_device: None }
    }

    #[test]
    fn ten_guesses_at_an_account_reach_the_hash_in_a_quarter_of_an_hour() {
        let mut throttle = Throttle::default();
        let networks: Vec<String> = (0..50).map(|n| format!("10.0.{n}")).collect();
        let tried = networks.iter().filter(|network| throttle.begin(from(network), NOW).is_ok()).count();
        assert_eq!(tried, 10);
        assert!(throttle.begin(from("10.1.1"), NOW + WINDOW).is_ok());
    }

    #[test]
    fn the_owner_on_a_known_device_is_never_locked_out_by_others() {
        let mut throttle = Throttle::default();
        while throttle.begin(from("10.0.0"), NOW).is_ok() {}
        let owner = Attempt { network: "192.168.1", known_device: Some([1; 16]), ..from("") };
        for _ in 0..100 {
            assert_eq!(throttle.begin(owner, NOW), Ok(()));
            throttle.succeeded(owner);
        }
    }

    #[test]
    fn a_hundred_guesses_from_a_network_reach_the_hash() {
        let mut throttle = Throttle::default();
        let names: Vec<String> = (0..300).map(|n| format!("{n}@harbor.test")).collect();
        let tried = names
            .iter()
            .filter(|name| throttle.begin(Attempt { email_key: name, ..from("10.0.0") }, NOW).is_ok())
            .count();
        assert_eq!(tried, 100);
    }

    #[test]
    fn neighbours_on_a_network_do_not_lock_out_a_known_device() {
        let mut throttle = Throttle::default();
        let names: Vec<String> = (0..300).map(|n| format!("{n}@harbor.test")).collect();
        for name in &names {
            let _ = throttle.begin(Attempt { email_key: name, ..from("10.0.0") }, NOW);
        }
        assert_eq!(throttle.begin(Attempt { known_device: Some([1; 16]), ..from("10.0.0") }, NOW), Ok(()));
    }

    #[test]
    fn requests_kept_for_one_network_are_bounded() {
        let mut throttle = Throttle::default();
        let kept = (0..5_000).filter(|_| throttle.begin_request("10.0.0", NOW).is_ok()).count();
        assert_eq!(kept, 2_000);
        assert_eq!(throttle.begin_request("10.0.1", NOW), Ok(()));
        assert_eq!(throttle.begin_request("10.0.0", NOW + WINDOW), Ok(()));
    }

    #[test]
    fn ten_user_codes_are_guessed_from_an_address_or_an_account_and_a_right_one_does_not_count() {
        let mut throttle = Throttle::default();
        let somewhere = |last: u8| IpAddr::from([192, 0, last, 1]);
        let ana = [AccountId(uuid::Uuid::from_u128(0xa))];
        let guessed = |throttle: &mut Throttle, typing: fn(u8) -> u8, accounts: &[AccountId]| {
            let tries = (0..100).map(|n| Typing { address: somewhere(typing(n)), accounts });
            tries.filter(|typing| throttle.begin_user_code(*typing, NOW).is_ok()).count()
        };
        assert_eq!(guessed(&mut throttle, |_| 200, &[]), 10);
        assert_eq!(guessed(&mut throttle, |n| n, &ana), 10);
        let right = Typing { address: somewhere(201), accounts: &[] };
        for _ in 0..100 {
            assert_eq!(throttle.begin_user_code(right, NOW), Ok(()));
            throttle.user_code_found(right);
        }
    }

    #[test]
    fn a_client_gets_a_hundred_device_codes_at_an_address() {
        let mut throttle = Throttle::default();
        let (client, address) = (ClientId(uuid::Uuid::from_u128(1)), IpAddr::from([192, 0, 2, 1]));
        let given = (0..300).filter(|_| throttle.begin_device(client, address, NOW).is_ok()).count();
        assert_eq!(given, 100);
        let other = ClientId(uuid::Uuid::from_u128(2));
        assert_eq!(throttle.begin_device(other, address, NOW), Ok(()));
    }

    #[test]
    fn whoever_pushes_in_the_names_of_public_clients_is_bounded_whatever_their_number() {
        let (mut throttle, address) = (Throttle::default(), IpAddr::from([192, 0, 2, 1]));
        let client = |n: u32| ClientId(uuid::Uuid::from_u128((n % 50).into()));
        let kept = (0..5_000).filter(|n| throttle.begin_push(client(*n), false, address, NOW).is_ok()).count();
        assert_eq!(kept, 2_000);
        let own = (0..20_000).filter(|_| throttle.begin_push(client(1), true, address, NOW).is_ok()).count();
        assert_eq!(own, 10_000, "a client that proves who it is has its own count");
    }

    #[test]
    fn counts_do_not_grow_without_a_bound() {
        let mut throttle = Throttle::default();
        for n in 0..200_000u32 {
            let (name, network) = (format!("{n}@x.test"), format!("{n}"));
            let _ = throttle.begin(
                Attempt { email_key: &name, network: &network, known_device: None },
                NOW + Duration::from_micros(n.into()),
            );
        }
        assert!(throttle.counts.len() <= CAPACITY + 2);
    }

    #[test]
    fn networks_are_a_24_or_a_48() {
        assert_eq!(network("192.0.2.77".parse().unwrap()), "192.0.2");
        assert_eq!(network("::ffff:192.0.2.77".parse().unwrap()), "192.0.2");
        assert_eq!(network("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1");
    }
}
