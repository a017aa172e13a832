//! What the server does by itself: it writes what was gathered in memory, and drops what has expired.

use std::time::Duration;

use latchkey_store::StoreError;
use latchkey_web::App;
use latchkey_web::app::{FLUSH_EVERY, PURGE_EVERY};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// The jobs, at work.
pub(crate) struct Jobs {
    work: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Jobs {
    /// Begins.
    pub(crate) fn start(app: App) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { work: tokio::spawn(work(app, stopped)), stop }
    }

    /// Ends after a last time: nothing that was gathered is lost.
    pub(crate) async fn finish(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.work.await {
            tracing::error!(%error, "the jobs ended before their time");
        }
    }
}

async fn work(app: App, mut stopped: watch::Receiver<bool>) {
    let every = |period: Duration| {
        let mut interval = interval_at(Instant::now() + period, period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        interval
    };
    let (mut flush, mut purge) = (every(FLUSH_EVERY), every(PURGE_EVERY));
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = flush.tick() => tell("writing last uses", app.flush().await),
            _ = purge.tick() => tell("dropping what has expired", app.purge().await),
        }
    }
    tell("writing last uses", app.flush().await);
}

/// A job that failed is done again at its next time.
fn tell(job: &str, outcome: Result<(), StoreError>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "{job} failed and will be tried again");
    }
}
