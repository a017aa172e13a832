//! Asks before something is done that cannot be taken back.

use askama::Template;

use super::Frame;

/// Asks before something is done that cannot be taken back: deleting an app, stopping a service for everybody.
#[derive(Template)]
#[template(path = "confirm.html")]
pub struct Confirm {
    /// What every page needs.
    pub frame: Frame,
    /// The question: `Delete Contoso CI?`
    pub heading: String,
    /// What follows from it, a sentence each.
    pub consequences: Vec<String>,
    /// Where the answer goes.
    pub action: String,
    /// Hidden fields to send along.
    pub fields: Vec<(String, String)>,
    /// What the button says: `Delete`.
    pub button: String,
    /// Where Cancel leads.
    pub back: String,
}
