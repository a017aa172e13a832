//! Where the server itself may send a request: to https addresses that somebody else named, and never into its own network.
//!
//! An address is checked twice. [`Target::read`] looks at what is written; [`OutboundPolicy::may_reach`] looks at what a name turned out to
//! mean, right before a connection is made to exactly that. [RFC 7591 §5], [OWASP SSRF], [RFC 6890]

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::limits;

/// What an operator allows beyond the public network.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OutboundPolicy {
    /// Hosts, in lower case, that may be reached wherever they are and at any port.
    pub hosts: Vec<String>,
    /// Whether this machine may be reached, at any port: for a demo and for tests.
    pub loopback: bool,
}

/// An address that may be asked for. Only [`Target::read`] makes one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Target(Url);

/// Why an address is not asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TargetError {
    /// Not an address at all, or one of more than 2,000 bytes.
    #[error("this is not the address of a document")]
    NotAnAddress,
    /// Anything but https.
    #[error("only https addresses are asked for")]
    NotHttps,
    /// A user name or a password.
    #[error("an address carries no user name or password")]
    UserInfo,
    /// A port that is none of the web's.
    #[error("only the usual port of https is asked")]
    Port,
    /// An address of a network that is not the public one.
    #[error("the address leads into a network that is not public")]
    NotPublic,
}

impl Target {
    /// Reads an address. A fragment is no part of a request, so it is left out.
    pub fn read(text: &str, policy: &OutboundPolicy) -> Result<Self, TargetError> {
        if text.len() > limits::REDIRECT_URI_BYTES || text.trim() != text {
            return Err(TargetError::NotAnAddress);
        }
        let mut url = Url::parse(text).map_err(|_| TargetError::NotAnAddress)?;
        if url.scheme() != "https" {
            return Err(TargetError::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::UserInfo);
        }
        let host = url.host().ok_or(TargetError::NotAnAddress)?;
        let written = match &host {
            Host::Ipv4(address) => Some(IpAddr::V4(*address)),
            Host::Ipv6(address) => Some(IpAddr::V6(*address)),
            Host::Domain(_) => None,
        };
        let name = host.to_string();
        if written.is_some_and(|address| !policy.may_reach(&name, address)) {
            return Err(TargetError::NotPublic);
        }
        let at_home = policy.loopback && (name == "localhost" || written.is_some_and(|address| address.is_loopback()));
        if url.port().is_some() && !policy.names(&name) && !at_home {
            return Err(TargetError::Port);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The host: a name, or an address in the form of a URL.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// Host and port as the `Host` header has them.
    pub fn authority(&self) -> String {
        self.0.port().map_or_else(|| self.host().to_owned(), |port| format!("{}:{port}", self.host()))
    }

    /// Path and query, as they are asked for.
    pub fn path_and_query(&self) -> String {
        self.0.query().map_or_else(|| self.0.path().to_owned(), |query| format!("{}?{query}", self.0.path()))
    }

    /// The address, in its plain form.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl OutboundPolicy {
    fn names(&self, host: &str) -> bool {
        self.hosts.iter().any(|named| named == host)
    }

    /// Whether a connection may be made to `address`, which is what the name `host` means now.
    pub fn may_reach(&self, host: &str, address: IpAddr) -> bool {
        self.names(host) || (self.loopback && address.is_loopback()) || is_public(address)
    }
}

/// Whether an address belongs to somebody on the public network. What is not known to be public is not.
/// [IANA special-purpose address registries, RFC 6890]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// IPv4 networks that nobody on the public network has: network, and how many bits of it count.
const NOT_PUBLIC_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // "this network", RFC 791 §3.2
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // shared by carriers, RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback, RFC 1122 §3.2.1.3
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local and cloud metadata, RFC 3927
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private, RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments, RFC 6890 §2.1
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation, RFC 5737
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays, RFC 7526
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private, RFC 1918
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks, RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation, RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast, RFC 5771
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, and broadcast, RFC 1112 §4
];

/// The part of IPv6 that is given out. Mapped IPv4, NAT64, private, link-local and multicast addresses all lie outside of it. [RFC 4291 §2.4]
const GIVEN_OUT_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// IPv6 networks within it that nobody on the public network has.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments and Teredo, RFC 2928, RFC 4380
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation, RFC 3849
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4, which hides an IPv4 address, RFC 3056
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation, RFC 9637
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let inside = |&(network, bits): &(Ipv4Addr, u32)| (address.to_bits() ^ network.to_bits()) >> (32 - bits) == 0;
    !NOT_PUBLIC_V4.iter().any(inside)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let inside = |&(network, bits): &(Ipv6Addr, u32)| (address.to_bits() ^ network.to_bits()) >> (128 - bits) == 0;
    inside(&GIVEN_OUT_V6) && !NOT_PUBLIC_V6.iter().any(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict() -> OutboundPolicy {
        OutboundPolicy::default()
    }

    #[test]
    fn only_the_public_network_is_reached() {
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn an_address_is_https_at_its_usual_port_without_a_password() {
        let read = |text: &str| Target::read(text, &strict());
        let target = read("https://Client.example/keys?a=b#fragment").unwrap();
        assert_eq!(target.as_str(), "https://client.example/keys?a=b", "fragments are stripped before fetching");
        assert_eq!(
            (target.host(), target.port(), target.authority()),
            ("client.example", 443, "client.example".into())
        );
        assert_eq!(target.path_and_query(), "/keys?a=b");
        assert!(read("https://client.example:443/keys").is_ok());
        for (wrong, error) in [
            ("http://client.example/", TargetError::NotHttps),
            ("file:///etc/passwd", TargetError::NotHttps),
            ("gopher://client.example/", TargetError::NotHttps),
            ("data:application/json,{}", TargetError::NotHttps),
            ("client.example", TargetError::NotAnAddress),
            ("https://", TargetError::NotAnAddress),
            (" https://client.example/", TargetError::NotAnAddress),
            ("https://ana:secret@client.example/", TargetError::UserInfo),
            ("https://client.example@127.0.0.1/", TargetError::UserInfo),
            ("https://client.example:6379/", TargetError::Port),
            ("https://localhost:8443/", TargetError::Port),
        ] {
            assert_eq!(read(wrong), Err(error), "{wrong}");
        }
        assert_eq!(read(&format!("https://client.example/{}", "x".repeat(2_000))), Err(TargetError::NotAnAddress));
    }

    #[test]
    fn an_address_is_understood_as_a_browser_understands_it() {
        for disguised in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://１２７.0.0.1/",
        ] {
            assert_eq!(Target::read(disguised, &strict()), Err(TargetError::NotPublic), "{disguised}");
        }
    }

    #[test]
    fn an_operator_can_allow_named_hosts_and_this_machine() {
        let named = OutboundPolicy { hosts: vec!["keys.corp.example".into()], loopback: false };
        let inside: IpAddr = "10.1.2.3".parse().unwrap();
        assert!(named.may_reach("keys.corp.example", inside));
        assert!(!named.may_reach("other.corp.example", inside));
        assert!(Target::read("https://keys.corp.example:8443/jwks", &named).is_ok());
        assert_eq!(Target::read("https://other.corp.example:8443/", &named), Err(TargetError::Port));
        let home = OutboundPolicy { hosts: vec![], loopback: true };
        for here in ["https://localhost:8443/", "https://127.0.0.1:8443/", "https://[::1]:8443/"] {
            assert!(Target::read(here, &home).is_ok(), "{here}");
        }
        assert!(home.may_reach("localhost", IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert!(!home.may_reach("localhost", inside));
    }
}
