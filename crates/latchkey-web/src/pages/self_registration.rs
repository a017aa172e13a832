//! Whether apps register themselves in a directory, for who administers it.

use askama::Template;

use super::{Frame, Moment};

/// Whether apps register themselves in a directory. The form posts `gate` to `/apps/self-registration`, another one nothing to
/// `/apps/self-registration/token`, the last one `documents` (`on` or `off`) to `/apps/self-registration/documents`.
#[derive(Template)]
#[template(path = "self_registration.html")]
pub struct SelfRegistration {
    /// What every page needs.
    pub frame: Frame,
    /// Whether it has just been saved.
    pub saved: bool,
    /// The directory.
    pub directory: String,
    /// What holds now.
    pub gate: Gate,
    /// Where apps register themselves.
    pub endpoint: String,
    /// How many have.
    pub registered: usize,
    /// Whether apps that describe themselves are let in.
    pub lets_described_in: bool,
    /// How many of those have come.
    pub described: usize,
    /// A token that has just been made, shown this once, and when it ends.
    pub token: Option<(String, Moment)>,
}

/// Who may register apps by themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Nobody.
    Off,
    /// Whoever has a token.
    InitialToken,
    /// Everybody.
    Open,
}

impl Gate {
    /// All, in the order of the form.
    pub const ALL: [Self; 3] = [Self::Off, Self::InitialToken, Self::Open];

    /// The value in forms.
    pub fn value(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::InitialToken => "initial-token",
            Self::Open => "open",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Off => "People register apps",
            Self::InitialToken => "Apps register themselves with a token",
            Self::Open => "Apps register themselves",
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Off => "Requests of apps to be registered are refused.",
            Self::InitialToken => "You give the token to whom you trust with it. It counts for a week.",
            Self::Open => {
                "Anybody's app can be registered. Each is marked as unverified, and does nothing before a person approves it."
            }
        }
    }
}
