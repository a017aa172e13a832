//! The page of Oldtimer, the demo service of the older OAuth kind. It is another company's site on another origin: its own looks, no
//! script, and nothing of Latchkey's but what came over HTTP.

use askama::Template;

use super::Remaining;
use super::burndown::{BurndownItem, Reading, Refusal};

/// Its one page. `Connect to DevOps` is a GET of `/connect`.
#[derive(Template)]
#[template(path = "oldtimer/oldtimer.html")]
pub struct Oldtimer {
    /// What it was told of its end, if it was told of it.
    pub notice: Option<OldtimerNotice>,
    /// What it shows once it is connected.
    pub connected: Option<OldtimerConnected>,
    /// Why it is not connected, if somebody tried or if it was.
    pub refused: Option<Refusal>,
    /// Where apps like it were registered once.
    pub register: String,
    /// What it was told lately, the newest first.
    pub told: Vec<OldtimerTold>,
}

/// What it was told of its end. What was not told is empty.
pub struct OldtimerNotice {
    /// Since when its way of connecting is deprecated: `1 April 2025`.
    pub since: String,
    /// When it stops working.
    pub end: String,
    /// Where the way out is shown.
    pub way_out: String,
}

/// What it shows once it is connected. `Get the next key` posts to `/refresh`, `Disconnect` to `/disconnect`.
pub struct OldtimerConnected {
    /// Protects its own forms.
    pub csrf: String,
    /// How much longer its present key works.
    pub key_left: Remaining,
    /// The work items, or why there are none.
    pub work_items: Reading<BurndownItem>,
}

/// One call, and what it was told.
#[derive(Clone)]
pub struct OldtimerTold {
    /// The call: `POST /oauth2/token, assertion: a code`.
    pub call: String,
    /// The answer: `400 invalid_client`.
    pub answer: String,
}
