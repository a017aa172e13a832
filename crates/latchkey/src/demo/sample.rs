//! The demo's sample data: made by the same rules and kept by the same store as everything else.
//!
//! | what | where |
//! |---|---|
//! | tenants and accounts | [`people`] |
//! | registered clients | [`apps`] |
//! | the app of the older OAuth kind | [`older_apps`] |
//! | organizations, projects, who belongs where | [`organizations`] |
//! | work items with links and history | [`work_items`] |
//! | repositories with commits, a pull request | [`repositories`] |
//! | build definitions, builds, logs, timelines | [`builds`] |
//!
//! The content is the same on every machine; its dates are relative to the first start.

pub(crate) mod apps;
pub(crate) mod builds;
mod history;
pub(crate) mod older_apps;
pub(crate) mod organizations;
pub(crate) mod people;
pub(crate) mod repositories;
pub(crate) mod work_items;

use std::convert::Infallible;

use latchkey_devops::access::Refusal;
use latchkey_devops::error::DevOpsError;
use latchkey_git::GitError;
use latchkey_identity::{Change, Decision};
use latchkey_jose::digest::sha256;
use latchkey_store::{CommitError, Store, StoreError};
use latchkey_web::App;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::demo::folder::Keepsake;
use people::Invented;

/// Why the sample data could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SampleError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A change set was not committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A repository could not be made.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The size of a repository could not be read.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// A rule refused some of it: the sample does not fit the product any more.
    #[error("the sample data breaks a rule: {0}")]
    Rule(String),
    /// Something that was made a moment ago is not there.
    #[error("{0} was made a moment ago and is not there")]
    Missing(&'static str),
}

impl From<DevOpsError> for SampleError {
    fn from(error: DevOpsError) -> Self {
        Self::Rule(error.message)
    }
}

impl From<Refusal> for SampleError {
    fn from(refusal: Refusal) -> Self {
        Self::Rule(refusal.reason)
    }
}

/// The people of the sample, on their way: their passwords are hashed while the server opens.
pub(crate) struct Inventing(JoinHandle<Result<Invented, SampleError>>);

impl Inventing {
    /// Begins.
    pub(crate) fn begin() -> Self {
        Self(tokio::spawn(people::invent()))
    }
}

/// Where the demo services have people sent back to.
pub(crate) struct Redirects {
    /// To Burndown.
    pub(crate) burndown: String,
    /// To Oldtimer.
    pub(crate) oldtimer: String,
}

/// Makes everything, and returns what the demo has to remember of it.
pub(crate) async fn sow(app: &App, people: Inventing, redirects: &Redirects) -> Result<Keepsake, SampleError> {
    let now = app.now();
    let histories = repositories::import_all(app, now).await?;
    let Invented { accounts, hashes } = people.0.await.map_err(|error| SampleError::Rule(error.to_string()))??;
    decide(&app.store, people::changes(&hashes, now)).await?;
    let (clients, registered) = apps::register(app, &redirects.burndown, now)?;
    decide(&app.store, registered).await?;
    organizations::make(&app.store, now).await?;
    let oldtimer = older_apps::import(app, &redirects.oldtimer, now).await?;
    repositories::keep(&app.store, &histories, now).await?;
    work_items::keep(&app.store, now).await?;
    builds::keep(&app.store, &histories, now).await?;
    Ok(Keepsake { accounts, clients, legacy_clients: vec![oldtimer], ..Keepsake::begun() })
}

async fn decide(store: &Store, changes: Vec<Change>) -> Result<(), SampleError> {
    let rule = async || Ok(Decision::<(), Infallible> { answer: Ok(()), changes: changes.clone() });
    match store.decide(rule).await? {
        Ok(()) => Ok(()),
    }
}

/// The id of a thing of the sample: the same on every machine, so that two people can talk about it.
pub(crate) fn id(of: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(sha256(format!("latchkey demo: {of}"))).for_each(|(byte, drawn)| *byte = drawn);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
