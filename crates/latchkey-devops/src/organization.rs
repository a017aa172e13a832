//! Organizations.

use uuid::Uuid;

use crate::ids::{OrganizationId, PersonId};
use crate::name::OrganizationName;
use crate::policy::OrganizationPolicy;

/// An organization: where projects live. It belongs to a tenant and has one owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// The tenant it belongs to. Its members may come from others.
    pub tenant: Uuid,
    /// Its name, the first segment of its URLs.
    pub name: OrganizationName,
    /// Its one owner, who is in Project Collection Administrators by being the owner.
    pub owner: PersonId,
    /// What its administrators decided.
    pub policy: OrganizationPolicy,
}
