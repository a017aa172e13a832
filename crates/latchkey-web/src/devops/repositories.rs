//! Repositories, and how their content is reached on disk.

use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_devops::repository::Repository;
use latchkey_devops::wire;
use latchkey_git::{Browse, BrowseError};

use super::call::{Call, InRepository};
use super::error::{ApiError, unreadable};
use super::table::Answer;
use crate::app::App;

/// `GET /{organization}[/{project}]/_apis/git/repositories`: those that the caller can enter.
pub(super) async fn list(call: Call) -> Answer {
    let (inside, only) = match call.path.get("project") {
        Some(_) => {
            let inside = call.project().await?;
            let only = inside.project.id;
            (inside.around(&call)?, Some(only))
        }
        None => (call.organization().await?, None),
    };
    let urls = call.urls(&inside.facts.organization);
    let mut shown = Vec::new();
    for project in inside.facts.projects().filter(|project| only.is_none_or(|only| project.id == only)) {
        for repository in inside.facts.repositories_of(project.id) {
            if call.enter_repository(&inside, project, repository).is_ok() {
                shown.push(wire::repository::repository(&urls, project, repository));
            }
        }
    }
    call.list(shown)
}

/// `GET /{organization}[/{project}]/_apis/git/repositories/{repository}`: without a project, by its id.
pub(super) async fn read(call: Call) -> Answer {
    let inside = call.repository().await?;
    let urls = call.urls(&inside.facts.organization);
    call.json(&wire::repository::repository(&urls, &inside.project, &inside.repository))
}

/// The repository on disk, for who was let into it.
pub(super) async fn on_disk(app: &App, inside: &InRepository) -> Result<latchkey_git::Repository, ApiError> {
    let Repository { name, disabled, .. } = &inside.repository;
    if *disabled {
        let message =
            format!("TF401019: The repository {name} is disabled. An administrator of the project can enable it.");
        return Err(DevOpsError::new(ErrorType::AccessDenied, message).into());
    }
    Ok(app.repositories.open(inside.access.repository().0).await?)
}

/// Reads something in a repository, for who was let into it.
pub(super) async fn browse<T: Send + 'static>(
    app: &App,
    inside: &InRepository,
    question: impl FnOnce(&Browse) -> Result<T, BrowseError> + Send + 'static,
) -> Result<T, ApiError> {
    let repository = on_disk(app, inside).await?;
    let reading = tokio::task::spawn_blocking(move || question(&repository.browse()?));
    let read = reading.await.map_err(|error| ApiError::Bug(format!("reading a repository broke off: {error}")))?;
    read.map_err(|error| unreadable(inside.repository.name.as_str(), error))
}
