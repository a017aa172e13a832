//! All HTTP: every route and every page.
//!
//! | what | where |
//! |---|---|
//! | every request, every answer: hosts, sizes, headers | [`site`] |
//! | requests that arrive together, step by step together | `cohort` |
//! | what every handler is handed | [`app`], [`settings`], [`keys`] |
//! | what handlers take in, and what they answer with | [`extract`], [`reply`], [`assets`] |
//! | every URL | [`routes`] |
//! | who reads what is answered there, and what is said before anything is looked up | `reader` |
//! | the identity platform's endpoints | [`identity`] |
//! | the endpoints of the older OAuth kind | [`legacy`] |
//! | the DevOps API and git | [`devops`] |
//! | what people are told by mail | [`mail`] |
//! | pages for people: what they show | [`pages`] |
//! | pages for people: what they do | [`portal`] |
//! | browsers: the cookies that they are known by, and forms of ours | [`visitor`], [`cookie`], [`forms`] |
//! | access tokens that come in, and proofs of the keys that they are bound to | [`bearer`], [`dpop`] |
//! | certificates of clients: who vouches for them, and what a proxy says of them | [`client_authorities`], [`client_cert`] |
//! | requests that the server makes itself | [`outbound`] |
//! | passwords, hashed on threads of their own | [`hashing`] |
//! | last uses and refusals that gather in memory | [`uses`] |
//! | no answer without word from the database | `staleness` |
//! | the API of administrators | [`admin`] |
//! | signing, the keys of a moment, and what becomes of them | [`signer`], [`key_ring`], [`key_rotation`] |
//! | what the token endpoints answer | [`token_response`] |

pub mod admin;
pub mod app;
pub mod assets;
pub mod bearer;
pub mod client_authorities;
pub mod client_cert;
mod cohort;
pub mod cookie;
pub mod devops;
pub mod dpop;
pub mod extract;
pub mod forms;
pub mod hashing;
pub mod identity;
pub mod key_ring;
pub mod key_rotation;
pub mod keys;
pub mod legacy;
pub mod mail;
pub mod outbound;
pub mod pages;
pub mod portal;
mod reader;
pub mod reply;
pub mod routes;
pub mod settings;
pub mod signer;
pub mod site;
mod staleness;
pub mod token_response;
pub mod uses;
pub mod visitor;

pub use app::{App, Clock, Ingredients, StartError};
pub use client_authorities::ClientAuthorities;
pub use keys::Keys;
pub use settings::{Alias, Origin, Settings};
pub use site::Site;
pub use visitor::{ClientCertificate, Peer};
