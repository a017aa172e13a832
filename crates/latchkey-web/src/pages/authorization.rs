//! One authorization, with everything known about it.

use askama::Template;

use super::authorizations::{AuthorizationKind, LastUse};
use super::{AppFace, Frame, Moment, Remaining, tile};

/// One authorization, with everything known about it. `Revoke` posts `authorization` to
/// `/profile/authorizations/revoke`.
#[derive(Template)]
#[template(path = "authorization.html")]
pub struct Authorization {
    /// What every page needs.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// The app that holds it.
    pub app: AppFace,
    /// How it came to be.
    pub kind: AuthorizationKind,
    /// The account that gave it.
    pub email: String,
    /// What it may do.
    pub may: Vec<Allowed>,
    /// Where: `harbor: lighthouse, drydock`.
    pub places: Vec<String>,
    /// When it was given.
    pub since: Moment,
    /// When it ends by itself, if it does.
    pub until: Option<Moment>,
    /// When it last acted, if it ever did.
    pub last_use: Option<LastUse>,
    /// The keys that work right now.
    pub keys: Vec<LiveKey>,
    /// What happened to it, the newest first.
    pub events: Vec<Event>,
    /// Calls by day, the oldest first.
    pub days: Vec<DayOfUse>,
}

/// Something an authorization allows.
pub struct Allowed {
    /// In plain words.
    pub label: String,
    /// The scope itself.
    pub scope: String,
    /// Whether it deserves a second look.
    pub high_privilege: bool,
}

/// A key that works right now.
pub struct LiveKey {
    /// What it is: `Access token`, `Refresh token`.
    pub kind: String,
    /// When it was issued.
    pub issued: Moment,
    /// For how much longer it works.
    pub left: Remaining,
}

/// Something that happened.
pub struct Event {
    /// When.
    pub at: Moment,
    /// What, as a sentence.
    pub sentence: String,
}

/// The calls of one day.
pub struct DayOfUse {
    /// The day.
    pub day: Moment,
    /// How many calls were answered.
    pub calls: u32,
}

/// A bar of the chart.
struct Bar {
    x: usize,
    y: u32,
    height: u32,
}

/// The height of the chart, in its own units.
const CHART_HEIGHT: u32 = 60;
/// From one bar of the chart to the next.
const BAR_STEP: usize = 12;

impl Authorization {
    fn bars(&self) -> Vec<Bar> {
        let most = self.most_calls().max(1);
        let height = |calls: u32| u64::from(calls) * u64::from(CHART_HEIGHT) / u64::from(most);
        let bar = |(at, day): (usize, &DayOfUse)| {
            let height = u32::try_from(height(day.calls)).unwrap_or(CHART_HEIGHT).max(u32::from(day.calls > 0));
            Bar { x: at * BAR_STEP + 2, y: CHART_HEIGHT - height, height }
        };
        self.days.iter().enumerate().map(bar).collect()
    }

    fn chart_width(&self) -> usize {
        self.days.len().max(1) * BAR_STEP
    }

    fn most_calls(&self) -> u32 {
        self.days.iter().map(|day| day.calls).max().unwrap_or(0)
    }

    fn all_calls(&self) -> u64 {
        self.days.iter().map(|day| u64::from(day.calls)).sum()
    }
}
