//! `latchkey serve`: from a configuration to a server, and to its end.

use std::net::SocketAddr;
use std::thread;

use latchkey_web::{App, Settings, Site};

use crate::bootstrap;
use crate::config::plan::{Plan, PlannedOrigin};
use crate::control::Control;
use crate::failure::Failure;
use crate::jobs::Jobs;
use crate::listen::signals::Signals;
use crate::listen::{self, Answers, Listener, Rules};
use crate::mail::carrier::Carrier;
use crate::out;
use crate::place::Place;
use crate::tls::{self, Certificates};

/// Serves until it is told to stop.
pub(crate) async fn serve(plan: Plan) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let master = plan.place.read_master_key()?;
    let carrier = plan.mail.as_ref().map(Carrier::to_server).transpose()?;
    let listeners = listeners(&plan.origins).await?;
    let app = bootstrap::open(&plan.place, &master, settings(&plan)).await?;
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
    let house = House::open(app.clone(), Site::new(app), &plan.place, carrier);
    for PlannedOrigin { origin, listen, .. } in &plan.origins {
        out::note(format_args!(
            "latchkey {} is ready at {}, listening on {listen}",
            env!("CARGO_PKG_VERSION"),
            origin.url
        ));
    }
    house.serve(listeners, rules, &mut signals).await;
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
        hashing_permits: plan.limits.password_hashes.map_or(half, usize::from),
        hashing_queue: plan.limits.waiting_sign_ins.into(),
        demo: false,
    }
}

/// Binds each address once, with the certificates of all origins that are listened for there.
async fn listeners(origins: &[PlannedOrigin]) -> Result<Vec<Listener>, Failure> {
    let mut addresses: Vec<SocketAddr> = origins.iter().map(|planned| planned.listen).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let mut certificates = Vec::new();
        for planned in origins.iter().filter(|planned| planned.listen == address) {
            if let Some(files) = &planned.certificate {
                certificates.push((planned.host().to_owned(), tls::read(files)?));
            }
        }
        let socket = listen::bind(address).await?;
        listeners.push(if certificates.is_empty() {
            Listener::plain(socket)
        } else {
            Listener::tls(socket, tls::server_config(Certificates::new(certificates))?)
        });
    }
    Ok(listeners)
}
