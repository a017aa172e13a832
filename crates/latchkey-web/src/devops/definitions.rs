//! Build definitions.

use latchkey_devops::build::{Definition, DefinitionFilter};
use latchkey_devops::error::DevOpsError;
use latchkey_devops::repository::Repository;
use latchkey_devops::wire;

use super::call::{Call, InProject};
use super::error::ApiError;
use super::people;
use super::table::Answer;

/// `GET /{organization}/{project}/_apis/build/definitions`: by number.
pub(super) async fn list(call: Call) -> Answer {
    let filter = DefinitionFilter::parse(call.query.pairs())?;
    let inside = call.project().await?;
    let name = format!("definitions of {}", inside.access.project());
    let after = call.continuation(&name)?.and_then(|position| position.parse().ok()).unwrap_or(0);
    let definitions = call.app.store.definitions(&inside.access, &filter, after).await?;
    let full = definitions.len() >= usize::try_from(filter.top).unwrap_or(usize::MAX);
    let next = definitions.last().filter(|_| full).map(|last| call.continue_at(&name, &last.id.to_string()));
    let urls = call.urls(&inside.facts.organization);
    call.page(definitions.iter().map(|one| wire::definition::definition_reference(&urls, &inside.project, one)), next)
}

/// `GET /{organization}/{project}/_apis/build/definitions/{id}`.
pub(super) async fn read(call: Call) -> Answer {
    let id = call.number("id")?;
    let inside = call.project().await?;
    let definition = call.app.store.definition(&inside.access, id).await?;
    let definition = definition.ok_or_else(|| DevOpsError::definition_not_found(id))?;
    let repository = repository_of(&inside, &definition)?;
    let urls = call.urls(&inside.facts.organization);
    let identities = people::identities(&call.app, &urls, [definition.created_by]).await?;
    call.json(&wire::definition::definition(&urls, &inside.project, repository, &identities, &definition))
}

/// The repository that a definition builds.
pub(super) fn repository_of<'a>(inside: &'a InProject, definition: &Definition) -> Result<&'a Repository, ApiError> {
    let repository = inside.facts.repository_by_id(definition.repository);
    repository
        .ok_or_else(|| ApiError::Bug(format!("definition {} builds a repository that is not there", definition.id)))
}
