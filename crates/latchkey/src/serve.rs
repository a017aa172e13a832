//! `latchkey serve`: from a configuration to a server, and to its end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use latchkey_web::{App, ClientAuthorities, Settings, Site};

use crate::bootstrap;
use crate::config::origin::PlannedOrigin;
use crate::config::plan::Plan;
use crate::config::tls::PlannedTls;
use crate::control::Control;
use crate::failure::Failure;
use crate::jobs::Jobs;
use crate::listen::signals::Signals;
use crate::listen::{self, Answers, Listener, Rules};
use crate::logging::Logging;
use crate::mail::carrier::Carrier;
use crate::out;
use crate::place::Place;
use crate::reload::{self, ListenerCertificates, Reloadable};
use crate::tls::{self, Certificates, ClientCertificates};

/// Serves until it is told to stop.
pub(crate) async fn serve(plan: Plan, named: Option<PathBuf>, logging: Logging) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let master = plan.place.read_master_key()?;
    let carrier = plan.mail.as_ref().map(Carrier::to_server).transpose()?;
    let outbound = plan.outbound.client()?;
    let (listeners, certificates) = listeners(&plan.origins, &plan.tls).await?;
    let settings = settings(&plan);
    tls::read_client_authorities(&plan.tls, &settings.client_authorities)?;
    let authorities = settings.client_authorities.clone();
    let app = bootstrap::open(&plan.place, &master, settings, outbound).await?;
    let rules = Rules {
        connections: plan.limits.connections,
        connections_per_address: plan.limits.connections_per_address,
        behind_proxy: plan.behind_proxy,
    };
    if carrier.is_none() {
        out::note(
            "mail is not configured: people are told of nothing by mail (the section [mail] of the configuration)",
        );
    }
    let house = House::open(app.clone(), Site::new(app.clone()), &plan.place, carrier);
    if let Some(link) = app.set_up_link().await? {
        out::note(format_args!("nobody administers this server yet: set it up within an hour at {link}"));
    }
    let origins = plan.origins.clone();
    let reloading = reload::listen(Reloadable { named, plan, logging, certificates, authorities })?;
    for PlannedOrigin { origin, listen, .. } in &origins {
        out::note(format_args!(
            "latchkey {} is ready at {}, listening on {listen}",
            env!("CARGO_PKG_VERSION"),
            origin.url
        ));
    }
    house.serve(listeners, rules, &mut signals).await;
    reloading.abort();
    Ok(())
}

/// A site with everything that works beside it: the jobs, and the desk that commands come to.
pub(crate) struct House<A> {
    site: A,
    jobs: Jobs,
    control: Option<Control>,
}

impl<A: Answers> House<A> {
    /// Sets everything to work.
    pub(crate) fn open(app: App, site: A, place: &Place, carrier: Option<Carrier>) -> Self {
        if carrier.is_some() {
            app.store.open_outbox();
        }
        Self { jobs: Jobs::start(app.clone(), carrier), control: Control::open(app, &place.socket()), site }
    }

    /// Answers until a signal, and ends without losing anything.
    pub(crate) async fn serve(self, listeners: Vec<Listener>, rules: Rules, signals: &mut Signals) {
        listen::run(self.site, listeners, rules, signals).await;
        if let Some(control) = self.control {
            control.close();
        }
        self.jobs.finish().await;
    }
}

/// What the web layer needs to know of the configuration.
pub(crate) fn settings(plan: &Plan) -> Settings {
    let half = thread::available_parallelism().map_or(1, |processors| processors.get().div_ceil(2));
    Settings {
        origins: plan.origins.iter().map(|planned| planned.origin.clone()).collect(),
        behind_proxy: plan.behind_proxy,
        client_authorities: ClientAuthorities::default(),
        hashing_permits: plan.limits.password_hashes.map_or(half, usize::from),
        hashing_queue: plan.limits.waiting_sign_ins.into(),
        demo: false,
    }
}

/// Binds each address once, with the certificates of all origins that are listened for there.
async fn listeners(
    origins: &[PlannedOrigin],
    spoken: &PlannedTls,
) -> Result<(Vec<Listener>, Vec<ListenerCertificates>), Failure> {
    let mut addresses: Vec<SocketAddr> = origins.iter().map(|planned| planned.listen).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let (mut listeners, mut shown) = (Vec::with_capacity(addresses.len()), Vec::new());
    for address in addresses {
        let (mut certificates, mut files_by_host) = (Vec::new(), Vec::new());
        for planned in origins.iter().filter(|planned| planned.listen == address) {
            if let Some(files) = &planned.certificate {
                certificates.push((planned.host().to_owned(), tls::read(files)?));
                files_by_host.push((planned.host().to_owned(), files.clone()));
            }
        }
        let socket = listen::bind(address).await?;
        listeners.push(if certificates.is_empty() {
            Listener::plain(socket)
        } else {
            let certificates = Certificates::new(certificates);
            shown.push(ListenerCertificates { shown: Arc::clone(&certificates), files: files_by_host });
            Listener::tls(socket, tls::server_config(certificates, ClientCertificates::NotAsked, spoken)?)
        });
    }
    for planned in origins {
        let (Some(address), Some(files)) = (planned.mutual_tls, &planned.certificate) else { continue };
        let certificates = Certificates::new(vec![(planned.host().to_owned(), tls::read(files)?)]);
        let config = tls::server_config(Arc::clone(&certificates), ClientCertificates::Asked, spoken)?;
        listeners.push(Listener::tls(listen::bind(address).await?, config));
        shown.push(ListenerCertificates {
            shown: certificates,
            files: vec![(planned.host().to_owned(), files.clone())],
        });
    }
    Ok((listeners, shown))
}
