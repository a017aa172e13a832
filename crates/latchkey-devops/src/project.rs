//! Projects and their teams.

use latchkey_jose::Timestamp;

use crate::ids::{OrganizationId, ProjectId, TeamId};
use crate::name::ProjectName;

/// A project: where work items, repositories and builds live. All projects are private.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// The organization it belongs to.
    pub organization: OrganizationId,
    /// Its name; area and iteration paths begin with it.
    pub name: ProjectName,
    /// What it is about, in its people's words.
    pub description: String,
    /// How often it was changed.
    pub revision: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The team that everyone in the project is in.
    pub default_team: TeamId,
}

/// A team of a project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
}
