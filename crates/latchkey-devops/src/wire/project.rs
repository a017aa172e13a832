//! Projects, as answers show them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::date::WireDate;
use crate::ids::ProjectId;
use crate::project;
use crate::wire::{Links, Urls, links};

/// A project, as other things refer to it and as lists show it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectReference {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where it is.
    pub url: String,
    /// That it can be used.
    pub state: &'static str,
    /// How often it was changed.
    pub revision: i64,
    /// That only its members see it.
    pub visibility: &'static str,
    /// When it was last changed.
    pub last_update_time: WireDate,
}

/// A project in full.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// What lists show of it.
    #[serde(flatten)]
    pub reference: ProjectReference,
    /// Where its parts are.
    #[serde(rename = "_links")]
    pub links: Links,
    /// What it is made of, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Value>,
    /// The team that everyone in it is in.
    pub default_team: Value,
}

/// Shows a project as lists do.
pub fn project_reference(urls: &Urls, project: &project::Project) -> ProjectReference {
    ProjectReference {
        id: project.id,
        name: project.name.to_string(),
        description: project.description.clone(),
        url: urls.api(&format!("projects/{}", project.id)),
        state: "wellFormed",
        revision: project.revision,
        visibility: "private",
        last_update_time: WireDate(project.updated_at),
    }
}

/// Shows a project in full.
pub fn project(urls: &Urls, project: &project::Project, default_team_name: &str, with_capabilities: bool) -> Project {
    let reference = project_reference(urls, project);
    let team_url = urls.api(&format!("projects/{}/teams/{}", project.id, project.default_team));
    let capabilities = json!({
        "processTemplate": {"templateName": "Agile", "templateTypeId": "adcc42ab-9882-485e-a3ed-7678f01f66bc"},
        "versioncontrol": {"sourceControlType": "Git", "gitEnabled": "True", "tfvcEnabled": "False"},
    });
    Project {
        links: links([
            ("self", reference.url.clone()),
            ("collection", urls.api("projectCollections")),
            ("web", urls.project_page(project.name.as_str(), "")),
        ]),
        reference,
        capabilities: with_capabilities.then_some(capabilities),
        default_team: json!({"id": project.default_team, "name": default_team_name, "url": team_url}),
    }
}
