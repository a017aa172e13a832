//! The older OAuth kind, over HTTP: what exists goes on working, and no new ones are made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod authorize;
mod moving;
mod no_new_ones;
mod other_kind;
mod races;
mod secrets;
mod sunset;
mod token;
