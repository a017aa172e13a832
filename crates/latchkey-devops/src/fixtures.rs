//! The organization `harbor` and its people, for tests of rules.

use latchkey_jose::Timestamp;
use uuid::Uuid;

use crate::access_level::AccessLevel;
use crate::build::{Definition, QueueStatus};
use crate::group::ProjectGroup;
use crate::ids::{AppId, OrganizationId, PersonId, ProjectId, RepositoryId, TeamId};
use crate::membership::{Member, People, Person};
use crate::name::{OrganizationName, ProjectName, RepositoryName};
use crate::organization::Organization;
use crate::policy::OrganizationPolicy;
use crate::project::Project;
use crate::repository::Repository;

/// 2026-11-22T07:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_330_800);

pub(crate) const ANA: PersonId = PersonId(Uuid::from_u128(0xa));
pub(crate) const BEN: PersonId = PersonId(Uuid::from_u128(0xb));

pub(crate) fn an_app() -> AppId {
    AppId(Uuid::from_u128(0xc1))
}

pub(crate) fn an_organization() -> Organization {
    Organization {
        id: OrganizationId(Uuid::from_u128(1)),
        tenant: Uuid::from_u128(0x7e),
        name: OrganizationName::parse("harbor").unwrap(),
        owner: ANA,
        policy: OrganizationPolicy { legacy_apps: true, ..OrganizationPolicy::default() },
    }
}

pub(crate) fn lighthouse() -> Project {
    a_project(11, "lighthouse")
}

pub(crate) fn drydock() -> Project {
    a_project(12, "drydock")
}

fn a_project(id: u128, name: &str) -> Project {
    Project {
        id: ProjectId(Uuid::from_u128(id)),
        organization: an_organization().id,
        name: ProjectName::parse(name).unwrap(),
        description: String::new(),
        revision: 1,
        updated_at: NOW,
        default_team: TeamId(Uuid::from_u128(id + 100)),
    }
}

pub(crate) fn a_repository() -> Repository {
    Repository {
        id: RepositoryId(Uuid::from_u128(111)),
        project: lighthouse().id,
        name: RepositoryName::parse("lamp").unwrap(),
        default_branch: Some("refs/heads/main".into()),
        size: 4_096,
        disabled: false,
        created_at: NOW,
    }
}

/// Ben: Basic, a contributor to lighthouse, no administrator.
pub(crate) fn a_member() -> Member {
    Member {
        service: None,
        person: BEN,
        access_level: AccessLevel::Basic,
        groups: [].into(),
        projects: [(lighthouse().id, [ProjectGroup::Contributors].into())].into(),
    }
}

/// Ana: the owner, in lighthouse.
pub(crate) fn owner() -> Member {
    Member { person: ANA, ..a_member() }
}

pub(crate) fn people() -> People {
    everybody().into_iter().collect()
}

pub(crate) fn everybody() -> [Person; 2] {
    [(ANA, "Ana", "ana@harbor.test"), (BEN, "Ben", "ben@harbor.test")].map(|(id, name, address)| Person {
        id,
        display_name: name.into(),
        unique_name: address.into(),
        personal: false,
    })
}

pub(crate) fn a_definition() -> Definition {
    Definition {
        id: 3,
        project: lighthouse().id,
        name: "lamp-ci".into(),
        path: "\\".into(),
        revision: 1,
        queue_status: QueueStatus::Enabled,
        repository: a_repository().id,
        default_branch: "refs/heads/main".into(),
        file: "ci.yml".into(),
        created_by: ANA,
        created_at: NOW,
    }
}
