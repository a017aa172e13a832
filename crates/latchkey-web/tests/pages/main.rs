//! The pages for people: Manage authorizations, sessions, apps.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod account_switch;
mod approval_requests;
mod apps;
mod authorization;
mod authorizations;
mod error_for_owner;
mod headers;
mod home;
mod mail;
mod narrow;
mod password;
mod pause;
mod policy_preview;
mod record;
mod rehearsal;
mod service_members;
mod sessions;
mod unused;
