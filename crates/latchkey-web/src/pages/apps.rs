//! The apps a person may change.

use askama::Template;

use super::{Frame, Moment, tile};

/// The apps a person may change.
#[derive(Template)]
#[template(path = "apps.html")]
pub struct Apps {
    /// What every page needs.
    pub frame: Frame,
    /// What has just been done, if anything: `Contoso CI was deleted.`
    pub done: Option<String>,
    /// Whether the person administers the directory.
    pub administers: bool,
    /// By name.
    pub rows: Vec<AppRow>,
}

/// One app in the list.
pub struct AppRow {
    /// Its client id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: AppKind,
    /// When it was registered.
    pub created: Moment,
    /// Whether it was suspended.
    pub suspended: bool,
    /// Whether it is of the older OAuth kind.
    pub legacy: bool,
}

/// The kinds of apps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AppKind {
    /// A web site with a server that keeps a secret.
    Web,
    /// A program on the person's own device.
    Native,
    /// A page that runs in the browser.
    SinglePage,
    /// A service that acts as itself, without a person.
    Daemon,
}

impl AppKind {
    /// All kinds, in the order of the form.
    pub const ALL: [Self; 4] = [Self::Web, Self::Native, Self::SinglePage, Self::Daemon];

    /// The value in forms and in the API.
    pub fn value(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
            Self::SinglePage => "spa",
            Self::Daemon => "daemon",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Web => "Web",
            Self::Native => "Native",
            Self::SinglePage => "Single-page",
            Self::Daemon => "Daemon",
        }
    }

    pub(super) fn detail(self) -> &'static str {
        match self {
            Self::Web => "A web site with a server of its own. It keeps a secret.",
            Self::Native => "A program on a person's own device. It cannot keep a secret.",
            Self::SinglePage => "A page that runs in the browser. It cannot keep a secret.",
            Self::Daemon => "A service that acts as itself, with nobody in front of it.",
        }
    }
}
