//! What pages for people do: Manage authorizations, sessions, apps, organizations, and a look into their projects.
//!
//! Each handler is handed one `Visit`: who acts, what they ask for. Whoever is not signed in is sent to sign in; a form
//! counts only if a page of ours made it for the same browser. What is not a person's to see is not there.

mod app;
mod app_answers;
mod app_api;
mod app_federation;
mod app_keys;
mod app_new;
mod app_presentation;
mod app_secret;
mod app_tokens;
mod approval_requests;
mod apps;
mod authorization;
mod authorization_file;
mod authorizations;
mod builds;
mod commit;
mod csv;
mod current;
mod deeds;
mod home;
mod implicit;
mod legacy_app;
mod legacy_guide;
mod narrow;
mod organization;
mod organization_older_apps;
mod organization_policy;
mod organization_services;
mod password;
mod pause;
mod people;
mod places;
mod plain_text;
mod policy_preview;
mod problem;
mod project;
mod record;
mod recorded;
mod registration;
mod rehearsal;
mod repositories;
mod scopes;
mod self_registration;
mod service_members;
mod sessions;
mod sign_in_ways;
mod snippets;
mod timeline;
mod upstreams;
mod use_by_day;
mod user_agent;
mod visit;
mod work_items;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;

use crate::app::App;
pub(crate) use scopes::in_short;
use visit::{form, form_of_anybody, page};

/// The pages of people.
pub fn routes() -> Router<App> {
    Router::new()
        // The person.
        .route("/me", page(home::show))
        .route("/me/account", form_of_anybody(current::choose))
        .route("/profile/authorizations", page(authorizations::list))
        .route("/profile/authorizations/revoke", page(authorizations::ask).merge(form(authorizations::end)))
        .route("/profile/authorizations/pause", form(pause::begin))
        .route("/profile/authorizations/resume", form(pause::end))
        .route("/profile/authorizations/{id}", page(authorization::show))
        .route("/profile/authorizations/{id}/narrow", form(narrow::save))
        .route("/profile/authorizations/{id}/json", page(authorization_file::show))
        .route("/profile/activity", page(record::show_own))
        .route("/profile/activity/csv", page(record::download_own))
        .route("/profile/activity/jsonl", page(record::download_own_lines))
        .route("/profile/activity/calls", page(record::download_calls))
        .route("/profile/sessions", page(sessions::show))
        .route("/profile/sessions/end", form(sessions::end))
        .route("/profile/sign-in", page(sign_in_ways::show))
        .route("/profile/sign-in/password", form(password::save))
        .route("/profile/sign-in/link", form(sign_in_ways::link))
        .route("/profile/sign-in/unlink", form(sign_in_ways::end))
        // The record of a directory, for who administers it.
        .route("/audit", page(record::show_directory))
        .route("/audit/csv", page(record::download_directory))
        .route("/audit/jsonl", page(record::download_directory_lines))
        // Sign-in elsewhere, for who administers a directory.
        .route("/upstream", page(upstreams::list))
        .route("/upstream/new", page(upstreams::ask).merge(form(upstreams::add)))
        .route("/upstream/{id}", page(upstreams::show).merge(form(upstreams::save)))
        .route("/upstream/{id}/remove", form(upstreams::remove))
        // Where people look for Manage authorizations.
        .route("/Profile/View", get(manage_authorizations))
        .route("/_usersSettings/authorizations", get(manage_authorizations))
        .route("/{organization}/_usersSettings/authorizations", get(manage_authorizations))
        // Apps.
        .route("/apps", page(apps::list))
        .route("/apps/new", page(app_new::show).merge(form(app_new::create)))
        .route("/apps/check-redirect-uri", page(apps::check_redirect_uri))
        .route("/apps/self-registration", page(self_registration::show).merge(form(self_registration::save)))
        .route("/apps/implicit", page(implicit::show).merge(form(implicit::save)))
        .route("/apps/self-registration/documents", form(self_registration::save_documents))
        .route("/apps/self-registration/token", form(self_registration::make_token))
        .route("/apps/{id}", page(app::show))
        .route("/apps/{id}/redirect-uris", form(app::save_redirect_uris))
        .route("/apps/{id}/scopes", form(app::save_scopes))
        .route("/apps/{id}/sign-out-and-requests", form(app::save_sign_out_and_requests))
        .route("/apps/{id}/requests", page(app::show_requests))
        .route("/apps/{id}/answers", form(app_answers::save))
        .route("/apps/{id}/api", form(app_api::save))
        .route("/apps/{id}/tokens", form(app_tokens::save))
        .route("/apps/{id}/presentation", form(app_presentation::save))
        .route("/apps/{id}/secrets", form(app_secret::add))
        .route("/apps/{id}/secrets/remove", form(app_secret::remove))
        .route("/apps/{id}/keys", page(app::show_keys).merge(form(app_keys::add)))
        .route("/apps/{id}/keys/remove", form(app_keys::remove))
        .route("/apps/{id}/published-keys", form(app_keys::save_published))
        .route("/apps/{id}/federation", form(app_federation::add))
        .route("/apps/{id}/federation/remove", form(app_federation::remove))
        .route("/apps/{id}/method", form(app_keys::save_method))
        .route("/apps/{id}/certificate-name", form(app_keys::save_certificate_name))
        .route("/apps/{id}/test", form(rehearsal::begin))
        .route("/apps/{id}/delete", page(app::ask_to_delete).merge(form(app::remove)))
        .route("/apps/{id}/move", form(legacy_app::move_it))
        .route("/apps/{id}/retire", page(legacy_app::ask_to_retire).merge(form(legacy_app::retire)))
        // Organizations.
        .route("/organizations/{organization}", page(organization::show))
        .route(
            "/organizations/{organization}/policy",
            page(organization_policy::show).merge(form(organization_policy::save)),
        )
        .route(
            "/organizations/{organization}/requests",
            page(approval_requests::show).merge(form(approval_requests::answer)),
        )
        .route(
            "/organizations/{organization}/older-apps",
            page(organization_older_apps::show).merge(form(organization_older_apps::save)),
        )
        .route("/organizations/{organization}/services", page(organization_services::show))
        .route("/organizations/{organization}/services/stop", form(organization_services::stop))
        .route("/organizations/{organization}/services/allow", form(organization_services::allow))
        .route(
            "/organizations/{organization}/service-members",
            page(service_members::show).merge(form(service_members::add)),
        )
        .route("/organizations/{organization}/service-members/remove", form(service_members::remove))
        .route("/organizations/{organization}/service-members/accept", form(service_members::accept))
        .route("/organizations/{organization}/projects/{project}", page(project::lead_there))
        // Projects, to look at.
        .route("/{organization}/{project}", get(project::show_or_else))
        .route("/{organization}/{project}/_workitems", page(work_items::list))
        .route("/{organization}/{project}/_workitems/edit/{id}", page(work_items::show))
        .route("/{organization}/{project}/_build", page(builds::list))
        .route("/{organization}/{project}/_build/results", page(builds::show))
        .route("/{organization}/{project}/_git", page(repositories::list))
        .route("/{organization}/{project}/_git/{repository}", page(repositories::show))
        .route("/{organization}/{project}/_git/{repository}/commit/{id}", page(commit::show))
}

async fn manage_authorizations() -> Redirect {
    Redirect::to("/profile/authorizations")
}
