//! What the server does by itself: it writes what was gathered in memory, drops what has expired, looks after the signing keys, and sends
//! the mail that waits.
//!
//! Servers that share a database all do this. What is to happen once is taken by a guarded statement (a mail, a notice of a sign-out, the turn of
//! a key, who was told of which end), and what happens twice does no harm (dropping what has expired).

use std::time::Duration;

use latchkey_web::App;
use latchkey_web::app::{FLUSH_EVERY, PURGE_EVERY};
use latchkey_web::identity::backchannel_logout::TELL_EVERY;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use crate::mail;
use crate::mail::carrier::Carrier;

/// How often the mail that waits is looked at: soon enough for who waits for it.
const MAIL_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whether anybody is to be told of an end: each is told on a day, not at a minute.
const REMIND_EVERY: Duration = Duration::from_secs(3_600);

/// How often it is looked what servers left behind in the repositories that ended while others went on.
const TIDY_EVERY: Duration = Duration::from_secs(900);

/// How often it is looked whether a signing key is due: no later than a minute after it can sign.
const KEYS_EVERY: Duration = Duration::from_secs(60);

/// The jobs, at work.
pub(crate) struct Jobs {
    work: JoinHandle<()>,
    /// Where mail is carried. It may have to wait for a mail server, and nothing waits for it.
    mail: Option<JoinHandle<()>>,
    /// Where apps are told of sign-outs. They may take their time, and nothing waits for them.
    notices: JoinHandle<()>,
    /// Where changes of the signing keys are heard of. A revoked key waits for nothing else.
    keys: JoinHandle<()>,
    /// Where the repositories are looked through, if other servers share them. Nothing waits for it.
    tidying: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Jobs {
    /// Begins. Mail is carried if there is somebody to carry it.
    pub(crate) fn start(app: App, carrier: Option<Carrier>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mail = carrier.map(|carrier| tokio::spawn(carry(app.clone(), carrier, stopped.clone())));
        let notices = tokio::spawn(notify(app.clone(), stopped.clone()));
        let keys = tokio::spawn(follow_keys(app.clone(), stopped.clone()));
        let tidying = app.store.is_shared().then(|| tokio::spawn(tidy(app.clone(), stopped.clone())));
        Self { work: tokio::spawn(work(app, stopped)), mail, notices, keys, tidying, stop }
    }

    /// Ends after a last time: nothing that was gathered is lost.
    pub(crate) async fn finish(self) {
        self.stop.send_replace(true);
        for work in [self.work, self.notices, self.keys].into_iter().chain(self.mail).chain(self.tidying) {
            if let Err(error) = work.await {
                tracing::error!(%error, "the jobs ended before their time");
            }
        }
    }
}

/// Writes to people: what they are to be reminded of, and everything that waits.
async fn carry(app: App, carrier: Carrier, mut stopped: watch::Receiver<bool>) {
    let asked = stopped.clone();
    let (mut remind, mut look) = (interval(REMIND_EVERY), interval(MAIL_EVERY));
    remind.set_missed_tick_behavior(MissedTickBehavior::Delay);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = remind.tick() => tell("reminding people", app.remind().await),
            _ = look.tick() => tell("sending mail", mail::deliver(&app, &carrier, &asked).await),
        }
    }
}

/// Tells apps of sign-outs. What is not told when the server stops is told when it starts again.
async fn notify(app: App, mut stopped: watch::Receiver<bool>) {
    let mut look = interval(TELL_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let telling = async {
        loop {
            look.tick().await;
            tell("telling apps of sign-outs", app.tell_of_sign_outs().await);
        }
    };
    tokio::select! {
        _ = stopped.changed() => {}
        () = telling => {}
    }
}

/// Takes the signing keys when another node, or a command, has changed them.
async fn follow_keys(app: App, mut stopped: watch::Receiver<bool>) {
    tokio::select! {
        _ = stopped.changed() => {}
        () = app.follow_keys() => {}
    }
}

/// Clears away what another server left behind.
async fn tidy(app: App, mut stopped: watch::Receiver<bool>) {
    let mut look = interval_at(Instant::now() + TIDY_EVERY, TIDY_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let tidying = async {
        loop {
            look.tick().await;
            tell("clearing away what was left in the repositories", app.repositories.tidy().await);
        }
    };
    tokio::select! {
        _ = stopped.changed() => {}
        () = tidying => {}
    }
}

async fn work(app: App, mut stopped: watch::Receiver<bool>) {
    let every = |period: Duration| {
        let mut interval = interval_at(Instant::now() + period, period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        interval
    };
    let (mut flush, mut purge, mut keys) = (every(FLUSH_EVERY), every(PURGE_EVERY), every(KEYS_EVERY));
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = flush.tick() => tell("writing last uses", app.flush().await),
            () = app.many_uses() => tell("writing last uses", app.flush().await),
            _ = purge.tick() => tell("dropping what has expired", app.purge().await),
            _ = keys.tick() => tell("looking after the signing keys", app.advance_keys().await),
        }
    }
    tell("writing last uses", app.flush().await);
}

/// A job that failed is done again at its next time.
fn tell<E: std::fmt::Display>(job: &str, outcome: Result<(), E>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "{job} failed and will be tried again");
    }
}
