//! The demo's ports: bound first, so that everything else knows where it is.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::failure::{Exit, Failure};
use crate::listen;

/// The usual port for people. Then https is at the port that everybody writes down.
const USUAL: u16 = 4280;
const USUAL_HTTPS: u16 = 4243;
/// How often free ports are looked for: somebody else may take the other half of one.
const ATTEMPTS: usize = 20;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Everything that the demo listens at, and how it is called.
pub(crate) struct Ports {
    /// For people: `localhost` has up to two addresses.
    pub(crate) people: Vec<TcpListener>,
    /// The demo service.
    pub(crate) service: TcpListener,
    /// The demo service of the older OAuth kind.
    pub(crate) oldtimer: TcpListener,
    /// The demo service on a device.
    pub(crate) buildlight: TcpListener,
    /// For clients that insist on https.
    pub(crate) https: Vec<TcpListener>,
    /// `http://localhost:4280`.
    pub(crate) origin: String,
    /// `http://127.0.0.1:4281`: another host, because cookies ignore ports.
    pub(crate) service_url: String,
    /// `http://127.0.0.1:4282`.
    pub(crate) oldtimer_url: String,
    /// `http://127.0.0.1:4283`.
    pub(crate) buildlight_url: String,
    /// `https://localhost:4243`.
    pub(crate) https_origin: String,
}

impl Ports {
    /// Binds all of them: the usual ones, those from `port` on, or free ones if it is 0.
    pub(crate) async fn bind(port: u16) -> Result<Self, Failure> {
        let beyond = || Failure::new(Exit::Usage, format!("there are no four ports after {port}"));
        let after = |places: u16| port.checked_add(places).ok_or_else(beyond);
        let (service, https, oldtimer, buildlight) = match port {
            0 => (0, 0, 0, 0),
            USUAL => (USUAL + 1, USUAL_HTTPS, USUAL + 2, USUAL + 3),
            _ => (after(1)?, after(2)?, after(3)?, after(4)?),
        };
        let (people, port) = localhost(port).await?;
        let (https, https_port) = localhost(https).await?;
        let service = bind(V4, service).await?;
        let oldtimer = bind(V4, oldtimer).await?;
        let buildlight = bind(V4, buildlight).await?;
        let (service_port, oldtimer_port) = (port_of(&service)?, port_of(&oldtimer)?);
        let buildlight_port = port_of(&buildlight)?;
        Ok(Self {
            people,
            service,
            oldtimer,
            buildlight,
            https,
            origin: format!("http://localhost:{port}"),
            service_url: format!("http://127.0.0.1:{service_port}"),
            oldtimer_url: format!("http://127.0.0.1:{oldtimer_port}"),
            buildlight_url: format!("http://127.0.0.1:{buildlight_port}"),
            https_origin: format!("https://localhost:{https_port}"),
        })
    }
}

/// Both addresses of `localhost` at one port: otherwise another program could be at the one that a browser tries first.
async fn localhost(port: u16) -> Result<(Vec<TcpListener>, u16), Failure> {
    for _ in 0..ATTEMPTS {
        let first = bind(V4, port).await?;
        let found = port_of(&first)?;
        match TcpListener::bind(SocketAddr::new(V6, found)).await {
            Ok(second) => return Ok((vec![first, second], found)),
            Err(error) if error.kind() == ErrorKind::AddrInUse && port == 0 => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                return bind(V6, port).await.map(|second| (vec![first, second], found));
            }
            // A machine without IPv6 has one address there.
            Err(_) => return Ok((vec![first], found)),
        }
    }
    Err(Failure::new(Exit::Unreachable, "no free port was found").remedy("name one with --port"))
}

async fn bind(address: IpAddr, port: u16) -> Result<TcpListener, Failure> {
    listen::bind(SocketAddr::new(address, port)).await
}

fn port_of(listener: &TcpListener) -> Result<u16, Failure> {
    let address = listener.local_addr();
    address
        .map(|address| address.port())
        .map_err(|error| Failure::new(Exit::Unreachable, "a port has no number").because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn free_ports_are_five_and_known_before_anything_is_answered() {
        let ports = Ports::bind(0).await.unwrap();
        let number = |origin: &str| origin.rsplit_once(':').unwrap().1.parse::<u16>().unwrap();
        let urls = [&ports.origin, &ports.service_url, &ports.https_origin, &ports.oldtimer_url, &ports.buildlight_url];
        let mut numbers = urls.map(|url| number(url));
        numbers.sort_unstable();
        assert!(numbers[0] > 0 && numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
        assert!(ports.service_url.starts_with("http://127.0.0.1:"));
    }

    #[tokio::test]
    async fn a_taken_port_is_said_to_be_taken() {
        let taken = TcpListener::bind(SocketAddr::new(V4, 0)).await.unwrap();
        let failure = Ports::bind(taken.local_addr().unwrap().port()).await.map(|_| ()).unwrap_err();
        assert_eq!(failure.exit(), Exit::Unreachable);
        assert!(Ports::bind(u16::MAX).await.is_err());
    }
}
