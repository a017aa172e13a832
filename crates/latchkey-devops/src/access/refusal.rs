//! Why something may not be done, said twice: to whoever keeps the log, and to the caller.

use super::action::Action;
use crate::error::DevOpsError;
use crate::scope::Scope;

/// The checks of the decision, in the order they run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Check {
    /// Does the credential still count?
    Standing,
    /// Do token and authorization cover this kind of thing?
    Scope,
    /// Is there such a thing?
    Existence,
    /// Does the authorization reach this place?
    Limits,
    /// Does the person belong to the organization?
    OrganizationMembership,
    /// Does the person belong to the project?
    ProjectMembership,
    /// Does the person's licence let them use this?
    AccessLevel,
    /// Is one of the person's groups allowed this?
    Permission,
    /// Does the organization let this app in?
    OrganizationPolicy,
}

impl Check {
    /// A stable word for logs and audit.
    pub fn code(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Scope => "scope",
            Self::Existence => "existence",
            Self::Limits => "limits",
            Self::OrganizationMembership => "organization_membership",
            Self::ProjectMembership => "project_membership",
            Self::AccessLevel => "access_level",
            Self::Permission => "permission",
            Self::OrganizationPolicy => "organization_policy",
        }
    }
}

/// The first check that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Which check it was. Not for the caller, if the refusal hides something.
    pub check: Check,
    /// What failed and how to mend it, for the log and for the person's own pages.
    pub reason: String,
    /// Whether the caller must not learn that the thing exists. Then the answer is the one for a thing that does not.
    pub hidden: bool,
    /// What the caller wanted to do. [`decide`](super::decide) fills it in.
    pub action: Option<Action>,
    pub(super) error: DevOpsError,
}

impl Refusal {
    /// A refusal that the caller may know of: the reason is part of the answer.
    pub(super) fn open(check: Check, reason: String, error: DevOpsError) -> Self {
        Self { check, reason, hidden: false, action: None, error }
    }

    /// A refusal whose answer is the one for a thing that does not exist.
    pub(super) fn hidden(check: Check, reason: String, absent: DevOpsError) -> Self {
        Self { check, reason, hidden: true, action: None, error: absent }
    }

    /// The answer to the caller.
    pub fn into_error(self) -> DevOpsError {
        self.error
    }

    /// The same, to a caller who asked for something inside the place that was refused: if the place is hidden, the thing
    /// is simply not there. A work item asked for by its number alone is missed by its number.
    #[must_use]
    pub fn missed_as(self, absent: DevOpsError) -> Self {
        if self.hidden { Self { error: absent, ..self } } else { self }
    }

    /// Whether something is there that the caller was kept from, whatever they are told.
    pub fn keeps_out(&self) -> bool {
        self.check != Check::Existence
    }

    /// The answer to the caller.
    pub fn error(&self) -> &DevOpsError {
        &self.error
    }

    /// The scopes of which any one would have been enough, if that is what is missing.
    pub fn missing_scopes(&self) -> &'static [Scope] {
        self.error.missing_scopes
    }
}

impl From<Refusal> for DevOpsError {
    fn from(refusal: Refusal) -> Self {
        refusal.into_error()
    }
}
