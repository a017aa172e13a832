//! What pages for people do: Manage authorizations, sessions, apps, organizations.

/// Its routes.
pub fn routes() -> axum::Router<crate::app::App> {
    axum::Router::new()
}
