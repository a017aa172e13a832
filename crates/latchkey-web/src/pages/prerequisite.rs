//! Told to whoever may not authorize services anywhere: which prerequisite is missing, where, and what to do.

use askama::Template;

use super::{Ago, AppFace, Frame, Person, tile};

/// The page for a person who may not approve this request. `Return without approving` posts `flow` to
/// `/consent/return`.
#[derive(Template)]
#[template(path = "prerequisite.html")]
pub struct Prerequisite {
    /// What every page needs.
    pub frame: Frame,
    /// The flow that asks.
    pub flow: String,
    /// Why a request for an approval was not kept, as a sentence.
    pub problem: Option<String>,
    /// Who asks.
    pub app: AppFace,
    /// The host the person goes back to.
    pub host: String,
    /// As whom.
    pub account: Person,
    /// The organizations the person can see, with what is missing in each. Empty when there is none.
    pub organizations: Vec<Shortfall>,
}

/// What is missing in one organization.
pub struct Shortfall {
    /// The organization's name.
    pub organization: String,
    /// Each prerequisite that is missing.
    pub missing: Vec<Missing>,
    /// Whom to ask.
    pub ask: Vec<Contact>,
    /// The organization's id.
    pub id: String,
    /// What became of the person's request for an approval, if they made one.
    pub asked: Option<AskedBefore>,
    /// Whether an approval can be asked for here. `Ask an administrator` posts `flow`, `ask` (the organization's id) and
    /// `sentence` to `/consent/ask`.
    pub may_ask: bool,
}

/// What became of a request for an approval.
pub enum AskedBefore {
    /// It waits, since then.
    Waiting(Ago),
    /// It was denied then.
    Denied(Ago),
    /// Nobody answered in time.
    Expired,
    /// The app is another since.
    AppChanged,
}

/// A prerequisite that is missing.
pub struct Missing {
    /// A stable code of it, such as `administrator`.
    pub code: String,
    /// What is missing, as a sentence.
    pub what: String,
    /// What to do about it, as a sentence.
    pub mend: String,
}

/// Somebody who can help.
pub struct Contact {
    /// Their name.
    pub name: String,
    /// Their email address.
    pub email: String,
}
