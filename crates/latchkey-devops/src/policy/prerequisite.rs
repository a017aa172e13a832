//! What it takes to authorize a service for an organization, and what to do where it is missing.

use std::fmt;

use latchkey_jose::Timestamp;

use crate::access_level::AccessLevel;
use crate::date;
use crate::name::OrganizationName;

/// What a person lacks to authorize a service for an organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MissingPrerequisite {
    /// Which prerequisite.
    pub prerequisite: Prerequisite,
    /// For which organization.
    pub organization: OrganizationName,
}

/// The prerequisites for authorizing a service for an organization.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Prerequisite {
    /// To belong to the organization.
    OrganizationMember,
    /// To belong to one of its projects.
    ProjectMember,
    /// To have at least Basic access.
    BasicAccess {
        /// What the person has.
        present: AccessLevel,
    },
    /// To be in Project Collection Administrators.
    Administrator,
    /// To have an administrator's approval.
    AdministratorApproval,
    /// The organization lets its people authorize services.
    AllowedByPolicy,
    /// The organization lets services in.
    ThirdPartyApps,
    /// The organization has not stopped this service.
    AppNotBlocked,
    /// The organization lets services of the older kind in.
    LegacyApps,
    /// The service was taken over for this organization.
    LegacyAppImported,
    /// The organization's end of the older kind is yet to come.
    BeforeSunset {
        /// When it was.
        end: Timestamp,
    },
}

impl Prerequisite {
    /// A stable word for logs, audit and error pages.
    pub fn code(self) -> &'static str {
        match self {
            Self::OrganizationMember => "organization_member",
            Self::ProjectMember => "project_member",
            Self::BasicAccess { .. } => "basic_access",
            Self::Administrator => "administrator",
            Self::AdministratorApproval => "administrator_approval",
            Self::AllowedByPolicy => "allowed_by_policy",
            Self::ThirdPartyApps => "third_party_apps",
            Self::AppNotBlocked => "app_not_blocked",
            Self::LegacyApps => "legacy_apps",
            Self::LegacyAppImported => "legacy_app_imported",
            Self::BeforeSunset { .. } => "before_sunset",
        }
    }
}

impl MissingPrerequisite {
    /// What is missing, as a sentence.
    pub fn what(&self) -> String {
        let organization = &self.organization;
        match self.prerequisite {
            Prerequisite::OrganizationMember => format!("You do not belong to {organization}."),
            Prerequisite::ProjectMember => format!("You are not a member of a project in {organization}."),
            Prerequisite::BasicAccess { present } => {
                format!("Your access level in {organization} is {present}; it takes at least Basic.")
            }
            Prerequisite::Administrator => {
                format!("You are not in Project Collection Administrators of {organization}.")
            }
            Prerequisite::AdministratorApproval => {
                format!("In {organization} an administrator must approve each service first.")
            }
            Prerequisite::AllowedByPolicy => format!("In {organization} nobody may authorize services."),
            Prerequisite::ThirdPartyApps => format!("{organization} lets no services in."),
            Prerequisite::AppNotBlocked => format!("{organization} has stopped this service for everybody."),
            Prerequisite::LegacyApps => format!("{organization} lets no services of the older OAuth kind in."),
            Prerequisite::LegacyAppImported => {
                format!("This service of the older OAuth kind was not taken over for {organization}.")
            }
            Prerequisite::BeforeSunset { end } => {
                format!("{organization} lets no services of the older OAuth kind in since {}.", date::field(end))
            }
        }
    }

    /// What to do about it, as a sentence, with whom to ask. `administrators` are the organization's, by name.
    pub fn what_to_do(&self, administrators: &[String]) -> String {
        let whom = Whom { names: administrators, organization: &self.organization };
        match self.prerequisite {
            Prerequisite::OrganizationMember => format!("Ask {whom} to add you."),
            Prerequisite::ProjectMember => format!("Ask {whom} to add you to a project."),
            Prerequisite::BasicAccess { .. } => format!("Ask {whom} to give you Basic access."),
            Prerequisite::Administrator => format!("Ask {whom} to authorize the service, or to add you to the group."),
            Prerequisite::AdministratorApproval => format!("Ask {whom} to approve it."),
            Prerequisite::AllowedByPolicy | Prerequisite::ThirdPartyApps => {
                format!("Ask {whom} whether the policy can be changed.")
            }
            Prerequisite::AppNotBlocked => format!("Ask {whom} why."),
            Prerequisite::LegacyApps => format!("Ask {whom} whether the policy can be changed."),
            Prerequisite::LegacyAppImported | Prerequisite::BeforeSunset { .. } => {
                "Ask whoever runs the service to move it to the identity platform: it goes on there with your approval."
                    .into()
            }
        }
    }
}

struct Whom<'a> {
    names: &'a [String],
    organization: &'a OrganizationName,
}

impl fmt::Display for Whom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names {
            [] => write!(f, "an administrator of {}", self.organization),
            [one] => write!(f, "{one}"),
            [one, other] => write!(f, "{one} or {other}"),
            [one, other, ..] => write!(f, "{one}, {other} or another administrator of {}", self.organization),
        }
    }
}
