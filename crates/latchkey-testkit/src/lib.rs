//! Worlds, servers, browsers and databases for tests.
//!
//! | what | where |
//! |---|---|
//! | real databases, empty | [`databases`] |
//! | a server with people, apps, organizations and code in it | [`world`] |
//! | what is in it | `sample` |
//! | requests, in-process and over a socket | [`server`] |
//! | a person with a browser | [`person`], [`browser`], [`page`] |
//! | a service that asks people for access | [`relying_party`] |
//! | apps to register | [`builders`] |
//! | an authority of clients' certificates | [`certificate_authority`] |
//! | somebody else's server on the network | [`remote`] |
//! | a second Latchkey, at which people of the first sign in | [`upstream`] |
//! | a service of the older OAuth kind | [`legacy`] |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

#[cfg(feature = "world")]
pub mod browser;
#[cfg(feature = "world")]
pub mod builders;
#[cfg(feature = "world")]
pub mod certificate_authority;
#[cfg(feature = "world")]
mod cookies;
pub mod databases;
#[cfg(feature = "world")]
pub mod device;
#[cfg(feature = "world")]
pub mod dpop;
#[cfg(feature = "world")]
mod html;
#[cfg(feature = "world")]
pub mod legacy;
#[cfg(feature = "world")]
pub mod page;
#[cfg(feature = "world")]
pub mod person;
#[cfg(feature = "world")]
pub mod relying_party;
#[cfg(feature = "world")]
pub mod remote;
#[cfg(feature = "world")]
mod sample;
#[cfg(feature = "world")]
pub mod server;
#[cfg(feature = "world")]
pub mod upstream;
pub mod wire;
#[cfg(feature = "world")]
pub mod world;

#[cfg(feature = "world")]
pub use browser::{Browser, Departure, Visit};
#[cfg(feature = "world")]
pub use device::Device;
#[cfg(feature = "world")]
pub use legacy::{OldApp, OldRefusal, OldTokens};
#[cfg(feature = "world")]
pub use page::Page;
#[cfg(feature = "world")]
pub use person::Person;
#[cfg(feature = "world")]
pub use relying_party::{AuthorizationRequest, Code, Refused, RelyingParty, Tokens};
#[cfg(feature = "world")]
pub use server::{Answer, Ask};
#[cfg(feature = "world")]
pub use upstream::Upstream;
#[cfg(feature = "world")]
pub use world::{World, on_both_databases};
