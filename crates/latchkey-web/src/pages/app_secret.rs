//! A new secret, shown this one time.

use askama::Template;

use super::{Frame, Moment};

/// A new secret, shown this one time.
#[derive(Template)]
#[template(path = "app_secret.html")]
pub struct AppSecret {
    /// What every page needs.
    pub frame: Frame,
    /// The app it belongs to.
    pub app: String,
    /// Its client id.
    pub client_id: String,
    /// The secret itself.
    pub secret: String,
    /// Whether it is kept so that the server can check with it what the app makes.
    pub shared: bool,
    /// When it ends.
    pub expires: Moment,
}
