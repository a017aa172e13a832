//! How an order is carried out: by the running server, or by this command where none runs.

use futures_util::FutureExt as _;
use latchkey_web::{App, ClientAuthorities, Settings};

use crate::cli::Whereabouts;
use crate::config::outbound::PlannedOutbound;
use crate::desk::report::Report;
use crate::desk::{self, Order, WhenShown};
use crate::failure::{Exit, Failure};
use crate::listen::signals::Signals;
use crate::place::Place;
use crate::{bootstrap, control, out, password};

/// What became of an order.
pub(crate) struct Given {
    /// What was done, also of an order that failed on the way.
    pub(crate) report: Report,
    /// How it ended.
    pub(crate) ended: Result<(), Failure>,
    /// What follows when the report was printed.
    pub(crate) when_shown: Option<WhenShown>,
}

/// Gives an order to the running server, or carries it out if none is running. What was done before a failure is reported too.
///
/// `yes` says that nobody is asked before something that cannot be undone.
pub(crate) async fn give(whereabouts: &Whereabouts, mut order: Order, yes: bool) -> Result<Given, Failure> {
    let mut performer = Performer::new(whereabouts)?;
    if let Some(question) = order.question().filter(|_| !yes) {
        password::confirm(&question)?;
    }
    if let Some(wanted) = order.wants_password() {
        *wanted = Some(password::read()?);
    }
    let parts = order.into_parts()?;
    let (count, mut report) = (parts.orders.len(), Report::default());
    // Between two parts it can be stopped without losing what they answered.
    let mut signals = if count > 1 { Some(Signals::listen()?) } else { None };
    for (done, part) in parts.orders.into_iter().enumerate() {
        out::progress(done, count);
        let stopped = signals.as_mut().is_some_and(|signals| signals.next().now_or_never().is_some());
        let outcome = match stopped {
            true => Err(Failure::new(Exit::Failed, "it was stopped before its end")),
            false => performer.perform(part).await,
        };
        match outcome {
            Ok(next) => report.append(next),
            Err(failure) if done == 0 => return Err(failure),
            Err(failure) => {
                out::progress(count, count);
                let (report, _) = (parts.conclude)(report);
                let ended = Err(failure.remedy("run it again: it goes on where it ended"));
                return Ok(Given { report, ended, when_shown: parts.when_shown });
            }
        }
    }
    out::progress(count, count);
    let (report, ended) = (parts.conclude)(report);
    Ok(Given { report, ended, when_shown: parts.when_shown })
}

/// Tells the server that an answer was printed. It is there, whether or not that is kept.
pub(crate) async fn acknowledge(whereabouts: &Whereabouts, order: Order) {
    let kept = async { Performer::new(whereabouts)?.perform(order).await };
    if let Err(failure) = kept.await {
        out::note(format_args!(
            "it could not be kept that these secrets were shown, and a next run adds others beside them: {failure}"
        ));
    }
}

/// Whoever carries out the parts of an order.
struct Performer<'a> {
    whereabouts: &'a Whereabouts,
    place: Place,
    /// This command's own app, once it is known that no server runs.
    own: Option<App>,
}

impl<'a> Performer<'a> {
    fn new(whereabouts: &'a Whereabouts) -> Result<Self, Failure> {
        Ok(Self { whereabouts, place: whereabouts.place()?, own: None })
    }

    async fn perform(&mut self, part: Order) -> Result<Report, Failure> {
        if let Some(app) = &self.own {
            return desk::perform(app, part).await;
        }
        if let Some(answer) = control::hand_in(&self.place.socket(), &part).await {
            return answer;
        }
        let app = self.open().await?;
        desk::perform(self.own.insert(app), part).await
    }

    /// An app without a server. A demo has no plan: what is done there while it does not run tells nobody.
    async fn open(&self) -> Result<App, Failure> {
        let master = self.place.read_master_key()?;
        let (origins, has_mail, outbound) = match self.whereabouts.configured()? {
            None => (Vec::new(), false, PlannedOutbound::default()),
            Some(plan) => {
                let origins = plan.origins.into_iter().map(|planned| planned.origin).collect();
                (origins, plan.mail.is_some(), plan.outbound)
            }
        };
        let settings = Settings {
            origins,
            behind_proxy: false,
            client_authorities: ClientAuthorities::default(),
            hashing_permits: 1,
            hashing_queue: 1,
            demo: false,
        };
        let app = bootstrap::open(&self.place, &master, settings, outbound.client()?).await?;
        if has_mail {
            // The next server sends it.
            app.store.open_outbox();
        }
        Ok(app)
    }
}
