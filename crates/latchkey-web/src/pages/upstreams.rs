//! Where the people of a directory sign in besides here, for who administers it.

use askama::Template;

use super::{Frame, Problems};

/// The providers of a directory.
#[derive(Template)]
#[template(path = "upstreams.html")]
pub struct Upstreams {
    /// What every page needs.
    pub frame: Frame,
    /// What has just been done.
    pub done: Option<&'static str>,
    /// The directory.
    pub directory: String,
    /// Its providers.
    pub rows: Vec<UpstreamRow>,
    /// Whether there may be another one.
    pub may_add: bool,
}

/// A provider.
pub struct UpstreamRow {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// Whether people of the domain are sent there.
    pub home_realm: bool,
    /// Whether passwords do not count beside it.
    pub without_passwords: bool,
}

/// One provider, or a new one. The form posts to `/upstream/new` or to `/upstream/{id}`, the other one to `/upstream/{id}/remove`.
#[derive(Template)]
#[template(path = "upstream.html")]
pub struct UpstreamForm {
    /// What every page needs.
    pub frame: Frame,
    /// Its id, and where people come back to; none for a new one.
    pub known: Option<Known>,
    /// The directory's domain.
    pub domain: String,
    /// The key set that our assertions are checked with.
    pub key_set: String,
    /// What is wrong with what was typed.
    pub problems: Problems,
    /// What was typed.
    pub typed: UpstreamTyped,
}

/// A provider that is there.
pub struct Known {
    /// Its id.
    pub id: String,
    /// Where people come back to.
    pub redirect_uri: String,
    /// Whether we have a secret there.
    pub has_secret: bool,
}

/// What a form says of a provider. The secret is never shown again.
#[derive(Default)]
#[allow(missing_docs, reason = "as the rule has them")]
pub struct UpstreamTyped {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub scopes: String,
    pub home_realm: bool,
    pub makes_accounts: bool,
    pub passwords: bool,
}
