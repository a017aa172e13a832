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
//! | access tokens that come in, and proofs of the keys that they are bound to | [`bearer`], [`dpop`] |
//! | requests that the server makes itself | [`outbound`] |
//! | the API of administrators | [`admin`] |
//! | what becomes of the signing keys | [`key_rotation`] |

pub mod admin;
pub mod app;
pub mod assets;
pub mod bearer;
pub mod devops;
pub mod dpop;
pub mod extract;
pub mod forms;
pub mod hashing;
pub mod identity;
pub mod key_ring;
pub mod key_rotation;
pub mod legacy;
pub mod mail;
pub mod outbound;
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
pub use visitor::{ClientCertificate, Peer};
