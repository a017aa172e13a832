//! Teams, as answers show them.

use serde::Serialize;

use crate::ids::{ProjectId, TeamId};
use crate::project;
use crate::wire::Urls;

/// A team.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What it does.
    pub description: String,
    /// Where it is as a group.
    pub identity_url: String,
    /// The name of its project.
    pub project_name: String,
    /// The id of its project.
    pub project_id: ProjectId,
}

/// Shows a team of a project.
pub fn team(urls: &Urls, project: &project::Project, team: &project::Team) -> Team {
    Team {
        id: team.id,
        name: team.name.clone(),
        url: urls.api(&format!("projects/{}/teams/{}", project.id, team.id)),
        description: team.description.clone(),
        identity_url: urls.api(&format!("Identities/{}", team.id)),
        project_name: project.name.to_string(),
        project_id: project.id,
    }
}
