//! What a caller may want to do, and what each of it needs.

use crate::access_level::AccessLevel;
use crate::scope::Scope;

/// What a caller wants to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// See one's own profile.
    ReadProfile,
    /// See which organizations one belongs to.
    ListOrganizations,
    /// Renew the secrets of services that one registered.
    RenewSecrets,
    /// Learn who one is at an organization (`connectionData`).
    Connect,
    /// See which projects of an organization one can reach.
    ListProjects,
    /// See a project and its teams.
    ReadProject,
    /// Change a project's name or description.
    UpdateProject,
    /// Create and delete projects.
    ManageProjects,
    /// Read work items, their history and comments.
    ReadWorkItems,
    /// Create and change work items, comment on them.
    EditWorkItems,
    /// Move work items to the recycle bin.
    DeleteWorkItems,
    /// Read source code, commits and refs; clone.
    ReadCode,
    /// Push; create branches and tags.
    WriteCode,
    /// Rewrite or discard history on the server.
    ForcePush,
    /// Create, rename, delete repositories.
    ManageRepositories,
    /// Read pull requests.
    ReadPullRequests,
    /// Open, change and review pull requests.
    WritePullRequests,
    /// Read the statuses of commits and pull requests.
    ReadStatuses,
    /// Post a status on a commit or a pull request.
    WriteStatuses,
    /// See builds, definitions, timelines and logs.
    ReadBuilds,
    /// Queue a build.
    QueueBuilds,
    /// Report progress and result of a build.
    UpdateBuilds,
    /// Tag a build, keep it.
    TagBuilds,
    /// Create and change build definitions.
    DefineBuilds,
    /// Change the organization's policies and members.
    AdministerOrganization,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 25] = [
        Self::ReadProfile,
        Self::ListOrganizations,
        Self::RenewSecrets,
        Self::Connect,
        Self::ListProjects,
        Self::ReadProject,
        Self::UpdateProject,
        Self::ManageProjects,
        Self::ReadWorkItems,
        Self::EditWorkItems,
        Self::DeleteWorkItems,
        Self::ReadCode,
        Self::WriteCode,
        Self::ForcePush,
        Self::ManageRepositories,
        Self::ReadPullRequests,
        Self::WritePullRequests,
        Self::ReadStatuses,
        Self::WriteStatuses,
        Self::ReadBuilds,
        Self::QueueBuilds,
        Self::UpdateBuilds,
        Self::TagBuilds,
        Self::DefineBuilds,
        Self::AdministerOrganization,
    ];

    /// The scopes of which any one is enough. Empty: any token will do.
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::ReadProfile | Self::ListOrganizations => &[Scope::Profile],
            Self::RenewSecrets => &[Scope::Tokens],
            Self::Connect => &[],
            Self::ListProjects | Self::ReadProject => &[Scope::Project, Scope::Profile],
            Self::UpdateProject => &[Scope::ProjectWrite],
            Self::ManageProjects => &[Scope::ProjectManage],
            Self::ReadWorkItems => &[Scope::WorkRead],
            Self::EditWorkItems => &[Scope::WorkWrite],
            Self::DeleteWorkItems => &[Scope::WorkWrite],
            Self::ReadCode | Self::ReadPullRequests => &[Scope::CodeRead],
            Self::WriteCode | Self::ForcePush | Self::WritePullRequests => &[Scope::CodeWrite],
            Self::ManageRepositories => &[Scope::CodeManage],
            Self::ReadStatuses => &[Scope::CodeRead, Scope::CodeStatus],
            Self::WriteStatuses => &[Scope::CodeStatus, Scope::CodeWrite],
            Self::ReadBuilds => &[Scope::BuildRead],
            Self::QueueBuilds | Self::UpdateBuilds | Self::TagBuilds | Self::DefineBuilds => &[Scope::BuildExecute],
            Self::AdministerOrganization => &[Scope::UserImpersonation],
        }
    }

    /// The lowest access level that can do it.
    pub(crate) fn least_access_level(self) -> AccessLevel {
        match self {
            Self::ReadProfile
            | Self::ListOrganizations
            | Self::RenewSecrets
            | Self::Connect
            | Self::ListProjects
            | Self::ReadProject
            | Self::UpdateProject
            | Self::ManageProjects
            | Self::ReadWorkItems
            | Self::EditWorkItems
            | Self::ReadBuilds
            | Self::AdministerOrganization => AccessLevel::Stakeholder,
            Self::DeleteWorkItems
            | Self::ReadCode
            | Self::WriteCode
            | Self::ForcePush
            | Self::ManageRepositories
            | Self::ReadPullRequests
            | Self::WritePullRequests
            | Self::ReadStatuses
            | Self::WriteStatuses
            | Self::QueueBuilds
            | Self::UpdateBuilds
            | Self::TagBuilds
            | Self::DefineBuilds => AccessLevel::Basic,
        }
    }

    /// Whether it is about builds.
    pub(crate) fn is_of_builds(self) -> bool {
        matches!(self, Self::ReadBuilds | Self::QueueBuilds | Self::UpdateBuilds | Self::TagBuilds | Self::DefineBuilds)
    }

    /// What it does, to complete "You may not …".
    pub fn description(self) -> &'static str {
        match self {
            Self::ReadProfile => "read the profile",
            Self::ListOrganizations => "list organizations",
            Self::RenewSecrets => "renew secrets",
            Self::Connect => "connect to the organization",
            Self::ListProjects => "list projects",
            Self::ReadProject => "view the project",
            Self::UpdateProject => "change the project",
            Self::ManageProjects => "create or delete projects",
            Self::ReadWorkItems => "view work items",
            Self::EditWorkItems => "edit work items",
            Self::DeleteWorkItems => "delete work items",
            Self::ReadCode => "read source code",
            Self::WriteCode => "push source code",
            Self::ForcePush => "force a push",
            Self::ManageRepositories => "create, rename or delete repositories",
            Self::ReadPullRequests => "read pull requests",
            Self::WritePullRequests => "contribute to pull requests",
            Self::ReadStatuses => "read statuses",
            Self::WriteStatuses => "post statuses",
            Self::ReadBuilds => "view builds",
            Self::QueueBuilds => "queue builds",
            Self::UpdateBuilds => "update build information",
            Self::TagBuilds => "edit build quality",
            Self::DefineBuilds => "define builds",
            Self::AdministerOrganization => "administer the organization",
        }
    }

    /// The name of the git permission, where git's own message names one.
    pub(crate) fn git_permission(self) -> Option<&'static str> {
        match self {
            Self::ReadCode | Self::ReadPullRequests | Self::ReadStatuses => Some("Read"),
            Self::WriteCode => Some("GenericContribute"),
            Self::WritePullRequests => Some("PullRequestContribute"),
            Self::WriteStatuses => Some("GenericContribute"),
            Self::ForcePush => Some("ForcePush"),
            Self::ManageRepositories => Some("CreateRepository"),
            _ => None,
        }
    }
}
