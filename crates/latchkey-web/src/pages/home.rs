//! A person's own page.

use askama::Template;

use super::{Frame, Person, tile};

/// A person's own page: who they are, and where everything is.
#[derive(Template)]
#[template(path = "home.html")]
pub struct Home {
    /// What every page needs.
    pub frame: Frame,
    /// Who they are.
    pub person: Person,
    /// How many services hold a key.
    pub authorizations: u32,
    /// In how many browsers they are signed in.
    pub sessions: u32,
    /// How many apps they own.
    pub apps: u32,
    /// Whether they see the record of their directory.
    pub audits: bool,
    /// Whether they administer a work directory.
    pub administers: bool,
    /// The organizations they belong to.
    pub organizations: Vec<Belonging>,
}

/// An organization a person belongs to.
pub struct Belonging {
    /// Its name.
    pub name: String,
    /// What they are in it: `Owner`, `Administrator`, `Member`.
    pub role: String,
    /// Their access level: `Basic`.
    pub access_level: String,
}
