//! Organizations in the list of a person's own, which the wire calls accounts.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::ids::{OrganizationId, PersonId};
use crate::organization::Organization;
use crate::wire::Urls;

/// An organization.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub account_id: OrganizationId,
    /// Its name.
    pub account_name: String,
    /// Where it is.
    pub account_uri: String,
    /// Its owner.
    pub account_owner: PersonId,
    /// That it can be used.
    pub account_status: &'static str,
    /// That it is a work organization.
    pub account_type: &'static str,
    /// Its name, once more.
    pub organization_name: String,
    /// Nothing is kept beside it.
    pub properties: Map<String, Value>,
}

/// Shows an organization to one of its members.
pub fn account(origin: &str, organization: &Organization) -> Account {
    Account {
        account_id: organization.id,
        account_name: organization.name.to_string(),
        account_uri: format!("{}/", Urls::new(origin, organization).organization()),
        account_owner: organization.owner,
        account_status: "enabled",
        account_type: "organization",
        organization_name: organization.name.to_string(),
        properties: Map::new(),
    }
}
