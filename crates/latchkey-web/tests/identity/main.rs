//! The identity platform over HTTP: one file per endpoint.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod authorize;
mod client_credentials;
mod consent;
mod device;
mod discovery;
mod documents;
mod introspect;
mod logout;
mod par;
mod revoke;
mod select;
mod sign_in;
mod sign_out;
mod token;
mod userinfo;
