//! One request of somebody who is known, on its way into an organization, a project, a repository.
//!
//! A handler gets at facts only through here, and here access is decided: by the action that the table names for the route.

use std::ops::Deref;
use std::sync::Arc;

use latchkey_devops::access::{
    self, Access, Action, Asked, OrganizationAccess, ProjectAccess, Refusal, RepositoryAccess, Resource,
};
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId, RepositoryId};
use latchkey_devops::membership::Member;
use latchkey_devops::organization::Organization;
use latchkey_devops::project::Project;
use latchkey_devops::repository::Repository;
use latchkey_devops::wire::Urls;
use latchkey_store::StoreError;
use latchkey_store::devops::OrganizationFacts;

use super::caller::Identified;
use super::error::ApiError;
use super::visit::Visit;
use crate::app::App;

/// A request of a caller, and what they must be allowed to do.
pub(super) struct Call {
    pub(super) visit: Visit,
    pub(super) identified: Identified,
    pub(super) action: Action,
}

impl Deref for Call {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

/// An organization as it was asked for, before it is decided whether the caller may enter.
pub(super) struct FoundOrganization {
    name: String,
    facts: Option<Arc<OrganizationFacts>>,
    member: Option<Arc<Member>>,
}

/// Within an organization.
pub(super) struct InOrganization {
    /// The proof.
    pub(super) access: OrganizationAccess,
    /// The organization, its projects and repositories.
    pub(super) facts: Arc<OrganizationFacts>,
    found: FoundOrganization,
}

/// Within a project.
pub(super) struct InProject {
    /// The proof.
    pub(super) access: ProjectAccess,
    /// The organization, its projects and repositories.
    pub(super) facts: Arc<OrganizationFacts>,
    /// The project.
    pub(super) project: Project,
    found: FoundOrganization,
}

/// Within a repository.
pub(super) struct InRepository {
    /// The proof.
    pub(super) access: RepositoryAccess,
    /// The organization, its projects and repositories.
    pub(super) facts: Arc<OrganizationFacts>,
    /// The project.
    pub(super) project: Project,
    /// The repository.
    pub(super) repository: Repository,
}

impl FoundOrganization {
    /// Finds the organization of that name, and the person's membership in it. Both are kept in memory.
    pub(super) async fn find(app: &App, name: &str, person: PersonId) -> Result<Self, StoreError> {
        let facts = app.store.organization(name).await?;
        let member = match &facts {
            Some(facts) => app.store.member(facts.id(), person).await?,
            None => None,
        };
        Ok(Self { name: name.to_owned(), facts, member })
    }

    /// An organization that is known already.
    pub(super) async fn of(app: &App, facts: Arc<OrganizationFacts>, person: PersonId) -> Result<Self, StoreError> {
        let member = app.store.member(facts.id(), person).await?;
        Ok(Self { name: facts.organization.name.to_string(), facts: Some(facts), member })
    }

    /// One of its projects.
    pub(super) fn project_by_id(&self, id: ProjectId) -> Option<&Project> {
        self.facts.as_ref().and_then(|facts| facts.project_by_id(id))
    }

    /// What is known of it. Ask after access was decided.
    pub(super) fn facts(&self) -> Result<&Arc<OrganizationFacts>, ApiError> {
        self.facts.as_ref().ok_or_else(vanished)
    }

    /// As access is decided for it.
    pub(super) fn within(&self) -> access::InOrganization<'_> {
        let organization = self.facts.as_ref().map(|facts| &facts.organization);
        access::InOrganization::new(&self.name, organization, self.member.as_deref())
    }
}

impl Call {
    /// A request of a caller who wants to do this.
    pub(super) fn new(visit: Visit, identified: Identified, action: Action) -> Self {
        Self { visit, identified, action }
    }

    /// Notes that a part of this request was refused, as the whole one would be.
    pub(super) fn note_refusal(&self, error: &ApiError) {
        if let (ApiError::Denied(refusal), Some(bearer)) = (error, self.identified.holder.person()) {
            self.app.uses.refused(bearer.authorization.id, refusal, self.now);
        }
    }

    /// Who asks: a person, or an app by itself, under its own id.
    pub(super) fn person(&self) -> PersonId {
        self.identified.caller.person
    }

    /// As whom access is decided.
    pub(super) fn caller(&self) -> &access::Caller {
        &self.identified.caller
    }

    /// The URLs of an organization, as seen from where the request came to.
    pub(super) fn urls<'a>(&'a self, organization: &'a Organization) -> Urls<'a> {
        Urls::new(&self.origin.url, organization)
    }

    /// To what is the person's own.
    pub(super) async fn own(&self) -> Result<Access, ApiError> {
        let older = self.caller().app.is_some_and(|app| app.legacy.is_some());
        let facts = if older { self.app.store.organizations_of(self.person()).await? } else { Vec::new() };
        let organizations: Vec<&Organization> = facts.iter().map(|facts| &facts.organization).collect();
        let access = access::decide(self.caller(), Resource::Own(&organizations), self.action)?;
        self.acted(None);
        Ok(access)
    }

    /// Into the organization that the path names.
    pub(super) async fn organization(&self) -> Result<InOrganization, ApiError> {
        let inside = self.on_the_way().await?;
        self.acted(None);
        Ok(inside)
    }

    /// Into the organization that the path names, on the way to things in its projects. Where the caller acted is noted when
    /// they are found.
    pub(super) async fn on_the_way(&self) -> Result<InOrganization, ApiError> {
        let found = self.find_organization().await?;
        let access = access::to_organization(self.caller(), found.within(), self.action)?;
        self.identified.entered(&self.visit, access.organization());
        Ok(InOrganization { access, facts: found.facts()?.clone(), found })
    }

    /// Into the project that the path names.
    pub(super) async fn project(&self) -> Result<InProject, ApiError> {
        self.project_named(self.named("project"), self.action).await
    }

    /// Into the project that the path names, to do something else than the table says.
    pub(super) async fn project_for(&self, action: Action) -> Result<InProject, ApiError> {
        self.project_named(self.named("project"), action).await
    }

    async fn project_named(&self, name: &str, action: Action) -> Result<InProject, ApiError> {
        let found = self.find_organization().await?;
        let project = found.facts.as_ref().and_then(|facts| facts.project(name));
        let access = access::to_project(self.caller(), found.within(), Asked::new(name, project), action)?;
        self.acted(Some(&access));
        self.identified.entered(&self.visit, access.organization());
        let facts = found.facts()?.clone();
        let project = project.cloned().ok_or_else(vanished)?;
        Ok(InProject { access, facts, project, found })
    }

    /// Into the repository that the path names, in the project that the path names; without one the repository goes by its id.
    pub(super) async fn repository(&self) -> Result<InRepository, ApiError> {
        let (project, repository) = (self.path.get("project"), self.named("repository"));
        self.repository_named(project, repository, self.action).await
    }

    /// Into a repository, to do something there.
    pub(super) async fn repository_named(
        &self,
        project: Option<&str>,
        name: &str,
        action: Action,
    ) -> Result<InRepository, ApiError> {
        let found = self.find_organization().await?;
        let entered = enter_repository(self.caller(), &found, project, name, action)?;
        self.identified.entered(&self.visit, entered.access.organization());
        self.identified.used(&self.visit, action, Some((entered.access.organization(), entered.project.id)));
        Ok(entered)
    }

    /// Whether the caller may do this route's action in a project that was found on the way.
    pub(super) fn enter(&self, inside: &InOrganization, project: &Project) -> Result<ProjectAccess, Refusal> {
        self.enter_for(inside, project, self.action)
    }

    /// Whether the caller may do something in a project that was found on the way.
    pub(super) fn enter_for(
        &self,
        inside: &InOrganization,
        project: &Project,
        action: Action,
    ) -> Result<ProjectAccess, Refusal> {
        let asked = Asked::new(project.name.as_str(), Some(project));
        access::to_project(self.caller(), inside.found.within(), asked, action)
    }

    /// Whether the caller may do this route's action in a repository that was found on the way.
    pub(super) fn enter_repository(
        &self,
        inside: &InOrganization,
        project: &Project,
        repository: &Repository,
    ) -> Result<RepositoryAccess, Refusal> {
        let asked = Asked::new(project.name.as_str(), Some(project));
        let repository = Asked::new(repository.name.as_str(), Some(repository));
        access::to_repository(self.caller(), inside.found.within(), asked, repository, self.action)
    }

    /// Into a repository that was found on the way; nothing if it is not there any more.
    pub(super) fn repository_found(
        &self,
        inside: &InOrganization,
        id: RepositoryId,
    ) -> Result<Option<InRepository>, Refusal> {
        let facts = &inside.facts;
        let Some(repository) = facts.repository_by_id(id) else { return Ok(None) };
        let Some(project) = facts.project_by_id(repository.project) else { return Ok(None) };
        let access = self.enter_repository(inside, project, repository)?;
        self.identified.used(&self.visit, self.action, Some((access.organization(), project.id)));
        let (project, repository) = (project.clone(), repository.clone());
        Ok(Some(InRepository { access, facts: facts.clone(), project, repository }))
    }

    /// Notes in which project the caller acted, where that comes out on the way.
    pub(super) fn acted_in(&self, access: &ProjectAccess) {
        self.acted(Some(access));
    }

    fn acted(&self, access: Option<&ProjectAccess>) {
        let action = access.map_or(self.action, ProjectAccess::action);
        self.identified.used(&self.visit, action, access.map(|access| (access.organization(), access.project())));
    }

    async fn find_organization(&self) -> Result<FoundOrganization, ApiError> {
        Ok(FoundOrganization::find(&self.app, self.named("organization"), self.person()).await?)
    }
}

impl InProject {
    /// The organization around it, for what reaches beyond the project.
    pub(super) fn around(self, call: &Call) -> Result<InOrganization, ApiError> {
        let access = access::to_organization(call.caller(), self.found.within(), call.action)?;
        Ok(InOrganization { access, facts: self.facts, found: self.found })
    }
}

impl Identified {
    /// Notes what an authorization was used for, in memory: last uses ride along later. An app by itself has none.
    fn used(&self, visit: &Visit, action: Action, project: Option<(OrganizationId, ProjectId)>) {
        if let Some(bearer) = self.holder.person() {
            let given = (bearer.authorization.id, bearer.authorization.client);
            visit.app.uses.acted(given, action.description(), project, visit.now, visit.address);
        }
    }

    /// Notes that an app acted by itself in an organization, likewise.
    fn entered(&self, visit: &Visit, organization: OrganizationId) {
        if self.holder.person().is_none() {
            visit.app.uses.acted_by_itself(organization, self.caller.person, visit.now, visit.address);
        }
    }
}

/// Decides whether a caller may do something in a repository.
pub(super) fn enter_repository(
    caller: &access::Caller,
    found: &FoundOrganization,
    project: Option<&str>,
    name: &str,
    action: Action,
) -> Result<InRepository, ApiError> {
    let facts = found.facts.as_ref();
    let repository = facts.and_then(|facts| match project {
        Some(project) => facts.repository(facts.project(project)?.id, name),
        None => uuid::Uuid::try_parse(name).ok().and_then(|id| facts.repository_by_id(id.into())),
    });
    let found_project = match (repository, project) {
        (Some(repository), _) => facts.and_then(|facts| facts.project_by_id(repository.project)),
        (None, Some(project)) => facts.and_then(|facts| facts.project(project)),
        (None, None) => None,
    };
    let asked = Asked::new(project.unwrap_or_default(), found_project);
    let access = access::to_repository(caller, found.within(), asked, Asked::new(name, repository), action)?;
    let facts = found.facts()?.clone();
    let (project, repository) = (found_project.cloned(), repository.cloned());
    let (Some(project), Some(repository)) = (project, repository) else { return Err(vanished()) };
    Ok(InRepository { access, facts, project, repository })
}

/// A proof speaks of something that is there; that it is not cannot be.
fn vanished() -> ApiError {
    ApiError::Bug("access was proven to a thing that is not there".to_owned())
}
