//! SIGHUP: what can change while the server runs is taken anew from the configuration, and the rest is told to wait for a restart.

use std::path::PathBuf;
use std::sync::Arc;

use latchkey_web::ClientAuthorities;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::config;
use crate::config::origin::CertificateFiles;
use crate::config::plan::Plan;
use crate::failure::{Exit, Failure};
use crate::logging::Logging;
use crate::tls::{self, ByHost, Certificates};

/// What can change while the server runs.
pub(crate) struct Reloadable {
    /// The file that was named, if one was.
    pub(crate) named: Option<PathBuf>,
    /// What the server was started from.
    pub(crate) plan: Plan,
    /// What is said.
    pub(crate) logging: Logging,
    /// The certificates of each listener.
    pub(crate) certificates: Vec<ListenerCertificates>,
    /// Who vouches for certificates of clients.
    pub(crate) authorities: ClientAuthorities,
}

/// The certificates of one listener.
pub(crate) struct ListenerCertificates {
    /// Those that are shown.
    pub(crate) shown: Arc<Certificates>,
    /// Their files, by host.
    pub(crate) files: Vec<(String, CertificateFiles)>,
}

/// From now on takes the configuration anew at each SIGHUP, which would end the process otherwise.
pub(crate) fn listen(mut reloadable: Reloadable) -> Result<JoinHandle<()>, Failure> {
    let mut hangups = signal(SignalKind::hangup())
        .map_err(|error| Failure::new(Exit::Failed, "signals cannot be heard").because(error))?;
    Ok(tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            match reloadable.reload() {
                Ok(waiting) if waiting.is_empty() => tracing::info!("the configuration was taken anew"),
                Ok(waiting) => {
                    tracing::warn!(sections = waiting.join(", "), "what changed in these sections waits for a restart");
                }
                Err(failure) => tracing::error!(%failure, "everything stays as it was"),
            }
        }
    }))
}

impl Reloadable {
    /// Takes what can be taken. What changed beside it is named.
    fn reload(&mut self) -> Result<Vec<&'static str>, Failure> {
        let plan = config::load(self.named.as_deref())?;
        // All of them can be read, or none is changed.
        let read: Vec<_> = self.certificates.iter().map(ListenerCertificates::read).collect::<Result<_, _>>()?;
        tls::read_client_authorities(&self.plan.tls, &self.authorities)?;
        for (listener, certificates) in self.certificates.iter().zip(read) {
            listener.shown.replace(certificates);
        }
        self.logging.change(&plan.log)?;
        let waiting = self.plan.differences(&plan);
        self.plan.log = plan.log;
        Ok(waiting)
    }
}

impl ListenerCertificates {
    fn read(&self) -> Result<ByHost, Failure> {
        self.files.iter().map(|(host, files)| Ok((host.clone(), tls::read(files)?))).collect()
    }
}
