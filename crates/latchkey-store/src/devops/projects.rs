//! Projects and their teams.

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::ids::{OrganizationId, ProjectId, TeamId};
use latchkey_devops::name::ProjectName;
use latchkey_devops::project::{Project, Team};

use super::{Author, OrganizationFacts, meaning, organizations};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};

/// The most projects of one organization. Whoever creates one asks the facts first.
pub const MOST_PROJECTS: usize = 1_000;
/// The most teams of a project that are looked at.
const MOST_TEAMS: u32 = 1_000;

const OF_ORGANIZATION: Sql = Sql::read(
    "projects.of_organization",
    "SELECT id, name, description, revision, updated_at, default_team
       FROM project WHERE organization = $1 ORDER BY id LIMIT $2",
);

const TEAMS: Sql = Sql::read(
    "projects.teams",
    "SELECT id, name, description FROM team WHERE organization = $1 AND project = $2 ORDER BY id LIMIT $3",
);

const CREATE: Sql = Sql::guarded(
    "projects.create",
    "INSERT INTO project (organization, id, name, name_key, description, revision, updated_at, default_team)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);

const CREATE_TEAM: Sql = Sql::write(
    "projects.create_team",
    "INSERT INTO team (organization, project, id, name, description) VALUES ($1, $2, $3, $4, $5)",
);

pub(crate) const ALL: &[&Sql] = &[&OF_ORGANIZATION, &TEAMS, &CREATE, &CREATE_TEAM];

/// Makes a project with the team that everyone in it is in.
pub fn create(facts: &OrganizationFacts, project: &Project, author: &Author) -> Changes {
    let organization = &facts.organization;
    let mut changes = organizations::touch(facts);
    let values = vec![
        organization.id.into(),
        project.id.into(),
        project.name.as_str().into(),
        project.name.key().into(),
        project.description.as_str().into(),
        project.revision.into(),
        project.updated_at.into(),
        project.default_team.into(),
    ];
    let team = vec![
        organization.id.into(),
        project.id.into(),
        project.default_team.into(),
        format!("{} Team", project.name).into(),
        "The team that everyone in the project is in.".into(),
    ];
    changes.write(&CREATE, values).write(&CREATE_TEAM, team).event(author.did(
        "project_created",
        organization,
        format!("{}/{}", organization.name, project.name),
    ));
    changes
}

impl Store {
    /// The teams of a project.
    pub async fn teams(&self, access: &ProjectAccess) -> Result<Vec<Team>, StoreError> {
        let project = access.project();
        let rows = self.read(&TEAMS, vec![access.organization().into(), project.into(), MOST_TEAMS.into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Team {
                    id: TeamId(row.uuid(0)?),
                    project,
                    name: row.text(1)?.to_owned(),
                    description: row.text(2)?.to_owned(),
                })
            })
            .collect()
    }

    pub(super) async fn read_projects(&self, organization: OrganizationId) -> Result<Vec<Project>, StoreError> {
        let most = i64::try_from(MOST_PROJECTS).unwrap_or(i64::MAX);
        let rows = self.read(&OF_ORGANIZATION, vec![organization.into(), most.into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Project {
                    id: ProjectId(row.uuid(0)?),
                    organization,
                    name: meaning("name of a project", row.text(1)?, ProjectName::parse(row.text(1)?).ok())?,
                    description: row.text(2)?.to_owned(),
                    revision: row.int(3)?,
                    updated_at: row.time(4)?,
                    default_team: TeamId(row.uuid(5)?),
                })
            })
            .collect()
    }
}
