//! Organizations and what lives in them, on both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod builds;
mod organizations;
mod pull_requests;
mod walks;
mod work_items;
mod world;
