//! Clients: registered services. On pages they are called apps.

pub mod authentication;
pub mod client_metadata;
pub mod declaration;
pub mod dynamic;
pub mod exposed_api;
pub mod fapi2;
pub mod federated_credential;
pub mod identifier;
pub mod key;
pub mod logo;
pub mod logout_uris;
pub mod metadata;
pub mod metadata_document;
pub mod presentation;
pub mod published_keys;
pub mod redirect_uri;
pub mod registered_client;
pub mod registration;
pub mod rehearsal;
pub mod reserved_name;
pub mod secret;
pub mod sector;

pub use authentication::Authentication;
pub use federated_credential::FederatedCredential;
pub use identifier::{ClientIdentifier, DocumentUrl};
pub use key::ClientKey;
pub use logout_uris::LogoutUris;
pub use metadata::{Metadata, SubjectType};
pub use redirect_uri::RedirectUri;
pub use registered_client::{Client, ClientId, ClientKind, ClientState, Profile, Publisher};
pub use secret::ClientSecret;
