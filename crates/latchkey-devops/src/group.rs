//! The groups that carry permissions.

use std::fmt;

use crate::access::Action;

/// A group of the whole organization.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OrganizationGroup {
    /// May do everything in the organization.
    ProjectCollectionAdministrators,
    /// May do everything with builds, in the projects they are in.
    ProjectCollectionBuildAdministrators,
}

/// A group of one project.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ProjectGroup {
    /// Look at everything.
    Readers,
    /// Work: edit work items, push code, run builds.
    Contributors,
    /// Administer builds, and push code.
    BuildAdministrators,
    /// Everything in the project.
    ProjectAdministrators,
}

impl OrganizationGroup {
    /// Every group.
    pub const ALL: [Self; 2] = [Self::ProjectCollectionAdministrators, Self::ProjectCollectionBuildAdministrators];

    /// Its name, on pages and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProjectCollectionAdministrators => "Project Collection Administrators",
            Self::ProjectCollectionBuildAdministrators => "Project Collection Build Administrators",
        }
    }

    /// Finds a group by its name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name().eq_ignore_ascii_case(name))
    }

    /// Whether being in this group is enough to do this.
    pub fn permits(self, action: Action) -> bool {
        match self {
            Self::ProjectCollectionAdministrators => true,
            Self::ProjectCollectionBuildAdministrators => {
                action == Action::ReadProject
                    || ProjectGroup::BuildAdministrators.permits(action) && action.is_of_builds()
            }
        }
    }
}

impl ProjectGroup {
    /// Every group.
    pub const ALL: [Self; 4] =
        [Self::Readers, Self::Contributors, Self::BuildAdministrators, Self::ProjectAdministrators];

    /// Its name, on pages and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Readers => "Readers",
            Self::Contributors => "Contributors",
            Self::BuildAdministrators => "Build Administrators",
            Self::ProjectAdministrators => "Project Administrators",
        }
    }

    /// Finds a group by its name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name().eq_ignore_ascii_case(name))
    }

    /// Whether being in this group of a project is enough to do this in the project.
    pub fn permits(self, action: Action) -> bool {
        use Action as A;
        match action {
            A::ReadProfile | A::ListOrganizations | A::Connect | A::ListProjects => true,
            A::ReadProject | A::ReadWorkItems | A::ReadCode | A::ReadStatuses | A::ReadPullRequests | A::ReadBuilds => {
                true
            }
            A::EditWorkItems | A::DeleteWorkItems => matches!(self, Self::Contributors | Self::ProjectAdministrators),
            A::WriteCode | A::WritePullRequests | A::WriteStatuses => self != Self::Readers,
            A::QueueBuilds | A::UpdateBuilds | A::TagBuilds | A::DefineBuilds => self != Self::Readers,
            A::ManageRepositories | A::UpdateProject => self == Self::ProjectAdministrators,
            // Rewriting history is nobody's by default; the organization's administrators may everything.
            A::ForcePush | A::ManageProjects | A::AdministerOrganization | A::RenewSecrets => false,
        }
    }
}

impl fmt::Display for OrganizationGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ProjectGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_look_contributors_work_and_administrators_administer() {
        use ProjectGroup::{BuildAdministrators, Contributors, ProjectAdministrators, Readers};
        assert!(Readers.permits(Action::ReadCode) && !Readers.permits(Action::WriteCode));
        assert!(Contributors.permits(Action::EditWorkItems) && !Contributors.permits(Action::ManageRepositories));
        assert!(
            BuildAdministrators.permits(Action::QueueBuilds) && !BuildAdministrators.permits(Action::EditWorkItems)
        );
        assert!(ProjectAdministrators.permits(Action::ManageRepositories));
    }

    #[test]
    fn a_project_administrator_may_whatever_any_group_of_the_project_may() {
        for action in Action::ALL {
            for group in ProjectGroup::ALL {
                assert!(!group.permits(action) || ProjectGroup::ProjectAdministrators.permits(action), "{action:?}");
            }
        }
    }

    #[test]
    fn groups_are_found_by_name() {
        for group in ProjectGroup::ALL {
            assert_eq!(ProjectGroup::from_name(&group.name().to_lowercase()), Some(group));
        }
        for group in OrganizationGroup::ALL {
            assert_eq!(OrganizationGroup::from_name(group.name()), Some(group));
        }
    }
}
