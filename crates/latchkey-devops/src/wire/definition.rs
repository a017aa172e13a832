//! Build definitions, as answers show them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::build;
use crate::date::WireDate;
use crate::project::Project;
use crate::repository::Repository;
use crate::wire::build::repository;
use crate::wire::identity::{Identities, IdentityRef};
use crate::wire::project::{ProjectReference, project_reference};
use crate::wire::{Links, Urls, links};

/// A definition, as builds refer to it and as lists show it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DefinitionReference {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What it is called across servers.
    pub uri: String,
    /// The folder it is listed in.
    pub path: String,
    /// That it is about builds.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether it takes builds.
    pub queue_status: build::QueueStatus,
    /// How often it was changed.
    pub revision: i64,
    /// The project it belongs to.
    pub project: ProjectReference,
}

/// A definition in full.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// What lists show of it.
    #[serde(flatten)]
    pub reference: DefinitionReference,
    /// Where its parts are.
    #[serde(rename = "_links")]
    pub links: Links,
    /// That it is the one to use.
    pub quality: &'static str,
    /// Who made it.
    pub authored_by: IdentityRef,
    /// When it was made.
    pub created_date: WireDate,
    /// What it builds.
    pub repository: Value,
    /// How it is built: by a file in the repository.
    pub process: Value,
}

/// Shows a definition as lists do.
pub fn definition_reference(urls: &Urls, project: &Project, definition: &build::Definition) -> DefinitionReference {
    DefinitionReference {
        id: definition.id,
        name: definition.name.clone(),
        url: urls
            .project_api(project.id, &format!("build/Definitions/{}?revision={}", definition.id, definition.revision)),
        uri: format!("vstfs:///Build/Definition/{}", definition.id),
        path: definition.path.clone(),
        kind: "build",
        queue_status: definition.queue_status,
        revision: definition.revision,
        project: project_reference(urls, project),
    }
}

/// Shows a definition in full.
pub fn definition(
    urls: &Urls,
    project: &Project,
    of: &Repository,
    identities: &Identities,
    definition: &build::Definition,
) -> Definition {
    let reference = definition_reference(urls, project, definition);
    let page = format!("_build/definition?definitionId={}", definition.id);
    Definition {
        links: links([("self", reference.url.clone()), ("web", urls.project_page(project.name.as_str(), &page))]),
        reference,
        quality: "definition",
        authored_by: identities.of(definition.created_by),
        created_date: WireDate(definition.created_at),
        repository: repository(urls, project, of),
        process: json!({"type": 2, "yamlFilename": definition.file}),
    }
}
