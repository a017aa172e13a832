//! How pages name an app.

/// How pages name an app.
#[derive(Clone)]
pub struct AppFace {
    /// Its name.
    pub name: String,
    /// Who publishes it.
    pub publisher: String,
    /// Whether we know that the publisher is who they say.
    pub verified: bool,
}
