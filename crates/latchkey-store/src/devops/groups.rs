//! Membership in the groups that carry permissions.

use latchkey_devops::group::{OrganizationGroup, ProjectGroup};
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId};
use latchkey_devops::organization::Organization;
use serde_json::json;

use super::{Author, members};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};

/// The most members of a group that are named.
const MOST_NAMED: u32 = 100;

const OF_GROUP: Sql = Sql::read(
    "groups.members",
    "SELECT person FROM member_group WHERE organization = $1 AND group_name = $2 ORDER BY person LIMIT $3",
);

/// Touches no row when the person does not belong to the organization, or is in the group already.
pub(super) const JOIN: Sql = Sql::guarded(
    "groups.join",
    "INSERT INTO member_group (organization, person, group_name)
     SELECT organization, person, $3 FROM member WHERE organization = $1 AND person = $2",
);

const LEAVE: Sql = Sql::guarded(
    "groups.leave",
    "DELETE FROM member_group WHERE organization = $1 AND person = $2 AND group_name = $3",
);

pub(super) const LEAVE_ALL: Sql =
    Sql::write("groups.leave_all", "DELETE FROM member_group WHERE organization = $1 AND person = $2");

/// Touches no row when the person is not in the project, or is in the group already.
pub(super) const JOIN_OF_PROJECT: Sql = Sql::guarded(
    "groups.join_of_project",
    "INSERT INTO project_member_group (organization, person, project, group_name)
     SELECT organization, person, project, $4 FROM project_member
      WHERE organization = $1 AND person = $2 AND project = $3",
);

const LEAVE_OF_PROJECT: Sql = Sql::guarded(
    "groups.leave_of_project",
    "DELETE FROM project_member_group
      WHERE organization = $1 AND person = $2 AND project = $3 AND group_name = $4",
);

pub(super) const LEAVE_ALL_OF_PROJECT: Sql = Sql::write(
    "groups.leave_all_of_project",
    "DELETE FROM project_member_group WHERE organization = $1 AND person = $2 AND project = $3",
);

pub(super) const LEAVE_ALL_OF_PROJECTS: Sql = Sql::write(
    "groups.leave_all_of_projects",
    "DELETE FROM project_member_group WHERE organization = $1 AND person = $2",
);

pub(crate) const ALL: &[&Sql] = &[
    &OF_GROUP,
    &JOIN,
    &LEAVE,
    &LEAVE_ALL,
    &JOIN_OF_PROJECT,
    &LEAVE_OF_PROJECT,
    &LEAVE_ALL_OF_PROJECT,
    &LEAVE_ALL_OF_PROJECTS,
];

/// Puts a member into a group of the organization. Lost when they are in it already.
pub fn join(organization: &Organization, person: PersonId, group: OrganizationGroup, author: &Author) -> Changes {
    let mut changes = Changes::none();
    changes.write(&JOIN, vec![organization.id.into(), person.into(), group.name().into()]);
    let detail = json!({ "joined": group.name() });
    members::tell(&mut changes, "member_changed", organization, person, &detail, author);
    changes
}

/// Takes a member out of a group of the organization. Lost when they are not in it any more.
pub fn leave(organization: &Organization, person: PersonId, group: OrganizationGroup, author: &Author) -> Changes {
    let mut changes = Changes::none();
    changes.write(&LEAVE, vec![organization.id.into(), person.into(), group.name().into()]);
    let detail = json!({ "left": group.name() });
    members::tell(&mut changes, "member_changed", organization, person, &detail, author);
    changes
}

/// Puts a member of a project into one of its groups. Lost when they are in it already.
pub fn join_of_project(
    organization: &Organization,
    person: PersonId,
    project: ProjectId,
    group: ProjectGroup,
    author: &Author,
) -> Changes {
    let mut changes = Changes::none();
    let values = vec![organization.id.into(), person.into(), project.into(), group.name().into()];
    changes.write(&JOIN_OF_PROJECT, values);
    let detail = json!({ "project": project, "joined": group.name() });
    members::tell(&mut changes, "member_changed", organization, person, &detail, author);
    changes
}

/// Takes a member out of one of the groups of a project. Lost when they are not in it any more.
pub fn leave_of_project(
    organization: &Organization,
    person: PersonId,
    project: ProjectId,
    group: ProjectGroup,
    author: &Author,
) -> Changes {
    let mut changes = Changes::none();
    let values = vec![organization.id.into(), person.into(), project.into(), group.name().into()];
    changes.write(&LEAVE_OF_PROJECT, values);
    let detail = json!({ "project": project, "left": group.name() });
    members::tell(&mut changes, "member_changed", organization, person, &detail, author);
    changes
}

impl Store {
    /// Who is in a group of an organization, at most 100 of them. The owner administers without being in any group.
    pub async fn group_members(
        &self,
        organization: OrganizationId,
        group: OrganizationGroup,
    ) -> Result<Vec<PersonId>, StoreError> {
        let values = vec![organization.into(), group.name().into(), MOST_NAMED.into()];
        self.read(&OF_GROUP, values).await?.iter().map(|row| row.uuid(0).map(PersonId)).collect()
    }
}
