//! Who asks, with which credential.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_jose::Timestamp;
use uuid::Uuid;

use crate::ids::{AppId, OrganizationId, PersonId, ProjectId, RepositoryId};
use crate::scope::{Scope, Scopes};

/// A person who asks, themselves or through an app they authorized; or an app that asks by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Whose rights count. An app that asks by itself is known by its own id.
    pub person: PersonId,
    /// The app that asks in their name; `None` when they ask themselves, at our own pages.
    pub app: Option<CallingApp>,
    /// The apps that the token was handed on to, which act in place of `app`.
    pub actors: Vec<AppId>,
    /// Whether the credential still counts.
    pub standing: Standing,
    /// What the token was issued for.
    pub token_scopes: Scopes,
    /// What the authorization behind it approves now. It may have been narrowed since the token was issued.
    pub authorized_scopes: Scopes,
    /// Where the authorization reaches now.
    pub limits: Limits,
}

/// The app through which a person asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallingApp {
    /// Its id.
    pub id: AppId,
    /// The moment of the call if it is of the older OAuth kind, whose time may be over.
    pub legacy: Option<Timestamp>,
    /// The tenant whose token it shows if it asks by itself, with nobody behind it: the rights that count are those that
    /// organizations of this tenant gave it.
    pub itself: Option<Uuid>,
}

/// Whether a credential still counts, and if not, what ended it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Standing {
    /// It counts.
    Live,
    /// Its time is over.
    Expired,
    /// The authorization behind it was revoked or has ended.
    AuthorizationEnded,
    /// The token itself was revoked.
    TokenRevoked,
    /// The person's account is disabled or gone.
    AccountDisabled,
    /// The app was suspended or deleted.
    AppSuspended,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 6] = [
        Self::Live,
        Self::Expired,
        Self::AuthorizationEnded,
        Self::TokenRevoked,
        Self::AccountDisabled,
        Self::AppSuspended,
    ];
}

/// Where an authorization reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Limits {
    /// Wherever the person can.
    Everywhere,
    /// Only in the chosen organizations.
    Chosen(BTreeMap<OrganizationId, ProjectLimits>),
}

/// Where an authorization reaches within an organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProjectLimits {
    /// In every project, those to come included.
    All,
    /// Only in the chosen projects.
    Chosen(BTreeMap<ProjectId, RepositoryLimits>),
}

/// Which repositories of a project an authorization reaches. Work items and builds of the project are reached anyway,
/// if the scopes name them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RepositoryLimits {
    /// Every repository, those to come included.
    All,
    /// Only the chosen repositories.
    Chosen(BTreeSet<RepositoryId>),
}

impl Caller {
    /// A person at our own pages: no app in between, so nothing but their own rights bounds them.
    pub fn in_person(person: PersonId, standing: Standing) -> Self {
        Self {
            person,
            app: None,
            actors: Vec::new(),
            standing,
            token_scopes: Scopes::EVERYTHING,
            authorized_scopes: Scopes::EVERYTHING,
            limits: Limits::Everywhere,
        }
    }

    /// An app that asks by itself: with what its token and its registration cover, wherever organizations of `tenant` let it in.
    pub fn app_itself(app: AppId, tenant: Uuid, token_scopes: Scopes, registered: Scopes) -> Self {
        Self {
            person: PersonId(app.0),
            app: Some(CallingApp { id: app, legacy: None, itself: Some(tenant) }),
            actors: Vec::new(),
            standing: Standing::Live,
            token_scopes,
            authorized_scopes: registered,
            limits: Limits::Everywhere,
        }
    }

    /// The tenant whose token it shows, if it is an app that asks by itself.
    pub fn itself(&self) -> Option<Uuid> {
        self.app.and_then(|app| app.itself)
    }

    /// Whether token and authorization both cover a scope now.
    pub fn has(&self, scope: Scope) -> bool {
        self.token_scopes.implies(scope) && self.authorized_scopes.implies(scope)
    }
}

impl Limits {
    /// Whether the authorization reaches into an organization at all.
    pub fn reach_organization(&self, organization: OrganizationId) -> bool {
        self.within(organization).is_some()
    }

    /// Whether it reaches everything in an organization, projects to come included.
    pub fn reach_all_of(&self, organization: OrganizationId) -> bool {
        matches!(self.within(organization), Some(ProjectLimits::All))
    }

    /// Whether it reaches into a project.
    pub fn reach_project(&self, organization: OrganizationId, project: ProjectId) -> bool {
        self.within_project(organization, project).is_some()
    }

    /// Whether it reaches every repository of a project, those to come included.
    pub fn reach_all_repositories(&self, organization: OrganizationId, project: ProjectId) -> bool {
        matches!(self.within_project(organization, project), Some(RepositoryLimits::All))
    }

    /// Whether it reaches a repository.
    pub fn reach_repository(&self, organization: OrganizationId, project: ProjectId, repository: RepositoryId) -> bool {
        match self.within_project(organization, project) {
            None => false,
            Some(RepositoryLimits::All) => true,
            Some(RepositoryLimits::Chosen(repositories)) => repositories.contains(&repository),
        }
    }

    /// What bounds it within an organization; `None` if it does not reach into it.
    fn within(&self, organization: OrganizationId) -> Option<&ProjectLimits> {
        match self {
            Self::Everywhere => Some(&ProjectLimits::All),
            Self::Chosen(chosen) => chosen.get(&organization),
        }
    }

    /// What bounds it within a project; `None` if it does not reach into it.
    fn within_project(&self, organization: OrganizationId, project: ProjectId) -> Option<&RepositoryLimits> {
        match self.within(organization)? {
            ProjectLimits::All => Some(&RepositoryLimits::All),
            ProjectLimits::Chosen(projects) => projects.get(&project),
        }
    }
}
