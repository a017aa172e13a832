//! The guided walk of the demo, and its captured mail.

use askama::Template;

use super::{Frame, Moment, tile};

/// The guided walk: steps that tick themselves, and the HTTP messages of the flow as they happen.
#[derive(Template)]
#[template(path = "demo.html")]
pub struct Demo {
    /// What every page needs.
    pub frame: Frame,
    /// How far the walk has come.
    pub now: DemoNow,
    /// Who can sign in.
    pub accounts: Vec<DemoAccount>,
    /// The line that clones a repository.
    pub clone_line: String,
}

/// How far the walk has come, for the page that shows it already: an event that a script takes.
#[derive(Template)]
#[template(path = "demo_event.html")]
pub struct DemoEvent {
    /// How far the walk has come.
    pub now: DemoNow,
}

/// How far the walk has come.
pub struct DemoNow {
    /// Where the demo service is.
    pub service_url: String,
    /// The steps, in order.
    pub steps: Vec<DemoStep>,
    /// The messages so far, the oldest first.
    pub messages: Vec<DemoMessage>,
}

impl DemoNow {
    fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.state == DemoStepState::Done).count()
    }
}

/// One step of the walk.
pub struct DemoStep {
    /// What to do.
    pub title: String,
    /// What happens, and why.
    pub text: String,
    /// What just happened, for who has seen it.
    pub happened: String,
    /// The section of the specification behind it.
    pub specification: String,
    /// Where to do it, and what the link says.
    pub link: Option<(String, String)>,
    /// Whether it has happened.
    pub state: DemoStepState,
}

/// Whether a step has happened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum DemoStepState {
    /// It has really happened.
    Done,
    /// It is the next one.
    Next,
    /// It comes later.
    Later,
}

impl DemoStepState {
    fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Next => "next",
            Self::Later => "later",
        }
    }
}

/// Somebody who can sign in.
pub struct DemoAccount {
    /// Their email address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// What they are: `owner`.
    pub role: String,
    /// What they are good to try for: `Approves everything`.
    pub hint: String,
    /// A link that leads to sign-in with the email filled in.
    pub href: String,
}

/// One HTTP message of the flow.
pub struct DemoMessage {
    /// Its number in the walk.
    pub number: u32,
    /// Who sent it.
    pub from: String,
    /// Who got it.
    pub to: String,
    /// Its first line: `POST /oauth2/v2.0/token`, or `200 OK`.
    pub line: String,
    /// What it means, as a sentence.
    pub note: String,
    /// The rest, as text, secrets masked.
    pub body: String,
    /// Whether the mask hides something. All of it is at `/demo/messages/{number}`.
    pub hides: bool,
    /// Tokens in it, decoded: a name and readable JSON.
    pub decoded: Vec<(String, String)>,
}

/// One message of the flow with its secrets, for who asked to see them.
#[derive(Template)]
#[template(path = "demo_message.html")]
pub struct DemoWhole {
    /// What every page needs.
    pub frame: Frame,
    /// The message, without a mask.
    pub message: DemoMessage,
}

/// Mail that the demo captured instead of sending.
#[derive(Template)]
#[template(path = "demo_mail.html")]
pub struct DemoMail {
    /// What every page needs.
    pub frame: Frame,
    /// The newest first.
    pub messages: Vec<CapturedMail>,
}

/// One captured message.
pub struct CapturedMail {
    /// Who it is for.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// When it would have left.
    pub at: Moment,
    /// What it says.
    pub text: String,
}
