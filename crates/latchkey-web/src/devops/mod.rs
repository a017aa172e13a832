//! The DevOps API and git over HTTP.

/// Being written.
pub async fn answer(
    _app: &crate::app::App,
    _request: http::Request<axum::body::Body>,
) -> Option<http::Response<axum::body::Body>> {
    None
}
