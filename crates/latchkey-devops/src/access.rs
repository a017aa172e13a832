//! THE decision: may this caller do this to this thing now?
//!
//! What a caller may do is an intersection: the scopes of the token and of the authorization behind it, the places that
//! the authorization reaches, the person's present membership, access level and permissions, and the organization's
//! policy. [`decide`] asks for each in a fixed order and answers with a proof, or with the first check that failed.
//! Nothing else makes proofs, and the store asks for them.

mod action;
mod caller;
mod checks;
mod refusal;
#[cfg(test)]
mod tests;

pub use action::Action;
pub use caller::{Caller, CallingApp, Limits, ProjectLimits, RepositoryLimits, Standing};
pub use refusal::{Check, Refusal};

use crate::ids::{OrganizationId, PersonId, ProjectId, RepositoryId};
use crate::membership::Member;
use crate::organization::Organization;
use crate::project::Project;
use crate::repository::Repository;
use checks::{
    absent, check_access_level, check_older_kind, check_organization, check_own, check_permission, check_policy,
    check_project, check_repository, check_scope, check_standing,
};

/// A thing as it was asked for, and what was found. What was not found is refused in the same words as what is hidden.
#[derive(Debug)]
pub struct Asked<'a, T> {
    /// The name or id in the request.
    pub name: &'a str,
    /// What it names, if anything.
    pub found: Option<&'a T>,
}

impl<T> Clone for Asked<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Asked<'_, T> {}

impl<'a, T> Asked<'a, T> {
    /// What a name in the request led to.
    pub fn new(name: &'a str, found: Option<&'a T>) -> Self {
        Self { name, found }
    }
}

/// An organization as it was asked for, with the caller's membership in it.
#[derive(Clone, Copy, Debug)]
pub struct InOrganization<'a> {
    /// The organization.
    pub organization: Asked<'a, Organization>,
    /// The caller's membership in it, if they have one.
    pub member: Option<&'a Member>,
}

impl<'a> InOrganization<'a> {
    /// An organization as it was asked for, with the caller's membership in it.
    pub fn new(name: &'a str, organization: Option<&'a Organization>, member: Option<&'a Member>) -> Self {
        Self { organization: Asked::new(name, organization), member }
    }
}

/// What a caller wants to do something to.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// What belongs to the person: their profile, the list of their organizations. With the organizations that they belong to, which decide
    /// whether a service of the older OAuth kind is let in at all; for everybody else none are needed.
    Own(&'a [&'a Organization]),
    /// The organization itself, or a first step towards things in several of its projects.
    Organization(InOrganization<'a>),
    /// A project, and the work items and builds in it.
    Project(InOrganization<'a>, Asked<'a, Project>),
    /// A repository, and what is in it.
    Repository(InOrganization<'a>, Asked<'a, Project>, Asked<'a, Repository>),
}

/// Proof that a caller may do something, somewhere. Only [`decide`] makes one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    person: PersonId,
    action: Action,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Own,
    Organization(OrganizationId),
    Project(OrganizationId, ProjectId),
    Repository(OrganizationId, ProjectId, RepositoryId),
}

impl Access {
    /// Who may.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// What they may do.
    pub fn action(&self) -> Action {
        self.action
    }
}

macro_rules! proofs {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty, $says:literal;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name {
            person: PersonId,
            action: Action,
            $($field: $type,)*
        }

        impl $name {
            /// Who may.
            pub fn person(&self) -> PersonId {
                self.person
            }

            /// What they may do.
            pub fn action(&self) -> Action {
                self.action
            }

            $(
                #[doc = $says]
                pub fn $field(&self) -> $type {
                    self.$field
                }
            )*
        }
    )*};
}

proofs! {
    /// Proof that a caller may do something in an organization. Only [`to_organization`] makes one.
    OrganizationAccess {
        organization: OrganizationId, "The organization.";
    }
    /// Proof that a caller may do something in a project. Only [`to_project`] makes one.
    ProjectAccess {
        organization: OrganizationId, "The organization.";
        project: ProjectId, "The project.";
    }
    /// Proof that a caller may do something in a repository. Only [`to_repository`] makes one.
    RepositoryAccess {
        organization: OrganizationId, "The organization.";
        project: ProjectId, "The project.";
        repository: RepositoryId, "The repository.";
    }
}

/// Decides whether a caller may do something in an organization.
pub fn to_organization(caller: &Caller, within: InOrganization, action: Action) -> Result<OrganizationAccess, Refusal> {
    let resource = Resource::Organization(within);
    let access = decide(caller, resource, action)?;
    match access.place {
        Place::Organization(organization) => Ok(OrganizationAccess { person: access.person, action, organization }),
        _ => Err(absent(&resource)),
    }
}

/// Decides whether a caller may do something in a project.
pub fn to_project(
    caller: &Caller,
    within: InOrganization,
    project: Asked<Project>,
    action: Action,
) -> Result<ProjectAccess, Refusal> {
    let resource = Resource::Project(within, project);
    let access = decide(caller, resource, action)?;
    match access.place {
        Place::Project(organization, project) => {
            Ok(ProjectAccess { person: access.person, action, organization, project })
        }
        _ => Err(absent(&resource)),
    }
}

/// Decides whether a caller may do something in a repository.
pub fn to_repository(
    caller: &Caller,
    within: InOrganization,
    project: Asked<Project>,
    repository: Asked<Repository>,
    action: Action,
) -> Result<RepositoryAccess, Refusal> {
    let resource = Resource::Repository(within, project, repository);
    let access = decide(caller, resource, action)?;
    match access.place {
        Place::Repository(organization, project, repository) => {
            Ok(RepositoryAccess { person: access.person, action, organization, project, repository })
        }
        _ => Err(absent(&resource)),
    }
}

/// Decides whether a caller may do something to a thing, now.
///
/// The checks run in the order of [`Check`], and the first that fails is the refusal. Who may not know of a thing gets
/// the answer for a thing that does not exist.
pub fn decide(caller: &Caller, resource: Resource, action: Action) -> Result<Access, Refusal> {
    check(caller, resource, action).map_err(|refusal| Refusal { action: Some(action), ..refusal })
}

fn check(caller: &Caller, resource: Resource, action: Action) -> Result<Access, Refusal> {
    check_standing(caller)?;
    check_scope(caller, action)?;
    let place = match resource {
        Resource::Own(organizations) => {
            check_own(caller, action)?;
            check_older_kind(caller, organizations)?;
            Place::Own
        }
        Resource::Organization(within) => {
            let (organization, member) = check_organization(caller, &resource, within, action)?;
            check_access_level(member, organization, action)?;
            check_permission(caller, member, organization, None, action)?;
            check_policy(caller, organization)?;
            Place::Organization(organization.id)
        }
        Resource::Project(within, project) => {
            let (organization, member) = check_organization(caller, &resource, within, action)?;
            let project = check_project(caller, &resource, organization, member, project, action)?;
            check_access_level(member, organization, action)?;
            check_permission(caller, member, organization, Some(project), action)?;
            check_policy(caller, organization)?;
            Place::Project(organization.id, project.id)
        }
        Resource::Repository(within, project, repository) => {
            let (organization, member) = check_organization(caller, &resource, within, action)?;
            let project = check_project(caller, &resource, organization, member, project, action)?;
            let repository = check_repository(caller, &resource, organization, project, repository)?;
            check_access_level(member, organization, action)?;
            check_permission(caller, member, organization, Some(project), action)?;
            check_policy(caller, organization)?;
            Place::Repository(organization.id, project.id, repository.id)
        }
    };
    Ok(Access { person: caller.person, action, place })
}
