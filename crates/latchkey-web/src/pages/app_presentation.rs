//! What an app shows of itself to people, as its form shows it.

use latchkey_identity::client::Metadata;

/// An address that an app gives people. The form posts to `/apps/{client_id}/presentation`.
pub struct AddressField {
    /// The registered name of the setting, which is the name of the field.
    pub name: &'static str,
    /// What is there.
    pub label: &'static str,
    /// The address.
    pub address: String,
}

/// The fields of what is registered, or of what was typed.
pub fn fields(metadata: &Metadata) -> Vec<AddressField> {
    let field = |name, label, address: &Option<String>| AddressField {
        name,
        label,
        address: address.clone().unwrap_or_default(),
    };
    vec![
        field("client_uri", "Its web site", &metadata.client_uri),
        field("logo_uri", "Its logo", &metadata.logo_uri),
        field("policy_uri", "Its privacy policy", &metadata.policy_uri),
        field("tos_uri", "Its terms of service", &metadata.tos_uri),
    ]
}
