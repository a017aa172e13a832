//! What came of a test of a sign-in.

use askama::Template;

use super::Frame;

/// What came of a test of a sign-in: each message.
#[derive(Template)]
#[template(path = "rehearsal.html")]
pub struct Rehearsed {
    /// What every page needs.
    pub frame: Frame,
    /// The app.
    pub app: String,
    /// Its client id.
    pub client_id: String,
    /// The messages, in order.
    pub messages: Vec<Message>,
}

/// One message.
pub struct Message {
    /// What happens with it.
    pub title: &'static str,
    /// Its first line.
    pub line: String,
    /// What it says.
    pub body: String,
    /// What is wrapped up in it, by name.
    pub decoded: Vec<(&'static str, String)>,
}
