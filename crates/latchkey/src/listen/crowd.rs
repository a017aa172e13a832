//! How many connections there are, in all and from each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many connections each address has.
type Addresses = Arc<Mutex<HashMap<IpAddr, u32>>>;

/// Everybody who is connected.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    seats: Arc<Semaphore>,
    size: u32,
    addresses: Addresses,
    per_address: Option<u32>,
}

/// A place in the crowd, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    _permit: OwnedSemaphorePermit,
    address: Option<(IpAddr, Addresses)>,
}

impl Crowd {
    /// Nobody yet; `size` at most, and `per_address` from one address if that is counted.
    pub(super) fn new(size: u32, per_address: Option<u32>) -> Self {
        let seats = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS)));
        Self { seats, size, addresses: Arc::default(), per_address }
    }

    /// A place for a connection from this address, if there is one.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Seat> {
        let permit = Arc::clone(&self.seats).try_acquire_owned().ok()?;
        let Some(most) = self.per_address else { return Some(Seat { _permit: permit, address: None }) };
        let address = network(address);
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let count = addresses.entry(address).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { _permit: permit, address: Some((address, Arc::clone(&self.addresses))) })
    }

    /// Waits until everybody has gone.
    pub(super) async fn gone(&self) {
        // It is never closed, so this cannot fail.
        drop(self.seats.acquire_many(self.size).await);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((address, addresses)) = &self.address else { return };
        let mut addresses = addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = addresses.get_mut(address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                addresses.remove(address);
            }
        }
    }
}

/// Whom an address belongs to: of IPv6, everybody has a /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_does_not_take_all_the_seats() {
        let crowd = Crowd::new(10, Some(2));
        let first = crowd.admit(address("192.0.2.1")).unwrap();
        let _second = crowd.admit(address("192.0.2.1")).unwrap();
        assert!(crowd.admit(address("192.0.2.1")).is_none());
        assert!(crowd.admit(address("::ffff:192.0.2.1")).is_none(), "the same address in other letters");
        assert!(crowd.admit(address("192.0.2.2")).is_some());
        drop(first);
        assert!(crowd.admit(address("192.0.2.1")).is_some());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let crowd = Crowd::new(10, Some(1));
        let _seat = crowd.admit(address("2001:db8::1")).unwrap();
        assert!(crowd.admit(address("2001:db8::2")).is_none());
        assert!(crowd.admit(address("2001:db8:0:1::1")).is_some());
    }

    #[tokio::test]
    async fn there_are_so_many_seats_and_nothing_is_remembered_of_who_left() {
        let crowd = Crowd::new(2, Some(512));
        let seats: Vec<_> = (1..=2).map(|n| crowd.admit(address(&format!("192.0.2.{n}"))).unwrap()).collect();
        assert!(crowd.admit(address("192.0.2.9")).is_none());
        drop(seats);
        crowd.gone().await;
        assert!(crowd.addresses.lock().unwrap().is_empty());
    }
}
