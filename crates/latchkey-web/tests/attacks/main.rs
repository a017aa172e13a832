//! Attacks, one file each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod account_enumeration;
mod account_switch;
mod app_as_person;
mod bad_input;
mod bound_token_theft;
mod client_assertion;
mod client_certificate;
mod client_document;
mod code_injection;
mod code_replay;
mod consent_toctou;
mod cookie_theft;
mod cross_site_request_forgery;
mod device_phishing;
mod flow_transfer;
mod foreign_sector;
mod forged_tokens;
mod host_header;
mod id_token_as_access_token;
mod insecure_direct_object_reference;
mod markup_injection;
mod mix_up;
mod on_behalf;
mod open_redirect;
mod pkce_downgrade;
mod refresh_replay;
mod rehearsal;
mod server_side_request_forgery;
mod session_fixation;
mod token_in_query;
mod upstream;
mod widening;
