//! How pages name an app.

use latchkey_identity::client::Publisher;

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

impl AppFace {
    /// An app of this name, by this publisher.
    pub fn of(name: &str, publisher: &Publisher) -> Self {
        let (publisher, verified) = match publisher {
            Publisher::Verified(domain) => (domain.clone(), true),
            Publisher::Unverified => ("an unknown publisher".to_owned(), false),
        };
        Self { name: name.to_owned(), publisher, verified }
    }
}
