//! The address of a PostgreSQL server, and how its connections are protected: by the options that `libpq` has for it.
//!
//! What is not said is safe: another machine is reached by TLS, and its certificate has to name it. What `libpq` would do less
//! carefully has to be written down.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Where PostgreSQL is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Address {
    pub(super) config: Config,
    pub(super) protection: Protection,
}

/// What protects a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Protection {
    /// Nothing: it does not leave this machine, or the address says `sslmode=disable`.
    Nothing,
    /// TLS with whoever answers: `require`.
    Encryption,
    /// TLS with anyone whom the authorities of this file vouch for: `verify-ca`.
    Authority(PathBuf),
    /// TLS with the host that the address names: `verify-full`. Vouched for by the authorities of this file, or by those of the system.
    Name(Option<PathBuf>),
}

/// Why an address of a PostgreSQL server is not used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    /// Not an address, or an option that is not known.
    #[error("this is not an address of PostgreSQL: postgres://user:password@host:5432/name?sslmode=verify-full")]
    Unreadable,
    /// A word that means nothing.
    #[error("sslmode is one of disable, require, verify-ca and verify-full")]
    UnknownMode,
    /// `prefer` and `allow`, to another machine.
    #[error(
        "this sslmode leaves it to whoever is on the way whether there is TLS: say verify-full, or disable if the network is yours"
    )]
    LeftToOthers,
    /// Any certificate of any public authority would do.
    #[error("sslmode=verify-ca needs sslrootcert, a file: verify-full goes by the authorities of the system, too")]
    NoAuthority,
    /// Nobody knows where a relative path starts.
    #[error("sslrootcert is `system`, or an absolute path of a PEM file")]
    RelativePath,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (bare, options) = take_tls_options(text)?;
        let mut config: Config = bare.parse().map_err(|_| AddressError::Unreadable)?;
        // One that stood where it was not looked for.
        if config.get_ssl_mode() != SslMode::Prefer {
            return Err(AddressError::Unreadable);
        }
        let protection = options.protection(is_local(&config))?;
        config.ssl_mode(if protection == Protection::Nothing { SslMode::Disable } else { SslMode::Require });
        Ok(Self { config, protection })
    }
}

/// What an address says of TLS.
#[derive(Default)]
struct TlsOptions<'a> {
    mode: Option<Cow<'a, str>>,
    root: Option<Cow<'a, str>>,
}

/// The address without its options for TLS, and these.
fn take_tls_options(text: &str) -> Result<(String, TlsOptions<'_>), AddressError> {
    let mut tls = TlsOptions::default();
    // A password may have a question mark in it.
    let credentials = text.find('@').unwrap_or(0);
    let (place, options) = match text.get(credentials..).and_then(|rest| rest.find('?')) {
        Some(mark) => text.split_at(credentials.saturating_add(mark)),
        None => return Ok((text.to_owned(), tls)),
    };
    let mut bare = place.to_owned();
    for option in options.split(['?', '&']).filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').ok_or(AddressError::Unreadable)?;
        let decoded = || percent_decode_str(value).decode_utf8().map_err(|_| AddressError::Unreadable);
        match name {
            "sslmode" => tls.mode = Some(decoded()?),
            "sslrootcert" => tls.root = Some(decoded()?),
            _ => {
                bare.push(if bare.len() == place.len() { '?' } else { '&' });
                bare.push_str(option);
            }
        }
    }
    Ok((bare, tls))
}

impl TlsOptions<'_> {
    fn protection(&self, local: bool) -> Result<Protection, AddressError> {
        let root = match self.root.as_deref() {
            None | Some("system") => None,
            Some(path) => Some(PathBuf::from(path)),
        };
        if root.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err(AddressError::RelativePath);
        }
        match (self.mode.as_deref(), root) {
            (Some("disable"), _) => Ok(Protection::Nothing),
            (None | Some("prefer" | "allow"), None) if local => Ok(Protection::Nothing),
            (Some("prefer" | "allow"), _) => Err(AddressError::LeftToOthers),
            (Some("require"), None) => Ok(Protection::Encryption),
            (Some("require" | "verify-ca"), Some(root)) => Ok(Protection::Authority(root)),
            (Some("verify-ca"), None) => Err(AddressError::NoAuthority),
            (None | Some("verify-full"), root) => Ok(Protection::Name(root)),
            (Some(_), _) => Err(AddressError::UnknownMode),
        }
    }
}

/// Whether a connection never leaves this machine.
fn is_local(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{DatabaseUrl, NotADatabase};

    fn protection(text: &str) -> Result<Protection, AddressError> {
        text.parse().map(|address: Address| address.protection)
    }

    fn file() -> PathBuf {
        "/etc/db ca.pem".into()
    }

    #[test]
    fn another_machine_is_reached_by_tls_and_named_by_its_certificate_unless_the_address_says_otherwise() {
        for address in ["postgres://l@db/d", "postgresql://l@10.0.0.7:5433/d", "postgres://l@db/d?sslmode=verify-full"]
        {
            assert_eq!(protection(address), Ok(Protection::Name(None)), "{address}");
        }
        assert_eq!(protection("postgres://l@localhost,db/d"), Ok(Protection::Name(None)), "one of them is elsewhere");
        assert_eq!(protection("postgres://l@localhost/d?hostaddr=10.0.0.7"), Ok(Protection::Name(None)));
        assert_eq!(protection("postgres://l@db/d?sslmode=disable"), Ok(Protection::Nothing));
    }

    #[test]
    fn what_does_not_leave_this_machine_needs_no_tls() {
        for host in ["localhost", "127.0.0.1", "[::1]", "%2Fvar%2Frun%2Fpostgresql", ""] {
            assert_eq!(protection(&format!("postgres://l@{host}/d")), Ok(Protection::Nothing), "{host}");
            assert_eq!(protection(&format!("postgres://l@{host}/d?sslmode=prefer")), Ok(Protection::Nothing), "{host}");
        }
        assert_eq!(protection("postgres:///d?host=/var/run/postgresql&user=l"), Ok(Protection::Nothing));
        assert_eq!(protection("postgres://l@localhost/d?sslmode=require"), Ok(Protection::Encryption));
        assert_eq!(
            protection("postgres://l@localhost/d?sslrootcert=/etc/db%20ca.pem"),
            Ok(Protection::Name(Some(file())))
        );
    }

    #[test]
    fn the_words_mean_what_they_mean_elsewhere() {
        let with = |options: &str| protection(&format!("postgres://l@db/d?{options}"));
        assert_eq!(with("sslmode=require"), Ok(Protection::Encryption));
        assert_eq!(with("sslmode=require&sslrootcert=/etc/db%20ca.pem"), Ok(Protection::Authority(file())));
        assert_eq!(with("sslrootcert=/etc/db%20ca.pem&sslmode=verify-ca"), Ok(Protection::Authority(file())));
        assert_eq!(with("sslmode=verify-full&sslrootcert=/etc/db%20ca.pem"), Ok(Protection::Name(Some(file()))));
        assert_eq!(with("sslmode=verify-full&sslrootcert=system"), Ok(Protection::Name(None)));
    }

    #[test]
    fn what_protects_nobody_is_refused() {
        let with = |options: &str| protection(&format!("postgres://l@db/d?{options}"));
        assert_eq!(with("sslmode=prefer"), Err(AddressError::LeftToOthers));
        assert_eq!(with("sslmode=allow&sslrootcert=/ca.pem"), Err(AddressError::LeftToOthers));
        assert_eq!(with("sslmode=verify-ca"), Err(AddressError::NoAuthority));
        assert_eq!(with("sslmode=verify-ca&sslrootcert=system"), Err(AddressError::NoAuthority));
        assert_eq!(with("sslmode=Verify-Full"), Err(AddressError::UnknownMode));
        assert_eq!(with("sslrootcert=ca.pem"), Err(AddressError::RelativePath));
        assert_eq!(with("sslmod=disable"), Err(AddressError::Unreadable));
        assert_eq!(with("sslmode"), Err(AddressError::Unreadable));
    }

    #[test]
    fn an_sslmode_in_another_place_protects_nobody_less() {
        for misplaced in [
            "postgres://l@db/d&sslmode=disable",
            "postgres://l@db/d;sslmode=disable",
            "postgres://l@db/sslmode=disable",
            "postgres://l:sslmode=disable@db/d",
            // What stands before an `@` names a user, and what stands behind it a host.
            "postgres://db/d?application_name=a@b&sslmode=disable",
        ] {
            assert_eq!(protection(misplaced), Ok(Protection::Name(None)), "{misplaced}");
        }
        assert_eq!("host=db sslmode=disable".parse::<DatabaseUrl>(), Err(NotADatabase::Neither));
    }

    #[test]
    fn the_rest_of_an_address_stays_what_it_is() {
        let text = "postgres://l:wh?o@db:5433/d?connect_timeout=3&sslmode=disable&application_name=x";
        let Address { config, .. } = text.parse().unwrap();
        assert_eq!(config.get_password(), Some("wh?o".as_bytes()));
        assert_eq!((config.get_dbname(), config.get_ports()), (Some("d"), &[5433][..]));
        assert_eq!(config.get_application_name(), Some("x"));
    }
}
