//! What was found before it was known whether the caller may see it.

use latchkey_devops::access::{ProjectAccess, RepositoryAccess};
use latchkey_devops::ids::{OrganizationId, ProjectId, RepositoryId};

/// A thing that was found by its number alone. It tells where it is, so that access to that place can be decided, and
/// comes out only against the proof.
#[derive(Clone, PartialEq, Debug)]
pub struct Unproven<T, Place = ProjectId> {
    organization: OrganizationId,
    project: ProjectId,
    place: Place,
    thing: T,
}

impl<T, Place> Unproven<T, Place> {
    /// The project it is in.
    pub const fn project(&self) -> ProjectId {
        self.project
    }
}

impl<T> Unproven<T> {
    pub(crate) const fn in_project(organization: OrganizationId, project: ProjectId, thing: T) -> Self {
        Self { organization, project, place: project, thing }
    }

    /// The thing, for whoever may enter its project.
    pub fn prove(self, access: &ProjectAccess) -> Option<T> {
        let here = (self.organization, self.place) == (access.organization(), access.project());
        here.then_some(self.thing)
    }
}

impl<T> Unproven<T, RepositoryId> {
    pub(crate) const fn in_repository(
        organization: OrganizationId,
        project: ProjectId,
        repository: RepositoryId,
        thing: T,
    ) -> Self {
        Self { organization, project, place: repository, thing }
    }

    /// The repository it is in.
    pub const fn repository(&self) -> RepositoryId {
        self.place
    }

    /// The thing, for whoever may enter its repository.
    pub fn prove(self, access: &RepositoryAccess) -> Option<T> {
        let here = (self.organization, self.project, self.place)
            == (access.organization(), access.project(), access.repository());
        here.then_some(self.thing)
    }
}
