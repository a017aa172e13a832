//! What a configuration comes to, once it was checked whole.

use std::path::Path;

use latchkey_store::DatabaseUrl;

use super::mail::PlannedMail;
use super::origin::PlannedOrigin;
use super::outbound::PlannedOutbound;
use super::problem::Problem;
use super::tls::PlannedTls;
use super::{Config, Limits, Log};
use crate::place::Place;

/// What a server is started from.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Where everything is kept.
    pub(crate) place: Place,
    /// The origins, as they are listened on. At least one.
    pub(crate) origins: Vec<PlannedOrigin>,
    /// Whether a proxy that we trust stands in front.
    pub(crate) behind_proxy: bool,
    /// What the listeners speak.
    pub(crate) tls: PlannedTls,
    /// The mail server, if there is one.
    pub(crate) mail: Option<PlannedMail>,
    /// Whom the server may ask by itself.
    pub(crate) outbound: PlannedOutbound,
    /// How much is too much.
    pub(crate) limits: Limits,
    /// What is said.
    pub(crate) log: Log,
}

impl Plan {
    /// The sections in which another plan differs from this one where a server that runs cannot follow: all but what is said.
    pub(crate) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let server = self.origins != other.origins || self.behind_proxy != other.behind_proxy;
        let sections = [
            ("server", server),
            ("storage", self.place != other.place),
            ("tls", self.tls != other.tls),
            ("mail", self.mail != other.mail),
            ("outbound", self.outbound != other.outbound),
            ("limits", self.limits != other.limits),
            ("log.format", self.log.format != other.log.format),
        ];
        sections.into_iter().filter_map(|(section, differs)| differs.then_some(section)).collect()
    }

    /// Checks a configuration. Relative paths start at `folder`.
    pub(super) fn of(config: Config, folder: &Path) -> Result<Self, Problem> {
        let Config { server, storage, keys, tls, mail, outbound, limits, log } = config;
        let behind_proxy = server.behind_proxy;
        let nowhere = server.origins.span();
        let mut origins: Vec<PlannedOrigin> = Vec::new();
        for written in server.origins.into_inner() {
            let span = written.url.span();
            let planned = PlannedOrigin::of(written, behind_proxy, folder)?;
            if origins.iter().any(|other| other.origin == planned.origin) {
                return Err(Problem::at(span, "this origin is there already"));
            }
            let mixed = |other: &&PlannedOrigin| {
                other.listen == planned.listen && other.certificate.is_some() != planned.certificate.is_some()
            };
            if let Some(other) = origins.iter().find(mixed) {
                let message = format!("{} is listened on for {} already", planned.listen, other.origin.url);
                return Err(Problem::at(span, message).hint("one listener speaks either TLS or plain http"));
            }
            origins.push(planned);
        }
        if origins.is_empty() {
            return Err(Problem::at(nowhere, "at least one origin is needed"));
        }
        let storage_folder = folder.join(storage.folder);
        let place = Place {
            database: match storage.database {
                Some(DatabaseUrl::Sqlite(path)) => DatabaseUrl::Sqlite(folder.join(path)),
                Some(postgres) => postgres,
                None => DatabaseUrl::Sqlite(storage_folder.join("latchkey.db")),
            },
            repositories: match storage.repositories {
                Some(path) => folder.join(path),
                None => storage_folder.join("repositories"),
            },
            master_key: folder.join(keys.master.into_inner()),
            folder: storage_folder,
        };
        let asked = origins.iter().any(|planned| planned.origin.mutual_tls.is_some());
        let tls = PlannedTls::of(tls, asked, folder)?;
        let mail = mail.map(|mail| PlannedMail::of(mail, folder)).transpose()?;
        let outbound = PlannedOutbound::of(outbound, folder)?;
        Ok(Self { place, origins, behind_proxy, tls, mail, outbound, limits, log })
    }
}
