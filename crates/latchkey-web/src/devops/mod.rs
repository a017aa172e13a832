//! The DevOps API and git over HTTP.
//!
//! | what | where |
//! |---|---|
//! | every route, with the action that its caller must be allowed | [`routes`] |
//! | how a path finds its route | [`table`] |
//! | from there to a handler, and to the answer with its headers | [`dispatch`] |
//! | one request, and who asks | [`visit`], [`caller`] |
//! | into an organization, a project, a repository | [`call`], and [`again`] after what takes its time |
//! | what comes in | [`query`], [`payload`], [`accept`] |
//! | what goes out | [`answer`], [`error`], [`paging`], [`people`], [`room`] |
//! | where clients find things | [`locations`], [`connection_data`] |
//! | projects, profiles, organizations | [`projects`], [`teams`], [`profiles`], [`accounts`] |
//! | work items | [`work_items`], [`work_item_edits`], [`revisions`], [`comments`], [`work_item_types`] |
//! | source code | [`repositories`], [`refs`], [`items`], [`zip`], [`commits`], [`pull_requests`] |
//! | builds | [`definitions`], [`builds`], [`build_tags`], [`timelines`], [`logs`] |
//! | clone, fetch, push | [`git`] |

mod accept;
mod accounts;
pub(crate) mod activity;
mod again;
mod answer;
mod batch;
mod build_tags;
mod builds;
mod call;
mod caller;
mod changes;
mod comments;
mod commits;
mod connection_data;
mod definitions;
pub(crate) mod dispatch;
mod error;
mod git;
mod items;
mod locations;
mod logs;
pub(crate) mod named_people;
mod paging;
mod payload;
mod people;
mod profiles;
mod projects;
pub mod protected_resource;
mod pull_requests;
mod pushes;
mod query;
mod refs;
mod registration_secrets;
mod repositories;
mod reviewers;
mod revisions;
mod room;
mod routes;
mod table;
mod teams;
mod through;
mod timelines;
pub(crate) mod turns;
mod visit;
mod wiql;
mod work_item_edits;
mod work_item_types;
mod work_items;
mod zip;
