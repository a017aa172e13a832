//! Clients: registered services. On pages they are called apps.

pub mod credential;
pub mod redirect_uri;
pub mod registration;

pub use credential::ClientSecret;
pub use redirect_uri::RedirectUri;
pub use registration::{Client, ClientId, ClientKind, ClientState, Profile, Publisher};
