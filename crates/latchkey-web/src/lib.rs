//! All HTTP: every route and every page.
//!
//! | what | where |
//! |---|---|
//! | the door: hosts, sizes, headers of every answer | [`site`] |
//! | every URL | [`routes`] |
//! | the identity platform's endpoints | [`identity`] |
//! | the endpoints of the older OAuth kind | [`legacy`] |
//! | the DevOps API and git | [`devops`] |
//! | what people are told by mail | [`mail`] |
//! | pages for people: what they show | [`pages`] |
//! | pages for people: what they do | [`portal`] |
//! | access tokens that come in | [`bearer`] |

pub mod app;
pub mod assets;
pub mod bearer;
pub mod devops;
pub mod extract;
pub mod forms;
pub mod hashing;
pub mod identity;
pub mod legacy;
pub mod mail;
pub mod pages;
pub mod portal;
pub mod reply;
pub mod routes;
pub mod signer;
pub mod site;
pub mod uses;
pub mod visitor;

pub use app::{App, Clock, Ingredients, Keys, Origin, Settings, StartError};
pub use site::Site;
pub use visitor::Peer;
