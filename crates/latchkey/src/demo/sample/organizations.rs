//! The organizations of the sample, their projects, and who belongs where.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use latchkey_devops::access::{self, Action, Asked, Caller, InOrganization, ProjectAccess, RepositoryAccess, Standing};
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::{OrganizationGroup, ProjectGroup};
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId, TeamId};
use latchkey_devops::membership::Member;
use latchkey_devops::name::{OrganizationName, ProjectName};
use latchkey_devops::organization::Organization;
use latchkey_devops::policy::OrganizationPolicy;
use latchkey_devops::project::Project;
use latchkey_identity::Timestamp;
use latchkey_identity::client::ClientId;
use latchkey_store::Store;
use latchkey_store::devops::{Author, OrganizationFacts, members, organizations, projects};
use latchkey_web::identity::offer::as_service;

use super::people::{self, ANA, BEN, CY, DEE, EVE, MAX, PAT, Somebody};
use super::{SampleError, apps, id, older_apps};

/// The organization that everything happens in.
pub(crate) const HARBOR: &str = "harbor";
/// The other tenant's organization.
pub(crate) const SHORE: &str = "shore";
/// The project of harbor that most people are in.
pub(crate) const LIGHTHOUSE: &str = "lighthouse";
/// The project of harbor that Ben is not in.
pub(crate) const DRYDOCK: &str = "drydock";
/// The project of shore.
pub(crate) const BEACON: &str = "beacon";

/// Makes both organizations.
pub(crate) async fn make(store: &Store, now: Timestamp) -> Result<(), SampleError> {
    let lighthouse = (LIGHTHOUSE, "The light, the lens and the foghorn: everything that keeps ships off the rocks.");
    let drydock = (DRYDOCK, "Where hulls are mended. Not everybody has business here.");
    // Harbor has an app of the older OAuth kind, and has told everybody when that ends.
    let policy =
        OrganizationPolicy { legacy_apps: true, sunset: older_apps::sunset(now)?, ..OrganizationPolicy::default() };
    organization(store, HARBOR, people::harbor().0, &ANA, policy, &[lighthouse, drydock], now).await?;
    let (policy, beacon) = (OrganizationPolicy::default(), (BEACON, "A small light on the other side."));
    organization(store, SHORE, people::shore().0, &EVE, policy, &[beacon], now).await?;

    let harbor = facts(store, HARBOR).await?;
    let author = Author::person(ANA.person(), now);
    let administrators = OrganizationGroup::ProjectCollectionAdministrators;
    let everybody = [
        member(&MAX, AccessLevel::Basic, Some(administrators), &[LIGHTHOUSE, DRYDOCK]),
        member(&BEN, AccessLevel::Basic, None, &[LIGHTHOUSE]),
        member(&CY, AccessLevel::Stakeholder, None, &[LIGHTHOUSE]),
        member(&DEE, AccessLevel::Basic, None, &[]),
        member(&PAT, AccessLevel::Basic, Some(administrators), &[LIGHTHOUSE, DRYDOCK]),
    ];
    for member in everybody {
        store.commit(members::add(&harbor.organization, &member, &author)).await?;
    }
    let readers = BTreeSet::from([ProjectGroup::Readers]);
    let night_watch = PersonId(id(apps::NIGHT_WATCH));
    let registered = store.client(ClientId(night_watch.0)).await?;
    let night_watch = Member {
        person: night_watch,
        service: registered.as_deref().map(as_service),
        access_level: AccessLevel::Basic,
        groups: BTreeSet::new(),
        projects: [LIGHTHOUSE, DRYDOCK].map(|project| (project_id(project), readers.clone())).into(),
    };
    store.commit(members::add(&harbor.organization, &night_watch, &author)).await?;
    Ok(())
}

async fn organization(
    store: &Store,
    name: &str,
    tenant: uuid::Uuid,
    owner: &Somebody,
    policy: OrganizationPolicy,
    with_projects: &[(&str, &str)],
    now: Timestamp,
) -> Result<(), SampleError> {
    let author = Author::person(owner.person(), now);
    let organization = Organization {
        id: OrganizationId(id(name)),
        tenant,
        name: OrganizationName::parse(name).map_err(|error| SampleError::Rule(error.to_string()))?,
        owner: owner.person(),
        policy,
    };
    let first = member(owner, AccessLevel::Basic, None, &[]);
    store.commit(organizations::create(&organization, &first, &author)).await?;
    for (project, description) in with_projects {
        let project = Project {
            id: project_id(project),
            organization: organization.id,
            name: ProjectName::parse(project).map_err(|error| SampleError::Rule(error.to_string()))?,
            description: (*description).to_owned(),
            revision: 1,
            updated_at: now,
            default_team: TeamId(id(&format!("{project} team"))),
        };
        store.commit(projects::create(&*facts(store, name).await?, &project, &author)).await?;
        let groups = BTreeSet::from([ProjectGroup::ProjectAdministrators]);
        store.commit(members::add_to_project(&organization, owner.person(), project.id, &groups, &author)).await?;
    }
    Ok(())
}

fn member(
    somebody: &Somebody,
    access_level: AccessLevel,
    group: Option<OrganizationGroup>,
    projects: &[&str],
) -> Member {
    let contributor = BTreeSet::from([ProjectGroup::Contributors]);
    let projects: BTreeMap<_, _> = projects.iter().map(|name| (project_id(name), contributor.clone())).collect();
    Member { person: somebody.person(), service: None, access_level, groups: group.into_iter().collect(), projects }
}

/// The id of a project of the sample.
pub(crate) fn project_id(name: &str) -> ProjectId {
    ProjectId(id(&format!("{name} project")))
}

/// An organization of the sample as it is now.
pub(crate) async fn facts(store: &Store, name: &str) -> Result<Arc<OrganizationFacts>, SampleError> {
    store.organization(name).await?.ok_or(SampleError::Missing("an organization"))
}

/// Somebody of the sample at work in a project, by the product's own decision.
pub(crate) struct AtWork {
    /// The organization.
    pub(crate) facts: Arc<OrganizationFacts>,
    /// The project.
    pub(crate) project: Project,
    member: Arc<Member>,
}

impl AtWork {
    /// The owner of an organization, at work in one of its projects.
    pub(crate) async fn of_owner(store: &Store, organization: &str, project: &str) -> Result<Self, SampleError> {
        let facts = facts(store, organization).await?;
        let owner = facts.organization.owner;
        let member = store.member(facts.id(), owner).await?.ok_or(SampleError::Missing("an owner"))?;
        let project = facts.project(project).cloned().ok_or(SampleError::Missing("a project"))?;
        Ok(Self { facts, project, member })
    }

    /// The proof that they may do this in the project.
    pub(crate) fn may(&self, action: Action) -> Result<ProjectAccess, SampleError> {
        let project = Asked::new(self.project.name.as_str(), Some(&self.project));
        Ok(access::to_project(&self.caller(), self.within(), project, action)?)
    }

    /// The proof that they may do this in a repository of the project.
    pub(crate) fn may_in(&self, repository: &str, action: Action) -> Result<RepositoryAccess, SampleError> {
        let project = Asked::new(self.project.name.as_str(), Some(&self.project));
        let found = self.facts.repository(self.project.id, repository);
        let repository = Asked::new(repository, found);
        Ok(access::to_repository(&self.caller(), self.within(), project, repository, action)?)
    }

    fn caller(&self) -> Caller {
        Caller::in_person(self.member.person, Standing::Live)
    }

    fn within(&self) -> InOrganization<'_> {
        let organization = &self.facts.organization;
        InOrganization::new(organization.name.as_str(), Some(organization), Some(&self.member))
    }
}
