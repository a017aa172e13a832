//! The record: what happened, for those whom it is about and for those who answer for it.

use askama::Template;

use super::{Frame, Moment};

/// A page of the record, the newest first: what one person did, or all of a directory.
#[derive(Template)]
#[template(path = "record.html")]
pub struct Record {
    /// What every page needs.
    pub frame: Frame,
    /// The directory whose record it is.
    pub directory: String,
    /// Whether it is all of it. If not, it is what the person did who looks.
    pub whole: bool,
    /// What the record is cut to, if it is: `Only what Ana Moreira did.`
    pub only: Option<String>,
    /// The events.
    pub rows: Vec<Recorded>,
    /// Where older ones are, if there are more.
    pub older: Option<String>,
    /// Where the same is as a file for spreadsheets.
    pub csv: String,
    /// Where the same is as a file for programs.
    pub jsonl: String,
    /// How many events such a file holds at most.
    pub most: u32,
    /// How many days back a file of calls goes.
    pub call_days: u32,
}

/// One event.
pub struct Recorded {
    /// Its number in the directory's record.
    pub number: i64,
    /// What happened, by its name: `authorization_granted`.
    pub kind: String,
    /// The same in words: `Authorization granted`.
    pub what: String,
    /// When.
    pub at: Moment,
    /// Why it was refused, if it was.
    pub refused: Option<String>,
    /// Who did it, and where everything is that they did.
    pub who: Option<(String, Option<String>)>,
    /// The app that it was done with, or to.
    pub app: Option<String>,
    /// Where everything is that was done under the same authorization.
    pub authorization: Option<String>,
    /// What it was done to, in words.
    pub subject: String,
    /// What it changed, if it is a decision: `Longest authorization: 90 days, before no limit`.
    pub changed: Vec<String>,
    /// From which network address.
    pub address: Option<String>,
    /// Where it is found again.
    pub href: String,
}

impl Record {
    /// Where all of it is.
    fn all(&self) -> &'static str {
        if self.whole { "/audit" } else { "/profile/activity" }
    }
}
