//! The pages people see. One page is one template in `templates/`, one struct here and one handler, all of one name.
//!
//! A page is plain data: it reads no store and knows no rule. Every page is complete without script. `gallery.rs` shows
//! every page in every state, and its tests hold what all of them promise.

mod app_face;
mod frame;
pub mod legacy;
pub mod legacy_app;
mod moment;
mod problem;
mod tile;
mod words;

pub mod app;
pub mod app_answers;
pub mod app_api;
pub mod app_federation;
pub mod app_keys;
pub mod app_new;
pub mod app_presentation;
pub mod app_secret;
pub mod app_tokens;
pub mod approval_requests;
pub mod apps;
pub mod authorization;
pub mod authorizations;
pub mod buildlight;
pub mod builds;
pub mod burndown;
pub mod commit;
pub mod confirm;
pub mod consent;
pub mod demo;
pub mod device;
pub mod error;
pub mod for_owner;
pub mod form_post;
#[cfg(test)]
mod gallery;
pub mod home;
pub mod implicit;
pub mod interstitial;
pub mod oldtimer;
pub mod onward;
pub mod organization;
pub mod organization_services;
pub mod prerequisite;
pub mod project;
pub mod record;
pub mod rehearsal;
pub mod repositories;
pub mod revoke;
pub mod select;
pub mod self_registration;
pub mod service_members;
pub mod sessions;
pub mod set_up;
pub mod sign_in;
pub mod sign_in_ways;
pub mod sign_out;
pub mod signed_out;
pub mod upstreams;
pub mod use_by_day;
pub mod work_items;
pub mod wrong_tenant;

pub use app_face::AppFace;
pub use frame::{Frame, Locale, OtherAccount, Person};
pub(crate) use moment::Count;
pub use moment::{Ago, Moment, Remaining};
pub use problem::{Problem, Problems};
pub(crate) use words::capitalized;

/// Anything that is a whole page.
pub trait Page: askama::Template {
    /// The page as HTML.
    fn html(&self) -> String {
        self.render().unwrap_or_else(|error| {
            // Writing plain data into a string has no way to fail.
            tracing::error!(%error, "a page could not be written");
            String::new()
        })
    }
}

impl<T: askama::Template> Page for T {}
