//! The page of Buildlight, the demo service on a device: by the makers of Burndown, on an origin of its own, with no script and nothing of
//! Latchkey's but what came over HTTP.

use askama::Template;

use super::Remaining;
use super::burndown::{BurndownItem, Reading, Refusal};

/// Its one page: a lamp. `Connect` posts to `/connect`, `Disconnect` and `Never mind` to `/disconnect`.
#[derive(Template)]
#[template(path = "buildlight/buildlight.html")]
pub struct Buildlight {
    /// Protects its own forms.
    pub csrf: String,
    /// What the lamp is doing.
    pub lamp: Lamp,
}

/// What the lamp is doing.
pub enum Lamp {
    /// Nothing: nobody has connected it, or it has ended for this reason.
    Off(Option<Refusal>),
    /// It shows a code and waits for somebody who types it.
    Waiting(Waiting),
    /// It shows builds.
    On {
        /// Whether the newest build of any project failed.
        red: bool,
        /// The builds, by project.
        projects: Vec<(String, Reading<BurndownItem>)>,
    },
}

/// A code that waits for somebody.
pub struct Waiting {
    /// What is typed.
    pub user_code: String,
    /// Where.
    pub page: String,
    /// The same with the code in it, for whoever is at this very screen.
    pub link: String,
    /// How much longer.
    pub left: Remaining,
}
