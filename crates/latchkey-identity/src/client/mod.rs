//! Clients: registered services. On pages they are called apps.

pub mod credential;
pub mod doors;
pub mod redirect_uri;
pub mod registration;
pub mod reserved_name;

pub use credential::ClientSecret;
pub use doors::Doors;
pub use redirect_uri::RedirectUri;
pub use registration::{Client, ClientId, ClientKind, ClientState, Profile, Publisher};
