//! The section `[outbound]`: whom the server itself may ask, beyond the public network.

use std::path::{Path, PathBuf};

use latchkey_identity::outbound::OutboundPolicy;
use latchkey_web::outbound::{Outbound, system_resolver};
use serde::{Deserialize, Serialize};
use toml::Spanned;
use url::{Host, Url};

use super::problem::Problem;
use crate::failure::Failure;
use crate::tls::read_certificates;

/// Whom the server asks for what apps publish (keys, metadata), and tells of sign-outs. Without this section: hosts of the public
/// network, by https at its usual port.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OutboundSection {
    /// Hosts of your own that may be reached wherever they are, at any port: `ci.corp.example`.
    hosts: Vec<Spanned<String>>,
    /// Whether this machine may be reached. For trying things out.
    loopback: bool,
    /// The certificates of authorities of your own, a PEM file; trusted beside those of the system.
    authorities: Option<PathBuf>,
}

/// What the section comes to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct PlannedOutbound {
    /// What may be reached.
    pub(crate) policy: OutboundPolicy,
    /// The file of authorities that are trusted beside those of the system.
    pub(crate) authorities: Option<PathBuf>,
}

impl PlannedOutbound {
    /// Checks the section. Relative paths start at `folder`.
    pub(super) fn of(section: OutboundSection, folder: &Path) -> Result<Self, Problem> {
        let OutboundSection { hosts, loopback, authorities } = section;
        let hosts = hosts.into_iter().map(|written| host(&written)).collect::<Result<_, _>>()?;
        let authorities = authorities.map(|path| folder.join(path));
        Ok(Self { policy: OutboundPolicy { hosts, loopback }, authorities })
    }

    /// The client that asks.
    pub(crate) fn client(&self) -> Result<Outbound, Failure> {
        let authorities = self.authorities.as_deref().map_or(Ok(Vec::new()), read_certificates)?;
        Ok(Outbound::new(self.policy.clone(), authorities, system_resolver()))
    }
}

/// A host as URLs have it.
fn host(written: &Spanned<String>) -> Result<String, Problem> {
    let url = Url::parse(&format!("https://{}/", written.get_ref())).ok();
    let plain = url.as_ref().filter(|url| url.port().is_none() && url.username().is_empty() && url.path() == "/");
    let host = plain.and_then(Url::host).as_ref().map(Host::to_string);
    // No pattern: an URL may have a star in its host.
    host.filter(|host| host.eq_ignore_ascii_case(written.get_ref()) && !host.contains('*')).ok_or_else(|| {
        Problem::at(written.span(), "this is not a host")
            .hint("a name or an address alone, for example ci.corp.example")
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{GOOD, plan};
    use super::*;

    fn planned(section: &str) -> Result<PlannedOutbound, String> {
        plan(&format!("{GOOD}\n[outbound]\n{section}")).map(|plan| plan.outbound)
    }

    #[test]
    fn without_the_section_only_the_public_network_is_asked() {
        assert_eq!(plan(GOOD).unwrap().outbound, PlannedOutbound::default());
        assert_eq!(planned(""), Ok(PlannedOutbound::default()));
    }

    #[test]
    fn hosts_of_ones_own_are_named_one_by_one() {
        let allowed =
            planned("hosts = [\"CI.corp.example\", \"10.1.2.3\", \"[fd00::1]\"]\nauthorities = \"corp.pem\"").unwrap();
        assert_eq!(allowed.policy.hosts, ["ci.corp.example", "10.1.2.3", "[fd00::1]"]);
        assert_eq!(allowed.authorities, Some("/etc/latchkey/corp.pem".into()));
        for wrong in ["https://ci.corp.example", "ci.corp.example:8443", "ci.corp.example/keys", "a@b.example", "", "*"]
        {
            let said = planned(&format!("hosts = [\"{wrong}\"]"));
            assert!(said.is_err_and(|said| said.contains("this is not a host")), "{wrong}");
        }
    }

    #[test]
    fn authorities_that_cannot_be_read_stop_the_start() {
        let planned = planned("authorities = \"/nowhere/corp.pem\"").unwrap();
        assert!(planned.client().unwrap_err().to_string().contains("/nowhere/corp.pem cannot be used"));
    }
}
