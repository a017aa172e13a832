//! Ids of people and things, each a type of its own, so that one cannot stand where another belongs.

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// A person, on the DevOps side. The same UUID as their account on the identity side.
    PersonId
    /// A request that an administrator approve an app.
    ApprovalRequestId
    /// A registered service, as it appears in a token. The client id of the identity side.
    AppId
    /// An organization: where projects live.
    OrganizationId
    /// A project of an organization: where work items, repositories and builds live.
    ProjectId
    /// A team of a project.
    TeamId
    /// A git repository of a project. It names the folder on disk; the repository's name never does.
    RepositoryId
}
