//! Who belongs to an organization and to its projects.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_devops::access::OrganizationAccess;
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::approval_request::AppShown;
use latchkey_devops::group::{OrganizationGroup, ProjectGroup};
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId};
use latchkey_devops::membership::{AcceptedService, Member};
use latchkey_devops::organization::Organization;
use latchkey_devops::scope::Scopes;
use latchkey_identity::client::ClientId;
use latchkey_jose::Timestamp;
use serde_json::json;

use super::{Author, approval_requests, groups, meaning};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::identity::authorization_lists::alive;
use crate::identity::clients;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// One statement, so that it is one moment: the access level, the groups, the projects, the groups in them, and whether it is an
/// app that acts by itself.
const BY_PERSON: Sql = Sql::read(
    "members.by_person",
    "SELECT 0 AS part, access_level AS word, CAST(NULL AS BLOB) AS project
       FROM member WHERE organization = $1 AND person = $2
     UNION ALL
     SELECT 1, group_name, CAST(NULL AS BLOB) FROM member_group WHERE organization = $1 AND person = $2
     UNION ALL
     SELECT 2, '', project FROM project_member WHERE organization = $1 AND person = $2
     UNION ALL
     SELECT 3, group_name, project FROM project_member_group WHERE organization = $1 AND person = $2
     UNION ALL
     SELECT 4, coalesce(service_scopes, ''), service_shown
       FROM member WHERE organization = $1 AND person = $2 AND service = 1",
);

/// The same of everybody who gave one of the authorizations that were used last, `$3` of them.
const WHO_AUTHORIZED: Sql = Sql::sweep(
    "members.who_authorized",
    concat!(
        "WITH used_last AS (SELECT a.account ",
        alive!(),
        " ORDER BY coalesce(a.last_used_at, a.changed_at) DESC, a.id DESC LIMIT $3),
              people AS (SELECT DISTINCT account FROM used_last)
         SELECT 0 AS part, m.access_level AS word, CAST(NULL AS BLOB) AS project, m.person
           FROM people JOIN member m ON m.organization = $1 AND m.person = account
          UNION ALL
         SELECT 1, m.group_name, CAST(NULL AS BLOB), m.person
           FROM people JOIN member_group m ON m.organization = $1 AND m.person = account
          UNION ALL
         SELECT 2, '', m.project, m.person
           FROM people JOIN project_member m ON m.organization = $1 AND m.person = account
          UNION ALL
         SELECT 3, m.group_name, m.project, m.person
           FROM people JOIN project_member_group m ON m.organization = $1 AND m.person = account
          ORDER BY part"
    ),
);

const OF_ORGANIZATION: Sql = Sql::read(
    "members.of_organization",
    "SELECT person FROM member WHERE organization = $1 AND person > $2 ORDER BY person LIMIT $3",
);

const SERVICES: Sql = Sql::read(
    "members.services",
    "SELECT person, added_at, last_used_at, last_used_address
       FROM member WHERE organization = $1 AND service = 1 ORDER BY person LIMIT $2",
);

const ADD: Sql = Sql::guarded(
    "members.add",
    "INSERT INTO member (organization, person, access_level, added_at, service, service_scopes, service_shown)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);

const CHANGE_ACCESS_LEVEL: Sql = Sql::guarded(
    "members.change_access_level",
    "UPDATE member SET access_level = $4 WHERE organization = $1 AND person = $2 AND access_level = $3",
);

const ACCEPT_SERVICE: Sql = Sql::guarded(
    "members.accept_service",
    "UPDATE member SET service_scopes = $3, service_shown = $4 WHERE organization = $1 AND person = $2 AND service = 1",
);

/// The time of last use only moves forward: nodes report in any order.
const SERVICE_USED: Sql = Sql::write(
    "members.service_used",
    "UPDATE member SET last_used_at = $3, last_used_address = $4
      WHERE organization = $1 AND person = $2 AND service = 1 AND (last_used_at IS NULL OR last_used_at < $3)",
);

const REMOVE: Sql = Sql::guarded("members.remove", "DELETE FROM member WHERE organization = $1 AND person = $2");

/// Touches no row when the person does not belong to the organization, or is in the project already.
const JOIN_PROJECT: Sql = Sql::guarded(
    "members.join_project",
    "INSERT INTO project_member (organization, person, project)
     SELECT organization, person, $3 FROM member WHERE organization = $1 AND person = $2",
);

const LEAVE_PROJECT: Sql = Sql::guarded(
    "members.leave_project",
    "DELETE FROM project_member WHERE organization = $1 AND person = $2 AND project = $3",
);

const LEAVE_ALL_PROJECTS: Sql =
    Sql::write("members.leave_all_projects", "DELETE FROM project_member WHERE organization = $1 AND person = $2");

pub(crate) const ALL: &[&Sql] = &[
    &BY_PERSON,
    &WHO_AUTHORIZED,
    &OF_ORGANIZATION,
    &SERVICES,
    &ADD,
    &CHANGE_ACCESS_LEVEL,
    &ACCEPT_SERVICE,
    &SERVICE_USED,
    &REMOVE,
    &JOIN_PROJECT,
    &LEAVE_PROJECT,
    &LEAVE_ALL_PROJECTS,
];

/// Adds a member with groups and projects. Lost when they are a member already, or an app that was deleted.
pub fn add(organization: &Organization, member: &Member, author: &Author) -> Changes {
    let (id, person) = (organization.id, member.person);
    let mut changes = Changes::none();
    if member.service.is_some() {
        clients::must_be_there(&mut changes, ClientId(person.0));
    }
    // Nothing that somebody left behind in an earlier membership comes back.
    forget_all(&mut changes, id, person);
    let (licence, service) = (member.access_level.licence(), member.service);
    let mut values = vec![id.into(), person.into(), licence.into(), author.at.into(), service.is_some().into()];
    values.extend([service.map(|service| service.scopes.to_string()).into(), shown(service).into()]);
    changes.write(&ADD, values);
    for group in &member.groups {
        changes.write(&groups::JOIN, vec![id.into(), person.into(), group.name().into()]);
    }
    for (project, groups) in &member.projects {
        enter(&mut changes, id, person, *project, groups);
    }
    let detail = json!({ "access_level": licence, "groups": names(&member.groups), "service": service.is_some() });
    tell(&mut changes, "member_added", organization, person, &detail, author);
    changes
}

fn shown(service: Option<AcceptedService>) -> Option<[u8; 32]> {
    service.and_then(|service| service.shown).map(|shown| shown.0)
}

/// Accepts an app that is a member by itself as what it is now. Lost when it is none any more.
pub fn accept_service(
    organization: &Organization,
    person: PersonId,
    service: AcceptedService,
    author: &Author,
) -> Changes {
    let mut changes = Changes::none();
    let scopes = service.scopes.to_string();
    let values = vec![organization.id.into(), person.into(), scopes.clone().into(), shown(Some(service)).into()];
    changes.write(&ACCEPT_SERVICE, values);
    tell(&mut changes, "member_changed", organization, person, &json!({ "accepted_scopes": scopes }), author);
    changes
}

/// Gives a member another access level. Lost when the present one is not `from` any more.
pub fn change_access_level(
    organization: &Organization,
    person: PersonId,
    from: AccessLevel,
    to: AccessLevel,
    author: &Author,
) -> Changes {
    let mut changes = Changes::none();
    let values = vec![organization.id.into(), person.into(), from.licence().into(), to.licence().into()];
    changes.write(&CHANGE_ACCESS_LEVEL, values);
    let detail = json!({ "access_level": { "from": from.licence(), "to": to.licence() } });
    tell(&mut changes, "member_changed", organization, person, &detail, author);
    changes
}

/// Adds a member to a project, with groups. Lost when they are in it already.
pub fn add_to_project(
    organization: &Organization,
    person: PersonId,
    project: ProjectId,
    groups: &BTreeSet<ProjectGroup>,
    author: &Author,
) -> Changes {
    let mut changes = Changes::none();
    enter(&mut changes, organization.id, person, project, groups);
    let groups: Vec<_> = groups.iter().map(|group| group.name()).collect();
    let detail = json!({ "added_to_project": project, "groups": groups });
    tell(&mut changes, "member_changed", organization, person, &detail, author);
    changes
}

/// Takes a member out of a project and its groups. Lost when they are not in it any more.
pub fn remove_from_project(
    organization: &Organization,
    person: PersonId,
    project: ProjectId,
    author: &Author,
) -> Changes {
    let values = || vec![organization.id.into(), person.into(), project.into()];
    let mut changes = Changes::none();
    changes.write(&LEAVE_PROJECT, values()).write(&groups::LEAVE_ALL_OF_PROJECT, values());
    let detail = json!({ "removed_from_project": project });
    tell(&mut changes, "member_changed", organization, person, &detail, author);
    changes
}

/// Removes a member with all that follows from being one. Lost when they are none any more.
pub fn remove(organization: &Organization, person: PersonId, author: &Author) -> Changes {
    let mut changes = Changes::none();
    changes.write(&REMOVE, vec![organization.id.into(), person.into()]);
    forget_all(&mut changes, organization.id, person);
    tell(&mut changes, "member_removed", organization, person, &json!({}), author);
    changes
}

fn enter(
    changes: &mut Changes,
    organization: OrganizationId,
    person: PersonId,
    project: ProjectId,
    groups: &BTreeSet<ProjectGroup>,
) {
    changes.write(&JOIN_PROJECT, vec![organization.into(), person.into(), project.into()]);
    for group in groups {
        let values = vec![organization.into(), person.into(), project.into(), group.name().into()];
        changes.write(&groups::JOIN_OF_PROJECT, values);
    }
}

fn forget_all(changes: &mut Changes, organization: OrganizationId, person: PersonId) {
    let all =
        [&groups::LEAVE_ALL, &LEAVE_ALL_PROJECTS, &groups::LEAVE_ALL_OF_PROJECTS, &approval_requests::FORGET_MEMBER];
    for sql in all {
        changes.write(sql, vec![organization.into(), person.into()]);
    }
}

fn names(groups: &BTreeSet<OrganizationGroup>) -> Vec<&'static str> {
    groups.iter().map(|group| group.name()).collect()
}

/// Puts a change of a member on record, and tells whoever holds what they may.
pub(super) fn tell(
    changes: &mut Changes,
    kind: &'static str,
    organization: &Organization,
    person: PersonId,
    detail: &serde_json::Value,
    author: &Author,
) {
    let mut event = author.did(kind, organization, format!("{}: {person}", organization.name));
    event.detail = detail.to_string();
    changes.event(event).notice(Notice::Organization(organization.id.0)).notice(Notice::Account(person.0));
}

/// An app that is a member by itself, as lists show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedService {
    /// The app.
    pub app: PersonId,
    /// When it was made a member.
    pub added_at: Timestamp,
    /// When it last acted, and from which network address.
    pub last_used: Option<(Timestamp, String)>,
}

/// That an app acted by itself in an organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceUse {
    /// The organization.
    pub organization: OrganizationId,
    /// The app.
    pub app: PersonId,
    /// When, the last time.
    pub at: Timestamp,
    /// From which network address, the last time.
    pub address: String,
}

impl Store {
    /// The members of an organization, `count` of them, behind `after`.
    pub async fn members(
        &self,
        access: &OrganizationAccess,
        after: Option<PersonId>,
        count: u32,
    ) -> Result<Vec<PersonId>, StoreError> {
        let after = after.map_or_else(uuid::Uuid::nil, uuid::Uuid::from);
        let rows = self.read(&OF_ORGANIZATION, vec![access.organization().into(), after.into(), count.into()]).await?;
        rows.iter().map(|row| row.uuid(0).map(PersonId)).collect()
    }

    /// The apps that are members of an organization by themselves, `count` of them.
    pub async fn services(&self, access: &OrganizationAccess, count: u32) -> Result<Vec<ListedService>, StoreError> {
        let rows = self.read(&SERVICES, vec![access.organization().into(), count.into()]).await?;
        let listed = |row: &Row| {
            let last_used = row.opt_time(2)?.zip(row.opt_text(3)?.map(str::to_owned));
            Ok(ListedService { app: PersonId(row.uuid(0)?), added_at: row.time(1)?, last_used })
        };
        rows.iter().map(listed).collect()
    }

    /// Records when apps last acted by themselves, as one change set.
    pub async fn record_service_uses(&self, uses: &[ServiceUse]) -> Result<(), StoreError> {
        let mut changes = Changes::none();
        for one in uses {
            let values = vec![one.organization.into(), one.app.into(), one.at.into(), one.address.clone().into()];
            changes.write(&SERVICE_USED, values);
        }
        self.commit_anyway(&changes).await
    }

    pub(super) async fn load_member(
        &self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Option<Member>, StoreError> {
        let mut member = Found::default();
        for row in self.read(&BY_PERSON, vec![organization.into(), person.into()]).await? {
            member.take_up(&row)?;
        }
        Ok(member.of(person))
    }

    /// The members who gave one of the authorizations that were used last, `most` of them: those of `authorizations_used_last`.
    pub async fn members_who_authorized(
        &self,
        organization: OrganizationId,
        now: Timestamp,
        most: u32,
    ) -> Result<BTreeMap<PersonId, Member>, StoreError> {
        let mut members: BTreeMap<PersonId, Found> = BTreeMap::new();
        for row in self.read(&WHO_AUTHORIZED, vec![organization.into(), now.into(), most.into()]).await? {
            members.entry(PersonId(row.uuid(3)?)).or_default().take_up(&row)?;
        }
        Ok(members.into_iter().filter_map(|(person, found)| Some((person, found.of(person)?))).collect())
    }
}

/// What is found of a member, part by part.
#[derive(Default)]
struct Found {
    access_level: Option<AccessLevel>,
    service: Option<AcceptedService>,
    groups: BTreeSet<OrganizationGroup>,
    projects: BTreeMap<ProjectId, BTreeSet<ProjectGroup>>,
}

impl Found {
    /// Takes up a part, a word and a project. Projects come before the groups in them.
    fn take_up(&mut self, row: &Row) -> Result<(), StoreError> {
        let word = row.text(1)?;
        match row.int(0)? {
            0 => self.access_level = Some(meaning("access level", word, AccessLevel::from_licence(word))?),
            1 => drop(self.groups.insert(meaning("group", word, OrganizationGroup::from_name(word))?)),
            2 => drop(self.projects.entry(ProjectId(row.uuid(2)?)).or_default()),
            4 => {
                let shown = row.opt_array(2)?.map(AppShown);
                self.service = Some(AcceptedService { scopes: Scopes::parse(word), shown });
            }
            _ => {
                let group = meaning("group", word, ProjectGroup::from_name(word))?;
                // A group alone makes nobody a member of its project.
                if let Some(groups) = self.projects.get_mut(&ProjectId(row.uuid(2)?)) {
                    groups.insert(group);
                }
            }
        }
        Ok(())
    }

    fn of(self, person: PersonId) -> Option<Member> {
        let Self { access_level, service, groups, projects } = self;
        Some(Member { person, service, access_level: access_level?, groups, projects })
    }
}
