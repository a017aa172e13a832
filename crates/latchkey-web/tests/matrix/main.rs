//! Every kind of grant against every state of account, app and authorization, and every one-time object in every parameter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![recursion_limit = "256"]

mod one_time_objects;
mod states;
