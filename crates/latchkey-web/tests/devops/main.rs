//! The DevOps API and git over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod builds;
mod census;
mod dpop;
mod git;
mod protected_resource;
mod revocation;
mod services;
mod work_items;
