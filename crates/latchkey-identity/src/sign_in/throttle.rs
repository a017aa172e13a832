//! Throttling of sign-in: few guesses reach the hash, and the owner of an account is never locked out by somebody else's.
//!
//! Attempts are counted per account and per network. A device that this account signed in from before has a count of its own, so whoever
//! floods the account from elsewhere does not stop its owner.

use std::net::IpAddr;

use crate::account::AccountId;
use crate::secret::PurposeKey;
use crate::throttle::{Counts, WINDOW, Wait, network};
use crate::time::Timestamp;

/// Failures of one account, from devices it does not know, in the window.
const PER_ACCOUNT: u32 = 10;
/// Failures of one account from one device that it knows.
const PER_KNOWN_DEVICE: u32 = 10;
/// Failures from one network in the window, whatever the account.
const PER_NETWORK: u32 = 100;
/// User codes of devices typed wrong from one address in the window. Ten guesses among 20^8 find nothing. [RFC 8628 §5.1]
const USER_CODES_PER_ADDRESS: u32 = 10;
/// The same of one account, wherever it is signed in.
const USER_CODES_PER_ACCOUNT: u32 = 10;
/// The same from one network, where many people may be.
const USER_CODES_PER_NETWORK: u32 = 100;

/// What attempts are counted by.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Key {
    Account(String),
    Device(String, [u8; 16]),
    Network(String),
    UserCodesOfAddress(IpAddr),
    UserCodesOfAccount(AccountId),
    UserCodesOfNetwork(String),
}

/// The counts of one node, of sign-ins and of the codes that devices show.
#[derive(Debug, Default)]
pub struct Throttle {
    counts: Counts<Key>,
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

/// What is counted for all servers that share a database: guesses at one account, wherever they come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guess {
    /// The account whose address was typed, or the account at a device that it knows: a MAC.
    pub key: [u8; 32],
    /// How many there may be in the window.
    pub most: u32,
}

impl Attempt<'_> {
    /// What it counts as for all servers together.
    pub fn guess(self, key: &PurposeKey) -> Guess {
        let device = self.known_device.as_ref().map_or(&[][..], |device| device);
        let (_, most) = self.of_account();
        Guess { key: key.mac(&[self.email_key.as_bytes(), device]), most }
    }

    fn of_account(self) -> (Key, u32) {
        match self.known_device {
            Some(device) => (Key::Device(self.email_key.to_owned(), device), PER_KNOWN_DEVICE),
            None => (Key::Account(self.email_key.to_owned()), PER_ACCOUNT),
        }
    }
}

/// A user code that somebody types: where from, and who is signed in there.
#[derive(Clone, Copy, Debug)]
pub struct Typing<'a> {
    /// The address.
    pub address: IpAddr,
    /// The accounts that are signed in in this browser.
    pub accounts: &'a [AccountId],
}

impl Throttle {
    /// Whether the attempt may reach the hash. It counts as a failure until [`Self::succeeded`] says otherwise, so that attempts made at the
    /// same moment are all counted.
    pub fn begin(&mut self, attempt: Attempt<'_>, now: Timestamp) -> Result<(), Wait> {
        self.counts.count(keys(attempt), now)
    }

    /// Learns that there were too many guesses, counted for all servers since then.
    pub fn reached(&mut self, attempt: Attempt<'_>, since: Timestamp, now: Timestamp) -> Wait {
        self.counts.reached(attempt.of_account(), since);
        Wait((since + WINDOW).since(now))
    }

    /// Whether a user code may be looked up. It counts as wrong until [`Self::user_code_found`] says otherwise.
    pub fn begin_user_code(&mut self, typing: Typing<'_>, now: Timestamp) -> Result<(), Wait> {
        self.counts.count(typed(typing), now)
    }

    /// The user code was one: what it counted is taken back.
    pub fn user_code_found(&mut self, typing: Typing<'_>) {
        self.counts.take_back(typed(typing));
    }

    /// The attempt was the owner's: what it counted is taken back.
    pub fn succeeded(&mut self, attempt: Attempt<'_>) {
        self.counts.take_back(keys(attempt));
    }
}

fn keys(attempt: Attempt<'_>) -> Vec<(Key, u32)> {
    let mut keys = vec![attempt.of_account()];
    // Neighbours on the same network do not lock out a device that the account knows.
    if attempt.known_device.is_none() {
        keys.push((Key::Network(attempt.network.to_owned()), PER_NETWORK));
    }
    keys
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::secret::Purpose;

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
    fn what_all_servers_counted_stops_here_until_its_window_is_over() {
        let mut throttle = Throttle::default();
        let now = NOW + Duration::from_secs(60);
        let left = WINDOW - Duration::from_secs(60);
        assert_eq!(throttle.reached(from("10.0.0"), NOW, now), Wait(left));
        assert_eq!(throttle.begin(from("10.1.1"), now), Err(Wait(left)));
        assert_eq!(throttle.begin(from("10.1.1"), NOW + WINDOW), Ok(()));
        let key = PurposeKey::derive(&[0; 32], Purpose::Guess).unwrap();
        let (account, device) = (from("10.0.0"), Attempt { known_device: Some([1; 16]), ..from("10.0.0") });
        assert_ne!(account.guess(&key), device.guess(&key));
        assert_eq!(account.guess(&key), from("10.1.1").guess(&key), "an account is one from everywhere");
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
}
