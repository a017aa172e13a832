//! What access is decided by, kept in memory until the feed says that it changed.
//!
//! Everything of an organization is forgotten at once: each time it is loaded it gets a new generation, and what is
//! remembered of its members is filed under that number, so nothing of an earlier generation is ever found again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId, RepositoryId};
use latchkey_devops::membership::Member;
use latchkey_devops::name::key;
use latchkey_devops::organization::Organization;
use latchkey_devops::project::Project;
use latchkey_devops::repository::Repository;
use latchkey_devops::work_item::WorkItem;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::feed::{Feed, Notice};
use crate::remembered::Remembered;

/// How many organizations are kept in memory.
const ORGANIZATIONS: usize = 1_000;
/// How many names of organizations are.
const NAMES: usize = 4_000;
/// How many memberships are.
const MEMBERS: usize = 100_000;
/// How many work items are: some kilobytes each at the most.
const WORK_ITEMS: usize = 5_000;

/// An organization with its projects and repositories, as of one moment.
#[derive(Debug)]
pub struct OrganizationFacts {
    /// The organization.
    pub organization: Organization,
    pub(super) version: i64,
    generation: u64,
    projects: BTreeMap<ProjectId, Project>,
    project_names: BTreeMap<String, ProjectId>,
    repositories: BTreeMap<RepositoryId, Repository>,
    repository_names: BTreeMap<(ProjectId, String), RepositoryId>,
}

impl OrganizationFacts {
    /// Its id.
    pub const fn id(&self) -> OrganizationId {
        self.organization.id
    }

    /// Finds a project by its id, or by its name in any case.
    pub fn project(&self, name_or_id: &str) -> Option<&Project> {
        match Uuid::try_parse(name_or_id) {
            Ok(id) => self.project_by_id(ProjectId(id)),
            Err(_) => self.project_names.get(&key(name_or_id)).and_then(|id| self.project_by_id(*id)),
        }
    }

    /// Finds a project by its id.
    pub fn project_by_id(&self, id: ProjectId) -> Option<&Project> {
        self.projects.get(&id)
    }

    /// Its projects, by name.
    pub fn projects(&self) -> impl Iterator<Item = &Project> {
        self.project_names.values().filter_map(|id| self.project_by_id(*id))
    }

    /// Finds a repository of a project by its id, or by its name in any case.
    pub fn repository(&self, project: ProjectId, name_or_id: &str) -> Option<&Repository> {
        match Uuid::try_parse(name_or_id) {
            Ok(id) => self.repository_by_id(RepositoryId(id)).filter(|repository| repository.project == project),
            Err(_) => {
                let id = self.repository_names.get(&(project, key(name_or_id)))?;
                self.repository_by_id(*id)
            }
        }
    }

    /// Finds a repository by its id, whatever its project.
    pub fn repository_by_id(&self, id: RepositoryId) -> Option<&Repository> {
        self.repositories.get(&id)
    }

    /// The repositories of a project, by name.
    pub fn repositories_of(&self, project: ProjectId) -> impl Iterator<Item = &Repository> {
        self.repository_names
            .range((project, String::new())..)
            .take_while(move |((of, _), _)| *of == project)
            .filter_map(|(_, id)| self.repository_by_id(*id))
    }

    /// How many repositories there are in all projects.
    pub fn repository_count(&self) -> usize {
        self.repositories.len()
    }
}

/// What is remembered. It hears the feed.
#[derive(Debug)]
pub(crate) struct Memory {
    generation: AtomicU64,
    names: Remembered<String, OrganizationId>,
    organizations: Remembered<OrganizationId, Arc<OrganizationFacts>>,
    /// By generation of the organization, and person. That somebody is no member is remembered as well.
    members: Remembered<(u64, PersonId), Option<Arc<Member>>>,
    organizations_of: Remembered<PersonId, Arc<[OrganizationId]>>,
    /// The small ones.
    pub(super) work_items: Remembered<(OrganizationId, i64), Arc<WorkItem>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            generation: AtomicU64::new(0),
            names: Remembered::new(NAMES),
            organizations: Remembered::new(ORGANIZATIONS),
            members: Remembered::new(MEMBERS),
            organizations_of: Remembered::new(MEMBERS),
            work_items: Remembered::new(WORK_ITEMS),
        }
    }
}

impl Memory {
    /// A memory that forgets what the feed says has changed.
    pub(crate) fn listening_to(feed: &Feed) -> Arc<Self> {
        let memory = Arc::new(Self::default());
        let hearer = Arc::clone(&memory);
        feed.subscribe(move |notice| hearer.hear(notice));
        memory
    }

    fn hear(&self, notice: Notice) {
        match notice {
            Notice::Organization(id) => self.organizations.forget(&OrganizationId(id)),
            Notice::Account(id) => self.organizations_of.forget(&PersonId(id)),
            Notice::WorkItem { organization, id } => self.work_items.forget(&(OrganizationId(organization), id)),
            Notice::Everything => {
                self.names.forget_all();
                self.organizations.forget_all();
                self.organizations_of.forget_all();
                self.work_items.forget_all();
            }
            _ => {}
        }
    }
}

impl Store {
    /// An organization by its name, in any case, or by its id, with what access to it and in it is decided by.
    pub async fn organization(&self, name_or_id: &str) -> Result<Option<Arc<OrganizationFacts>>, StoreError> {
        if let Ok(id) = Uuid::try_parse(name_or_id) {
            return self.organization_by_id(OrganizationId(id)).await;
        }
        let name = key(name_or_id);
        let find = async || self.organization_named(&name).await;
        match self.devops.names.get_or_find(name.clone(), find).await? {
            Some(id) => self.organization_by_id(id).await,
            None => Ok(None),
        }
    }

    /// An organization by its id.
    pub async fn organization_by_id(&self, id: OrganizationId) -> Result<Option<Arc<OrganizationFacts>>, StoreError> {
        self.devops.organizations.get_or_find(id, async || self.find_organization(id).await).await
    }

    /// A person's membership in an organization.
    pub async fn member(
        &self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Option<Arc<Member>>, StoreError> {
        let Some(facts) = self.organization_by_id(organization).await? else { return Ok(None) };
        let load = async || Ok(self.load_member(organization, person).await?.map(Arc::new));
        self.devops.members.get_or_load((facts.generation, person), load).await
    }

    /// The organizations a person belongs to, by name.
    pub async fn organizations_of(&self, person: PersonId) -> Result<Vec<Arc<OrganizationFacts>>, StoreError> {
        let load = async || self.load_organizations_of(person).await.map(Arc::from);
        let ids = self.devops.organizations_of.get_or_load(person, load).await?;
        let mut organizations = Vec::with_capacity(ids.len());
        for id in ids.iter() {
            organizations.extend(self.organization_by_id(*id).await?);
        }
        Ok(organizations)
    }

    async fn find_organization(&self, id: OrganizationId) -> Result<Option<Arc<OrganizationFacts>>, StoreError> {
        // Taken before anything is read: what is filed under a number is never older than the number.
        let generation = self.devops.generation.fetch_add(1, Relaxed);
        let Some((organization, version)) = self.read_organization(id).await? else { return Ok(None) };
        let projects = self.read_projects(id).await?;
        let repositories = self.read_repositories(id).await?;
        Ok(Some(Arc::new(OrganizationFacts {
            organization,
            version,
            generation,
            project_names: projects.iter().map(|project| (project.name.key(), project.id)).collect(),
            projects: projects.into_iter().map(|project| (project.id, project)).collect(),
            repository_names: repositories
                .iter()
                .map(|repository| ((repository.project, repository.name.key()), repository.id))
                .collect(),
            repositories: repositories.into_iter().map(|repository| (repository.id, repository)).collect(),
        })))
    }
}
