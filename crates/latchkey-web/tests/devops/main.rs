//! The DevOps API and git over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod batch;
mod builds;
mod census;
mod code;
mod dpop;
mod git;
mod protected_resource;
mod pull_requests;
mod revocation;
mod services;
mod wiql;
mod work_items;
