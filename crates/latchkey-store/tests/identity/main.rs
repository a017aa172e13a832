//! What the identity platform stores: it comes back as it was, happens once, and is known at once.
#![allow(clippy::unwrap_used, clippy::panic)]

mod builders;
mod caches;
mod guards;
mod lists;
mod pages;
mod purge;
mod races;
mod round_trips;
