//! An organization with a project and a repository, and what tests do in it.

use std::sync::Arc;
use std::time::Duration;

use latchkey_devops::access::{
    self, Action, Asked, Caller, InOrganization, OrganizationAccess, ProjectAccess, RepositoryAccess, Standing,
};
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::build::definition::{Definition, QueueStatus};
use latchkey_devops::build::{self, Build, BuildPatch, BuildReason, QueueRequest};
use latchkey_devops::group::ProjectGroup;
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId, RepositoryId, TeamId};
use latchkey_devops::membership::{Member, People};
use latchkey_devops::name::{OrganizationName, ProjectName, RepositoryName};
use latchkey_devops::organization::Organization;
use latchkey_devops::policy::OrganizationPolicy;
use latchkey_devops::project::Project;
use latchkey_devops::repository::Repository;
use latchkey_devops::work_item::{self, Patch, Revision, Surroundings, WorkItemType};
use latchkey_jose::Timestamp;
use latchkey_store::devops::organizations::{self, Numbered};
use latchkey_store::devops::{Author, OrganizationFacts, builds, members, projects, repositories, work_items};
use latchkey_store::{Changes, Store};
use serde_json::json;
use uuid::Uuid;

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_330_800);
pub(crate) const ANA: PersonId = PersonId(Uuid::from_u128(0xa));
pub(crate) const BEN: PersonId = PersonId(Uuid::from_u128(0xb));
pub(crate) const EVE: PersonId = PersonId(Uuid::from_u128(0xe));

pub(crate) fn later(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

pub(crate) fn by_ana() -> Author {
    Author::person(ANA, NOW)
}

pub(crate) fn an_organization(id: u128, name: &str, owner: PersonId) -> Organization {
    Organization {
        id: OrganizationId(Uuid::from_u128(id)),
        tenant: Uuid::from_u128(id + 0x7e00),
        name: OrganizationName::parse(name).unwrap(),
        owner,
        policy: OrganizationPolicy::default(),
    }
}

pub(crate) fn a_project(organization: &Organization, id: u128, name: &str) -> Project {
    Project {
        id: ProjectId(Uuid::from_u128(id)),
        organization: organization.id,
        name: ProjectName::parse(name).unwrap(),
        description: "Keeps ships off the rocks.".into(),
        revision: 1,
        updated_at: NOW,
        default_team: TeamId(Uuid::from_u128(id + 100)),
    }
}

pub(crate) fn a_repository(project: ProjectId, id: u128, name: &str) -> Repository {
    Repository {
        id: RepositoryId(Uuid::from_u128(id)),
        project,
        name: RepositoryName::parse(name).unwrap(),
        default_branch: None,
        size: 0,
        disabled: false,
        created_at: NOW,
    }
}

pub(crate) fn a_member(person: PersonId) -> Member {
    Member { person, service: None, access_level: AccessLevel::Basic, groups: [].into(), projects: [].into() }
}

/// An organization with one project and one repository. Its owner is in the project.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) id: OrganizationId,
    pub(crate) owner: PersonId,
    pub(crate) project: ProjectId,
    pub(crate) repository: RepositoryId,
}

impl World {
    pub(crate) async fn harbor(store: &Store) -> Self {
        Self::new(store, an_organization(1, "Harbor", ANA), 11).await
    }

    /// Has the same numbers of work items and builds as harbor.
    pub(crate) async fn shore(store: &Store) -> Self {
        Self::new(store, an_organization(2, "shore", EVE), 21).await
    }

    pub(crate) async fn new(store: &Store, organization: Organization, project: u128) -> Self {
        let author = Author::person(organization.owner, NOW);
        let owner = a_member(organization.owner);
        store.commit(organizations::create(&organization, &owner, &author)).await.unwrap();
        let project = a_project(&organization, project, "Lighthouse");
        let repository = a_repository(project.id, project.id.0.as_u128() + 1_000, "lamp");
        let world = Self {
            store: store.clone(),
            id: organization.id,
            owner: organization.owner,
            project: project.id,
            repository: repository.id,
        };
        store.commit(projects::create(&*world.facts().await, &project, &author)).await.unwrap();
        store.commit(repositories::create(&*world.facts().await, &repository, &author)).await.unwrap();
        let groups = [ProjectGroup::ProjectAdministrators].into();
        let join = members::add_to_project(&organization, world.owner, project.id, &groups, &author);
        store.commit(join).await.unwrap();
        world
    }

    pub(crate) async fn facts(&self) -> Arc<OrganizationFacts> {
        self.store.organization_by_id(self.id).await.unwrap().unwrap()
    }

    pub(crate) async fn member(&self, person: PersonId) -> Option<Arc<Member>> {
        self.store.member(self.id, person).await.unwrap()
    }

    pub(crate) async fn project(&self) -> ProjectAccess {
        let (facts, member) = (self.facts().await, self.member(self.owner).await);
        let within = InOrganization::new("it", Some(&facts.organization), member.as_deref());
        let project = Asked::new("it", facts.project_by_id(self.project));
        let caller = Caller::in_person(self.owner, Standing::Live);
        access::to_project(&caller, within, project, Action::ReadProject).unwrap()
    }

    pub(crate) async fn repository(&self) -> RepositoryAccess {
        let (facts, member) = (self.facts().await, self.member(self.owner).await);
        let within = InOrganization::new("it", Some(&facts.organization), member.as_deref());
        let project = Asked::new("it", facts.project_by_id(self.project));
        let repository = Asked::new("it", facts.repository_by_id(self.repository));
        let caller = Caller::in_person(self.owner, Standing::Live);
        access::to_repository(&caller, within, project, repository, Action::ReadCode).unwrap()
    }

    pub(crate) async fn organization(&self) -> OrganizationAccess {
        let (facts, member) = (self.facts().await, self.member(self.owner).await);
        let within = InOrganization::new("it", Some(&facts.organization), member.as_deref());
        let caller = Caller::in_person(self.owner, Standing::Live);
        access::to_organization(&caller, within, Action::AdministerOrganization).unwrap()
    }

    pub(crate) async fn create_item(&self, patch: serde_json::Value, now: Timestamp) -> Revision {
        let (access, facts) = (self.project().await, self.facts().await);
        let project = facts.project_by_id(self.project).unwrap();
        let patch = Patch::parse(&patch).unwrap();
        let decide = async || {
            let (people, reachable) = (People::default(), [1, 2, 3].into());
            let surroundings = Surroundings { project, people: &people, reachable_items: &reachable };
            let id = self.store.next_number(self.id, Numbered::WorkItem).await?;
            let comment = self.store.next_number(self.id, Numbered::Comment).await?;
            let revision = work_item::create(id, WorkItemType::Task, &patch, surroundings, self.owner, now).unwrap();
            let changes = work_items::keep(&access, &revision, Some(comment));
            Ok((revision, changes))
        };
        self.store.decide(decide).await.unwrap()
    }

    pub(crate) async fn next_revision(&self, id: i64, title: &str, now: Timestamp) -> (Revision, Changes) {
        self.patched(id, &titled(title), now).await
    }

    pub(crate) async fn patched(&self, id: i64, patch: &Patch, now: Timestamp) -> (Revision, Changes) {
        let (access, facts) = (self.project().await, self.facts().await);
        let (people, reachable) = (People::default(), [].into());
        let project = facts.project_by_id(self.project).unwrap();
        let surroundings = Surroundings { project, people: &people, reachable_items: &reachable };
        let current = self.store.work_item(self.id, id).await.unwrap().unwrap().prove(&access).unwrap();
        let revision = work_item::update(&current, patch, surroundings, self.owner, now).unwrap();
        let changes = work_items::keep(&access, &revision, None);
        (revision, changes)
    }

    pub(crate) async fn queue(&self, definition: i64, now: Timestamp) -> Build {
        let access = self.project().await;
        let decide = async || {
            let id = self.store.next_number(self.id, Numbered::Build).await?;
            let request = QueueRequest::of(definition, BuildReason::IndividualCi, "refs/heads/main", &"0a".repeat(20));
            let definition = self.a_definition(definition);
            let earlier = self.store.builds_queued(&access, definition.id, NOW, later(86_400)).await?;
            let build = build::queue(id, &request, &definition, earlier, self.owner, now).unwrap();
            let changes = builds::queue(&access, &build);
            Ok((build, changes))
        };
        self.store.decide(decide).await.unwrap()
    }

    pub(crate) async fn patch_build(&self, id: i64, patch: BuildPatch, now: Timestamp) -> Build {
        let access = self.project().await;
        let before = self.store.build(&access, id).await.unwrap().unwrap();
        let after = build::update(&before.build, &patch, self.owner, now).unwrap();
        self.store.commit(builds::update(&access, &before, &after)).await.unwrap();
        after
    }

    pub(crate) fn a_definition(&self, id: i64) -> Definition {
        Definition {
            id,
            project: self.project,
            name: format!("Nightly {id}"),
            path: "\\".into(),
            revision: 1,
            queue_status: QueueStatus::Enabled,
            repository: self.repository,
            default_branch: "refs/heads/main".into(),
            file: "ci.yml".into(),
            created_by: self.owner,
            created_at: NOW,
        }
    }
}

pub(crate) fn titled(title: &str) -> Patch {
    Patch::parse(&json!([{ "op": "add", "path": "/fields/System.Title", "value": title }])).unwrap()
}

pub(crate) fn a_task(title: &str) -> serde_json::Value {
    json!([{ "op": "add", "path": "/fields/System.Title", "value": title }])
}

pub(crate) fn ids(builds: &[Build]) -> Vec<i64> {
    builds.iter().map(|build| build.id).collect()
}
