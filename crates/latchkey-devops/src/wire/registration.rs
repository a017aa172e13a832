//! An app of the older OAuth kind, as the API shows it to its owner.

use serde::Serialize;
use uuid::Uuid;

use crate::date::WireDate;

/// A registration. Of its secrets only the one that was just made is in it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the model's")]
pub struct Registration {
    pub registration_id: Uuid,
    pub registration_name: String,
    pub registration_description: String,
    pub registration_location: String,
    pub organization_name: String,
    pub identity_id: Option<Uuid>,
    pub redirect_uris: Vec<String>,
    pub response_types: &'static str,
    pub scopes: String,
    pub client_type: &'static str,
    pub is_valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_version_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_valid_to: Option<WireDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternative_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternative_secret_version_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternative_secret_valid_to: Option<WireDate>,
}
