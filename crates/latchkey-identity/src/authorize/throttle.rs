//! How much clients may have kept here without a person: requests that wait for one, device codes, pushed requests, registrations. Each is a
//! row until it ends by itself.

use std::net::IpAddr;

use crate::client::ClientId;
use crate::tenant::TenantId;
use crate::throttle::{Counts, Wait, network};
use crate::time::Timestamp;

/// Authorization requests from one network in the window that are kept for a person: each is a row until it is half an hour old.
const REQUESTS_PER_NETWORK: u32 = 2_000;
/// Device codes that one client is given at one address in the window: a room full of devices, and no flood.
const DEVICES_PER_CLIENT_AND_ADDRESS: u32 = 100;
/// Device codes given to one network in the window: each is a row for a day.
const DEVICES_PER_NETWORK: u32 = 1_000;
/// Requests that one client pushes from one network in the window: a busy service, and no flood.
const PUSHED_PER_CLIENT_AND_NETWORK: u32 = 10_000;
/// Requests that clients which prove nothing push from one network in the window, all of them together: anybody can push in their names,
/// so it is as many as browsers may bring.
const PUSHED_UNPROVEN_PER_NETWORK: u32 = REQUESTS_PER_NETWORK;
/// Apps that register themselves in one tenant from one network in the window: all plans of a test suite, which make an app for each of
/// some 450 modules, and no flood.
const REGISTRATIONS_PER_TENANT_AND_NETWORK: u32 = 600;
/// Apps that register themselves in one tenant in the window: each is a few rows for a week.
const REGISTRATIONS_PER_TENANT: u32 = 2_000;

/// Documents by which clients describe themselves, and request objects, that are fetched for one network in the window: an office full of
/// agents, and nobody's way to make this server ask others.
const DOCUMENTS_PER_NETWORK: u32 = 200;

/// What requests are counted by.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Key {
    Requests(String),
    Devices(ClientId, IpAddr),
    DevicesOfNetwork(String),
    Pushed(ClientId, String),
    PushedUnproven(String),
    Registrations(TenantId, String),
    RegistrationsOfTenant(TenantId),
    Documents(String),
}

/// The counts of one node.
#[derive(Debug, Default)]
pub struct RequestThrottle {
    counts: Counts<Key>,
}

impl RequestThrottle {
    /// Whether another authorization request from this network may be kept for a person.
    pub fn begin_request(&mut self, network: &str, now: Timestamp) -> Result<(), Wait> {
        self.counts.count(vec![(Key::Requests(network.to_owned()), REQUESTS_PER_NETWORK)], now)
    }

    /// Whether a client may have another device code here.
    pub fn begin_device(&mut self, client: ClientId, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        let address = address.to_canonical();
        let own = (Key::Devices(client, address), DEVICES_PER_CLIENT_AND_ADDRESS);
        self.counts.count(vec![own, (Key::DevicesOfNetwork(network(address)), DEVICES_PER_NETWORK)], now)
    }

    /// Whether another app may register itself in a tenant, from here.
    pub fn begin_registration(&mut self, tenant: TenantId, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        let here = (Key::Registrations(tenant, network(address)), REGISTRATIONS_PER_TENANT_AND_NETWORK);
        self.counts.count(vec![here, (Key::RegistrationsOfTenant(tenant), REGISTRATIONS_PER_TENANT)], now)
    }

    /// Whether a document or a request object of a client may be fetched for somebody here.
    pub fn begin_fetch(&mut self, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        self.counts.count(vec![(Key::Documents(network(address)), DOCUMENTS_PER_NETWORK)], now)
    }

    /// Whether a client may push another request from here. `proven` is one that showed a credential.
    pub fn begin_push(&mut self, client: ClientId, proven: bool, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        let network = network(address);
        let key = match proven {
            true => (Key::Pushed(client, network), PUSHED_PER_CLIENT_AND_NETWORK),
            false => (Key::PushedUnproven(network), PUSHED_UNPROVEN_PER_NETWORK),
        };
        self.counts.count(vec![key], now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throttle::WINDOW;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    #[test]
    fn requests_kept_for_one_network_are_bounded() {
        let mut throttle = RequestThrottle::default();
        let kept = (0..5_000).filter(|_| throttle.begin_request("10.0.0", NOW).is_ok()).count();
        assert_eq!(kept, 2_000);
        assert_eq!(throttle.begin_request("10.0.1", NOW), Ok(()));
        assert_eq!(throttle.begin_request("10.0.0", NOW + WINDOW), Ok(()));
    }

    #[test]
    fn a_client_gets_a_hundred_device_codes_at_an_address() {
        let mut throttle = RequestThrottle::default();
        let (client, address) = (ClientId(uuid::Uuid::from_u128(1)), IpAddr::from([192, 0, 2, 1]));
        let given = (0..300).filter(|_| throttle.begin_device(client, address, NOW).is_ok()).count();
        assert_eq!(given, 100);
        let other = ClientId(uuid::Uuid::from_u128(2));
        assert_eq!(throttle.begin_device(other, address, NOW), Ok(()));
    }

    #[test]
    fn a_whole_examination_registers_its_apps_at_once_and_a_flood_does_not() {
        let mut throttle = RequestThrottle::default();
        let (tenant, address) = (TenantId(uuid::Uuid::from_u128(1)), |n: u8| IpAddr::from([192, 0, n, 1]));
        let mut made = |n| (0..5_000).filter(|_| throttle.begin_registration(tenant, address(n), NOW).is_ok()).count();
        assert_eq!([2, 3, 4, 5].map(&mut made), [600, 600, 600, 200], "from one network, and in all");
    }

    #[test]
    fn whoever_pushes_in_the_names_of_public_clients_is_bounded_whatever_their_number() {
        let (mut throttle, address) = (RequestThrottle::default(), IpAddr::from([192, 0, 2, 1]));
        let client = |n: u32| ClientId(uuid::Uuid::from_u128((n % 50).into()));
        let kept = (0..5_000).filter(|n| throttle.begin_push(client(*n), false, address, NOW).is_ok()).count();
        assert_eq!(kept, 2_000);
        let own = (0..20_000).filter(|_| throttle.begin_push(client(1), true, address, NOW).is_ok()).count();
        assert_eq!(own, 10_000, "a client that proves who it is has its own count");
    }
}
