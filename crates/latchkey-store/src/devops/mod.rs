//! The DevOps side: organizations and what lives in them.
//!
//! | what | where |
//! |---|---|
//! | what access is decided by, kept in memory | [`facts`] |
//! | what was read before access was decided | [`unproven`] |
//! | organizations, their policy, their numbers | [`organizations`] |
//! | projects, repositories | [`projects`], [`repositories`] |
//! | what members ask to have approved | [`approval_requests`] |
//! | who belongs where | [`members`], [`groups`] |
//! | work items, comments | [`work_items`], [`comments`] |
//! | pull requests | [`pull_requests`] |
//! | builds | [`build_definitions`], [`builds`], [`build_lists`], [`timelines`], [`logs`] |
//! | who makes a change, for the record | [`changes`] |
//!
//! What is read asks for the proof that its reader may, and takes organization and project from it.

pub mod approval_requests;
pub mod build_definitions;
pub mod build_lists;
pub mod builds;
pub mod changes;
pub mod comments;
pub mod facts;
pub mod groups;
pub mod logs;
pub mod members;
pub mod organizations;
pub mod projects;
pub mod pull_requests;
pub mod repositories;
pub mod timelines;
pub mod unproven;
pub mod work_items;

use latchkey_devops::ids::{AppId, ApprovalRequestId, OrganizationId, PersonId, ProjectId, RepositoryId, TeamId};

pub use changes::{Author, Through};
pub use facts::OrganizationFacts;
pub use unproven::Unproven;

use crate::error::StoreError;
use crate::statement::Sql;
use crate::value::Value;

pub(crate) use facts::Memory;

/// The statements of each noun.
pub(crate) const ALL: &[&[&Sql]] = &[
    organizations::ALL,
    approval_requests::ALL,
    projects::ALL,
    members::ALL,
    groups::ALL,
    repositories::ALL,
    pull_requests::ALL,
    work_items::ALL,
    comments::ALL,
    build_definitions::ALL,
    builds::ALL,
    build_lists::ALL,
    timelines::ALL,
    logs::ALL,
];

macro_rules! values_from_ids {
    ($($id:ident)*) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                id.0.into()
            }
        }
    )*};
}

values_from_ids! { AppId ApprovalRequestId OrganizationId PersonId ProjectId RepositoryId TeamId }

/// What a stored text means, or an error that names the thing.
fn meaning<T>(what: &'static str, found: &str, meaning: Option<T>) -> Result<T, StoreError> {
    meaning.ok_or_else(|| StoreError::Meaningless { what, found: found.to_owned() })
}

/// Writes JSON for a column. What is written here has no maps with strange keys, so it cannot fail.
fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// Reads JSON from a column.
fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    meaning(what, text, serde_json::from_str(text).ok())
}
