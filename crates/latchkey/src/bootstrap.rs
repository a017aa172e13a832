//! What every start has in common: the database, the keys, the repositories, and the app that is made of them.

use std::env;

use latchkey_git::{GitError, GitProgram, Repositories};
use latchkey_store::{OpenError, Options, Store};
use latchkey_web::outbound::Outbound;
use latchkey_web::{App, Clock, Ingredients, Keys, Settings, StartError};

use crate::failure::{Exit, Failure};
use crate::place::Place;

/// Opens what is kept at `place` and makes the app of it.
pub(crate) async fn open(
    place: &Place,
    master: &[u8; 32],
    settings: Settings,
    outbound: Outbound,
) -> Result<App, Failure> {
    place.make_folder()?;
    let keys = Keys::derive(master).map_err(start_failure)?;
    let (store, repositories) = tokio::join!(open_store(place, Options::default()), open_repositories(place));
    let (store, repositories) = (store?, repositories?);
    // Where the database may have other servers, so may the repositories.
    let cleared = if store.is_shared() { repositories.tidy().await } else { repositories.recover().await };
    cleared.map_err(git_failure)?;
    let clock = Clock::system();
    App::start(Ingredients { store, keys, repositories, outbound, settings, clock }).await.map_err(start_failure)
}

/// Opens the database.
pub(crate) async fn open_store(place: &Place, options: Options) -> Result<Store, Failure> {
    Store::open_with(&place.database, options).await.map_err(|error| {
        let failure = Failure::new(Exit::Unreachable, format!("the database {:?} cannot be opened", place.database)).because(&error);
        match error {
            OpenError::KeptOut(_) => failure.remedy("try again in a moment; if it stays so, stop the servers of the other version: those that share a database are of one"),
            OpenError::InUse(_) => failure.remedy("stop the server that uses it; a command reaches a running server by itself if it is run as the same user"),
            OpenError::Unreachable(_) => failure.remedy("see `database` in the configuration, and that the database is running"),
            _ => failure,
        }
    })
}

/// Finds git and the repositories.
pub(crate) async fn open_repositories(place: &Place) -> Result<Repositories, Failure> {
    let git = GitProgram::find(env::var_os("PATH"), place.git_home()).await.map_err(git_failure)?;
    Repositories::at(place.repositories.clone(), git).await.map_err(git_failure)
}

fn git_failure(error: GitError) -> Failure {
    let program = matches!(error, GitError::Program(_));
    let failure = Failure::new(Exit::Failed, "the repositories cannot be used").because(error);
    if program { failure.remedy("install git, or a newer one") } else { failure }
}

fn start_failure(error: StartError) -> Failure {
    match error {
        StartError::SigningKey => Failure::refused("the signing keys in the database cannot be read")
            .because("they were encrypted with another master key")
            .remedy("bring back the master key that this database was made with"),
        error => Failure::new(Exit::Failed, "the server cannot start").because(error),
    }
}
