//! placeholder

pub mod access;
pub mod access_level;
pub mod date;
pub mod error;
#[cfg(test)]
mod fixtures;
pub mod group;
pub mod ids;
pub mod membership;
pub mod name;
pub mod organization;
pub mod policy;
pub mod project;
pub mod repository;
pub mod scope;
pub mod work_item;
