//! Manage authorizations: every key that is out.

use askama::Template;

use super::legacy_app::Notice;
use super::moment::Ago;
use super::use_by_day::UseByDay;
use super::{AppFace, Frame, Moment, tile};

/// Every authorization a person has given. `Revoke`, `Pause` and `Resume` post `authorization` (an id) to
/// `/profile/authorizations/revoke`, `/pause` and `/resume`; `Revoke all` leads to a page that asks first.
#[derive(Template)]
#[template(path = "authorizations.html")]
pub struct Authorizations {
    /// What every page needs.
    pub frame: Frame,
    /// The newest first: all of them, or those that were not used for `unused` days.
    pub rows: Vec<AuthorizationRow>,
    /// How many there are in all.
    pub all: u32,
    /// The days without use that the list is cut to, if it is.
    pub unused: Option<u16>,
    /// How many were not used for as long as `Revoke all not used` means.
    pub idle: u32,
    /// Where a person may try it: the demo service, when there is one.
    pub try_at: Option<String>,
    /// What the person asked administrators to approve, the newest first.
    pub asked: Vec<AskedRow>,
}

impl Authorizations {
    /// The days without use that the list can be cut to. The last of them is what `Revoke all not used` means.
    pub const UNUSED: [u16; 2] = [30, IDLE_DAYS];
}

/// After so many days without use a key is one that nobody misses.
pub const IDLE_DAYS: u16 = 90;

/// One request to an administrator.
pub struct AskedRow {
    /// The app that it is for.
    pub app: String,
    /// The organization whose administrators were asked.
    pub organization: String,
    /// When.
    pub asked: Ago,
    /// How it stands.
    pub state: AskedState,
}

/// How a request to an administrator stands.
pub enum AskedState {
    /// It waits for an answer, until then.
    Waiting(Moment),
    /// Nobody answered in time.
    Expired,
    /// The app is another since: the request and its answer count no more.
    AppChanged,
    /// It was approved: by whom, and when.
    Approved(String, Ago),
    /// It was denied: by whom, and when.
    Denied(String, Ago),
}

/// One authorization in the list.
pub struct AuthorizationRow {
    /// Its id.
    pub id: String,
    /// The app that holds it.
    pub app: AppFace,
    /// How it came to be.
    pub kind: AuthorizationKind,
    /// What it may do, in plain words.
    pub may: Vec<String>,
    /// Where, in short: `harbor: lighthouse, drydock`.
    pub places: Vec<String>,
    /// When it was given.
    pub since: Moment,
    /// When it ends by itself, if it does.
    pub until: Option<Moment>,
    /// Whether it ends with the session that it was given in, if that comes first.
    pub for_session: bool,
    /// Since when it is paused, if it is.
    pub paused: Option<Moment>,
    /// When it last acted, if it ever did.
    pub last_use: Option<LastUse>,
    /// Its calls of the last thirty days, by day.
    pub by_day: UseByDay,
    /// What is to be told of the end of the older kind, where it acts.
    pub sunset: Vec<Notice>,
}

/// How an authorization came to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AuthorizationKind {
    /// By the present protocol, with keys of at most 90 minutes.
    OpenIdConnect,
    /// By the older OAuth kind.
    Legacy,
}

impl AuthorizationKind {
    /// As pages call it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::OpenIdConnect => "OpenID Connect",
            Self::Legacy => "Legacy",
        }
    }
}

/// When, and from where, an authorization last acted.
pub struct LastUse {
    /// When.
    pub when: Ago,
    /// From which network address.
    pub address: String,
}
