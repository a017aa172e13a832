//! The pages of Burndown, the demo service. It is another company's site on another origin: its own looks, no script,
//! and nothing of Latchkey's but what came over HTTP.

use askama::Template;

use super::Remaining;

/// The first page. `Connect to DevOps` is a GET of `/connect`.
#[derive(Template)]
#[template(path = "burndown/start.html")]
pub struct BurndownStart {
    /// Why the last attempt to connect did not work, if it did not: the OAuth error and what it means.
    pub refused: Option<Refusal>,
}

/// What Latchkey answered instead of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The error code: `access_denied`.
    pub code: String,
    /// What it means, as a sentence.
    pub sentence: String,
}

/// What it shows once it is connected. `Disconnect` posts to `/disconnect`.
#[derive(Template)]
#[template(path = "burndown/dashboard.html")]
pub struct BurndownDashboard {
    /// The person who connected it.
    pub person: String,
    /// Protects its own form.
    pub csrf: String,
    /// How much longer its present key works.
    pub key_left: Remaining,
    /// A section for each project it can reach.
    pub projects: Vec<BurndownProject>,
}

/// What it knows of one project.
pub struct BurndownProject {
    /// `harbor / lighthouse`.
    pub name: String,
    /// Work items, or why there are none.
    pub work_items: Reading<BurndownItem>,
    /// Commits, or why there are none.
    pub commits: Reading<BurndownItem>,
    /// Builds, or why there are none.
    pub builds: Reading<BurndownItem>,
}

/// What came of reading something.
pub enum Reading<T> {
    /// It came.
    Have(Vec<T>),
    /// It was refused, for this reason.
    Refused(String),
}

/// One line of a panel.
pub struct BurndownItem {
    /// What it is.
    pub title: String,
    /// What else there is to say.
    pub detail: String,
    /// A word to mark it with: `Active`, `failed`.
    pub tag: String,
}

/// Its access has ended. `Connect to DevOps` is a GET of `/connect`.
#[derive(Template)]
#[template(path = "burndown/ended.html")]
pub struct BurndownEnded {
    /// What it was told: `401`, `invalid_grant`.
    pub code: String,
    /// The call that was refused.
    pub call: String,
    /// What that means, as a sentence.
    pub sentence: String,
}
