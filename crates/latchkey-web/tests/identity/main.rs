//! The identity platform over HTTP: one file per endpoint.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod admin;
mod answers;
mod authorization_details;
mod authorize;
mod backchannel_logout;
mod client_credentials;
mod client_documents;
mod client_secret_jwt;
mod consent;
mod device;
mod discovery;
mod documents;
mod dpop;
mod fapi2;
mod federated_credential;
mod implicit;
mod introspect;
mod jwt_bearer;
mod keys;
mod logout;
mod mtls;
mod par;
mod private_key_jwt;
mod published_keys;
mod register;
mod requests;
mod revoke;
mod sector_identifier;
mod select;
mod sign_in;
mod sign_out;
mod token;
mod token_exchange;
mod upstream;
mod userinfo;
