//! `latchkey demo`: the whole product with sample data, and a service to try it with, in one process and one folder.
//!
//! | what | where |
//! |---|---|
//! | the folder, and what is remembered in it | [`folder`] |
//! | the ports | [`ports`] |
//! | what it says when it is ready | [`announcement`] |
//! | the sample data | [`sample`] |
//! | the demo service, a real relying party | [`burndown`] |
//! | the demo service of the older OAuth kind | [`oldtimer`] |
//! | the demo service on a device | [`buildlight`] |
//! | what the services stand on | [`service`], [`visits`], [`wire`] |
//! | how git gets a key | [`credential`] |
//! | the guided walk, also while it happens | [`guide`], [`steps`], [`events`] |
//! | what was said over the wire, masked | [`recorder`], [`scene`], [`mask`] |

mod announcement;
mod buildlight;
mod burndown;
mod credential;
mod events;
mod folder;
mod guide;
mod mask;
mod oldtimer;
mod ports;
mod recorder;
mod sample;
mod scene;
mod service;
mod steps;
mod visits;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use latchkey_identity::outbound::OutboundPolicy;
use latchkey_identity::tenant::TenantId;
use latchkey_web::{App, ClientAuthorities, Origin, Settings, Site};
use time::OffsetDateTime;

use crate::authority::{Authority, certificate_path};
use crate::cli::DemoArguments;
use crate::config::outbound::PlannedOutbound;
use crate::config::tls::PlannedTls;
use crate::config::{Level, Log};
use crate::failure::{Exit, Failure};
use crate::listen::signals::Signals;
use crate::listen::{Listener, Rules};
use crate::mail::carrier::Carrier;
use crate::place::Place;
use crate::serve::House;
use crate::tls::{self, Certificates, ClientCertificates};
use crate::{bootstrap, logging, out};
use announcement::{Announcement, InProject};
use buildlight::{Buildlight, device_flow};
use burndown::Burndown;
use burndown::relying_party::Registered;
pub(crate) use credential::credential;
use events::Events;
use folder::Keepsake;
use guide::{Guide, Tour};
use oldtimer::{Oldtimer, older_flow};
use ports::Ports;
use recorder::Recorder;
use sample::apps::{self, BUILDLIGHT, BURNDOWN};
use sample::older_apps::{self, OLDTIMER};
use sample::organizations::{DRYDOCK, HARBOR, LIGHTHOUSE};
use sample::people::harbor;
use sample::repositories;
use sample::{Inventing, Redirects};

/// Connections at once: this is one person's machine.
const RULES: Rules = Rules { connections: 1_024, connections_per_address: 1_024, behind_proxy: false };
/// Sign-ins that may wait for a thread that compares passwords.
const WAITING_SIGN_INS: usize = 32;

/// Runs the demo until it is told to stop.
pub(crate) async fn run(folder: &Path, arguments: &DemoArguments) -> Result<(), Failure> {
    // People see what goes wrong; the rest is on the pages.
    logging::start(&Log { level: Level::Warn, ..Log::default() });
    let mut signals = Signals::listen()?;
    let place = Place::in_folder(&absolute(folder)?);
    let ports = Ports::bind(arguments.port).await?;
    let memory = match folder::prepare(&place, arguments.fresh)? {
        Some(kept) => Memory::Kept(kept),
        None => Memory::Anew(Inventing::begin()),
    };
    let master = place.read_or_make_master_key()?;
    let authority = Authority::open(&place.folder, OffsetDateTime::now_utc())?;

    // Apps of this machine are asked, too, and the authority of the demo vouches for them.
    let outbound = PlannedOutbound {
        policy: OutboundPolicy { hosts: Vec::new(), loopback: true },
        authorities: Some(authority.certificate_file().to_owned()),
    };
    let app = bootstrap::open(&place, &master, settings(&ports)?, outbound.client()?).await?;
    let kept = memory.recall(&app, &place, &ports).await?;
    let guide = guide(&app, &kept, &ports, &place.folder)?;
    let certificate = authority.listener_certificate(OffsetDateTime::now_utc())?;
    let tls = tls::server_config(
        Certificates::new(vec![("localhost".to_owned(), certificate)]),
        ClientCertificates::NotAsked,
        &PlannedTls::default(),
    )?;
    let announcement = announce(&place, &kept, &ports, authority.certificate_file());
    let house = House::open(app, guide, &place, Some(Carrier::Captured));
    if arguments.json {
        let line = announcement.line();
        out::data(line.map_err(|error| Failure::new(Exit::Failed, "the demo cannot be described").because(error))?);
    } else {
        out::data(&announcement);
    }
    drop(announcement);
    let Ports { people, service, oldtimer, buildlight, https, .. } = ports;
    let plain = people.into_iter().chain([service, oldtimer, buildlight]).map(Listener::plain);
    let secure = https.into_iter().map(|socket| Listener::tls(socket, Arc::clone(&tls)));
    house.serve(plain.chain(secure).collect(), RULES, &mut signals).await;
    Ok(())
}

/// Prints the variables by which clients trust the demo's certificates, for a shell to read.
pub(crate) fn env(folder: &Path) -> Result<(), Failure> {
    let folder = absolute(folder)?;
    let kept = Keepsake::read(&folder)?.filter(|kept| kept.complete).ok_or_else(|| {
        Failure::not_found(format!("there is no demo in {}", folder.display()))
            .remedy("run `latchkey demo` once, or name its folder by --data")
    })?;
    let certificate = certificate_path(&folder);
    let certificate = certificate.to_string_lossy();
    for name in ["REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "GIT_SSL_CAINFO"] {
        out::data(export(name, &certificate));
    }
    if let Some(origin) = &kept.https_origin {
        out::data(export("LATCHKEY_AUTHORITY", &format!("{origin}/{}", harbor())));
    }
    if let Some(native) = kept.clients.iter().find(|client| client.kind == "native") {
        out::data(export("LATCHKEY_CLIENT_ID", &native.client_id.to_string()));
        out::data(export("LATCHKEY_SCOPES", &native.scopes.join(" ")));
    }
    Ok(())
}

/// A line for a shell. Single quotes keep everything but themselves.
fn export(name: &str, value: &str) -> String {
    format!("export {name}='{}'", value.replace('\'', r"'\''"))
}

fn absolute(folder: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(folder)
        .map_err(|error| Failure::new(Exit::Unreachable, format!("{} is no folder", folder.display())).because(error))
}

fn settings(ports: &Ports) -> Result<Settings, Failure> {
    let origins = [&ports.origin, &ports.https_origin].map(|origin| Origin::parse(origin));
    let [Some(people), Some(clients)] = origins else {
        return Err(Failure::new(Exit::Failed, "the demo has no origin"));
    };
    Ok(Settings {
        origins: vec![people, clients],
        behind_proxy: false,
        client_authorities: ClientAuthorities::default(),
        hashing_permits: thread::available_parallelism().map_or(1, |processors| processors.get().div_ceil(2)),
        hashing_queue: WAITING_SIGN_INS,
        demo: true,
    })
}

/// Where what the demo knows comes from.
enum Memory {
    /// From an earlier start.
    Kept(Keepsake),
    /// From nowhere: everything is made.
    Anew(Inventing),
}

impl Memory {
    /// What the demo knows, with the ports of this start.
    async fn recall(self, app: &App, place: &Place, ports: &Ports) -> Result<Keepsake, Failure> {
        let redirects = Redirects {
            burndown: format!("{}/callback", ports.service_url),
            oldtimer: format!("{}/callback", ports.oldtimer_url),
        };
        let failed = |error| Failure::new(Exit::Failed, "the sample data could not be made").because(error);
        let (mut kept, before) = match self {
            Self::Kept(kept) => (kept.clone(), Some(kept)),
            Self::Anew(people) => (sample::sow(app, people, &redirects).await.map_err(failed)?, None),
        };
        if let Some(burndown) = kept.clients.iter_mut().find(|client| client.name == BURNDOWN) {
            apps::move_burndown(app, burndown, &redirects.burndown).await.map_err(failed)?;
        }
        older_apps::moved(app, &redirects.oldtimer).await.map_err(failed)?;
        kept.complete = true;
        kept.https_origin = Some(ports.https_origin.clone());
        if before.as_ref() != Some(&kept) {
            kept.write(&place.folder)?;
        }
        Ok(kept)
    }
}

fn guide(app: &App, kept: &Keepsake, ports: &Ports, folder: &Path) -> Result<Guide, Failure> {
    let lost =
        || Failure::new(Exit::Failed, "the demo has forgotten its own service").remedy("start over with --fresh");
    let burndown = kept.client(BURNDOWN).ok_or_else(lost)?;
    let registered = Registered {
        issuer: issuer(&ports.origin, harbor()),
        client_id: burndown.client_id.to_string(),
        client_secret: burndown.client_secret.clone().ok_or_else(lost)?,
        redirect_uri: format!("{}/callback", ports.service_url),
    };
    let lamp = device_flow::Registered {
        authority: format!("{}/{}", ports.origin, harbor()),
        client_id: kept.client(BUILDLIGHT).ok_or_else(lost)?.client_id.to_string(),
    };
    let older = kept.legacy_clients.first().ok_or_else(lost)?;
    let registered_long_ago = older_flow::Registered {
        origin: ports.origin.clone(),
        client_id: older.client_id.to_string(),
        client_secret: older.client_secret.clone(),
        redirect_uri: format!("{}/callback", ports.oldtimer_url),
        scope: older.scopes.join(" "),
    };
    let authority = |url: &str| url.trim_start_matches("http://").to_owned();
    let names = kept.clients.iter().map(|client| (client.client_id.to_string(), client.name.clone()));
    let names = names.chain([(older.client_id.to_string(), OLDTIMER.to_owned())]);
    let repository = format!("{}/{HARBOR}/{LIGHTHOUSE}/_git/{LIGHTHOUSE}", ports.origin);
    let program = std::env::current_exe().ok();
    let tour = Tour {
        service_url: ports.service_url.clone(),
        oldtimer_url: ports.oldtimer_url.clone(),
        clone_line: credential::clone_line(program.as_deref(), folder, &repository),
        accounts: kept.accounts.clone(),
    };
    Ok(Guide {
        site: Site::new(app.clone()),
        burndown: Burndown::new(&authority(&ports.service_url), &ports.origin, HARBOR, registered),
        oldtimer: Oldtimer::new(&authority(&ports.oldtimer_url), HARBOR, registered_long_ago),
        buildlight: Buildlight::new(&authority(&ports.buildlight_url), &ports.origin, HARBOR, lamp),
        recorder: Recorder::new(names),
        events: Events::new(),
        tour: Arc::new(tour),
    })
}

fn announce<'a>(place: &'a Place, kept: &'a Keepsake, ports: &'a Ports, certificate: &'a Path) -> Announcement<'a> {
    let in_harbor = repositories::ALL.iter().filter(|repository| repository.organization == HARBOR);
    Announcement {
        origin: &ports.origin,
        https_origin: &ports.https_origin,
        issuer: issuer(&ports.origin, harbor()),
        https_issuer: issuer(&ports.https_origin, harbor()),
        tenant_id: harbor().0,
        ca_certificate: certificate,
        data_dir: &place.folder,
        service_url: &ports.service_url,
        organization: HARBOR,
        projects: vec![LIGHTHOUSE, DRYDOCK],
        repositories: in_harbor
            .map(|repository| InProject { project: repository.project, name: repository.name })
            .collect(),
        accounts: &kept.accounts,
        clients: &kept.clients,
        legacy_clients: &kept.legacy_clients,
        oldtimer_url: &ports.oldtimer_url,
        buildlight_url: &ports.buildlight_url,
    }
}

fn issuer(origin: &str, tenant: TenantId) -> String {
    format!("{origin}/{tenant}/v2.0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_what_was_meant() {
        assert_eq!(export("A", "/it's/here"), r"export A='/it'\''s/here'");
    }
}
