//! What the server says while it works, on standard error.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{Format, Level, Log};
use crate::failure::{Exit, Failure};

/// The environment variable that asks for more in one part and less in another: `info,latchkey_store=debug`.
const VARIABLE: &str = "LATCHKEY_LOG";

/// What changes how much is said, while the server runs.
pub(crate) struct Logging(Box<dyn Fn(EnvFilter) -> Result<(), tracing_subscriber::reload::Error> + Send>);

/// Begins to log.
pub(crate) fn start(log: &Log) -> Logging {
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter(log)).with_writer(io::stderr);
    match log.format {
        Format::Text => {
            let subscriber = subscriber.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).with_filter_reloading();
            let handle = subscriber.reload_handle();
            // Somebody else may log already: a test.
            drop(subscriber.try_init());
            Logging(Box::new(move |filter| handle.reload(filter)))
        }
        Format::Json => {
            let subscriber = subscriber.json().with_filter_reloading();
            let handle = subscriber.reload_handle();
            drop(subscriber.try_init());
            Logging(Box::new(move |filter| handle.reload(filter)))
        }
    }
}

impl Logging {
    /// From now on says as much as this.
    pub(crate) fn change(&self, log: &Log) -> Result<(), Failure> {
        let failed = |error| Failure::new(Exit::Failed, "what is logged cannot be changed").because(error);
        (self.0)(filter(log)).map_err(failed)
    }
}

fn filter(log: &Log) -> EnvFilter {
    let level = match log.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    EnvFilter::builder().with_default_directive(level.into()).with_env_var(VARIABLE).from_env_lossy()
}
