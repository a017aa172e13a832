//! The rules of the DevOps server: organizations, projects, work items, repositories, builds, and who may do what to them.
//!
//! Everything here is a function of its arguments: no clock, no randomness, no database, no HTTP. The store brings facts,
//! the web layer brings requests and sends what comes back.
//!
//! | term | module | described in |
//! |---|---|---|
//! | organization, its owner | [`organization`] | `ARCHITECTURE.md` |
//! | project, team | [`project`] | Azure DevOps REST: *Core* |
//! | member, person | [`membership`] | `ARCHITECTURE.md`: what always holds, 3 |
//! | access level | [`access_level`] | Azure DevOps: *About access levels* |
//! | group, permission | [`group`] | Azure DevOps: *Default permissions* |
//! | policy, prerequisites of an authorization | [`policy`] | `ARCHITECTURE.md`: what always holds, 3 |
//! | the end of the older OAuth kind | [`sunset`] | RFC 8594, RFC 9745 |
//! | approval request | [`approval_request`] | `ARCHITECTURE.md`: what always holds, 3 |
//! | scope (`vso.*`) | [`scope`] | Azure DevOps: *OAuth scopes* |
//! | access: THE decision | [`access`] | `ARCHITECTURE.md`: what always holds, 2 |
//! | limits of an authorization | [`access::Limits`] | `ARCHITECTURE.md`: what always holds, 2 |
//! | work item, revision, comment | [`work_item`] | Azure DevOps REST: *Work Item Tracking* |
//! | patch of a work item | [`work_item::patch`] | RFC 6902, with fields for paths |
//! | query for work items (WIQL) | [`wiql`] | Azure DevOps: *WIQL syntax reference* |
//! | repository, branch | [`repository`], [`refs`] | Azure DevOps REST: *Git*; `git check-ref-format` |
//! | commit, item, change | [`commit`], [`item`], [`change`] | Azure DevOps REST: *Git* |
//! | push of commits that come as JSON | [`push`] | Azure DevOps REST: *Git* |
//! | pull request | [`pull_request`] | Azure DevOps REST: *Git* |
//! | build, definition, timeline, log | [`build`] | Azure DevOps REST: *Build* |
//! | error body, type key, TF and VS codes | [`error`] | Azure DevOps REST: `WrappedException` |
//! | api-version | [`api_version`] | Azure DevOps REST: *Versioning* |
//! | name, reserved name | [`name`] | Azure DevOps: *Naming restrictions* |
//! | date | [`date`] | ISO 8601, RFC 9110 §5.6.7 |
//! | the shape of an answer | [`wire`] | Azure DevOps REST, field by field |

pub mod access;
pub mod access_level;
pub mod api_version;
pub mod approval_request;
pub mod build;
pub mod change;
pub mod commit;
pub mod date;
pub mod error;
#[cfg(test)]
mod fixtures;
pub mod group;
pub mod ids;
pub mod item;
pub mod membership;
pub mod name;
pub mod organization;
pub mod policy;
pub mod project;
pub mod pull_request;
pub mod push;
pub mod refs;
pub mod repository;
pub mod scope;
pub mod sunset;
pub mod sunset_notice;
pub mod wiql;
pub mod wire;
mod word;
pub mod work_item;
