//! Who a client is connected as, as answers show it.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ids::{OrganizationId, PersonId};
use crate::membership::Person;
use crate::organization::Organization;
use crate::wire::identity::subject_descriptor;

/// What the service is, in location data.
const SERVICE_OWNER: &str = "00025394-6065-48ca-87d9-7f5672854ef7";

/// Who a client is connected as.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionData {
    /// Who signed in.
    pub authenticated_user: ConnectedUser,
    /// Whose rights count: the same.
    pub authorized_user: ConnectedUser,
    /// The organization.
    pub instance_id: OrganizationId,
    /// The server.
    pub deployment_id: Uuid,
    /// That the server is not on the caller's own machine.
    pub deployment_type: &'static str,
    /// Where things are; clients ask elsewhere.
    pub location_service_data: Value,
}

/// Somebody who is connected.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectedUser {
    /// Their id.
    pub id: PersonId,
    /// How older APIs name them.
    pub descriptor: String,
    /// How graph and identities APIs name them.
    pub subject_descriptor: String,
    /// The name they go by.
    pub provider_display_name: String,
    /// That they are there.
    pub is_active: bool,
    /// Their sign-in name.
    pub properties: Value,
    /// The version of this shape.
    pub resource_version: i64,
    /// That they are a person.
    pub meta_type_id: i64,
}

/// Shows who a client is connected as. Nobody in particular is shown to a caller without a credential.
pub fn connection_data(organization: &Organization, person: Option<&Person>) -> ConnectionData {
    let user = person.map_or_else(anonymous, |person| connected_user(organization, person));
    ConnectionData {
        authenticated_user: user.clone(),
        authorized_user: user,
        instance_id: organization.id,
        deployment_id: organization.id.0,
        deployment_type: "hosted",
        location_service_data: json!({
            "serviceOwner": SERVICE_OWNER,
            "defaultAccessMappingMoniker": "PublicAccessMapping",
            "lastChangeId": 1,
            "lastChangeId64": 1,
        }),
    }
}

fn connected_user(organization: &Organization, person: &Person) -> ConnectedUser {
    ConnectedUser {
        id: person.id,
        descriptor: format!(
            "Microsoft.IdentityModel.Claims.ClaimsIdentity;{}\\{}",
            organization.tenant, person.unique_name
        ),
        subject_descriptor: subject_descriptor(person.id, person.personal),
        provider_display_name: person.display_name.clone(),
        is_active: true,
        properties: json!({"Account": {"$type": "System.String", "$value": person.unique_name}}),
        resource_version: 2,
        meta_type_id: 0,
    }
}

fn anonymous() -> ConnectedUser {
    let id = PersonId(Uuid::from_u128(0xaaaa_aaaa_aaaa_aaaa_aaaa_aaaa_aaaa_aaaa));
    ConnectedUser {
        id,
        descriptor: "System:PublicAccess;aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa".to_owned(),
        subject_descriptor: subject_descriptor(id, false),
        provider_display_name: "Anonymous".to_owned(),
        is_active: false,
        properties: json!({}),
        resource_version: 2,
        meta_type_id: 0,
    }
}
