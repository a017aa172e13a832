//! An organization and its policy.

use askama::Template;

use super::consent::KeepChoice;
use super::legacy_app::{Notice, OlderAppRow};
use super::{Frame, Moment, tile};

/// An organization: its projects and its people.
#[derive(Template)]
#[template(path = "organization.html")]
pub struct Organization {
    /// What every page needs.
    pub frame: Frame,
    /// Its name.
    pub name: String,
    /// Its owner's name.
    pub owner: String,
    /// The directory it belongs to.
    pub directory: String,
    /// Whether the person who looks administers it.
    pub administers: bool,
    /// How many requests wait for its administrators.
    pub requests: u32,
    /// The apps of the older OAuth kind, and what is told of their end; for its administrators, where there are some.
    pub older_apps: Option<OlderApps>,
    /// The projects the person can see.
    pub projects: Vec<ProjectRow>,
    /// Its members.
    pub members: Vec<MemberRow>,
}

/// The apps of the older OAuth kind in an organization, in short.
pub struct OlderApps {
    /// What is to be told of their end.
    pub notice: Option<Notice>,
    /// From when on everybody is warned.
    pub warn_from: Option<Moment>,
    /// From when on they are refused.
    pub refuse_from: Option<Moment>,
    /// The apps, by name.
    pub apps: Vec<OlderAppRow>,
}

/// One project in the list.
pub struct ProjectRow {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
}

/// One member.
pub struct MemberRow {
    /// Their name.
    pub name: String,
    /// Their email address; of a service its client id.
    pub email: String,
    /// Their access level: `Basic`.
    pub access_level: String,
    /// What they are beside that: `Owner`, `Project Collection Administrators`, `Service`.
    pub roles: Vec<String>,
}

/// Who may authorize services for an organization, for how long, and whether older ones are let in. Posts `who`, `longest`, `services` and `older` to
/// `/organizations/{name}/policy`.
#[derive(Template)]
#[template(path = "organization_policy.html")]
pub struct OrganizationPolicy {
    /// What every page needs.
    pub frame: Frame,
    /// The organization's name.
    pub name: String,
    /// Whether it has just been saved.
    pub saved: bool,
    /// What is counted in what each choice would do.
    pub counted: String,
    /// Who may authorize services, each with what that would do.
    pub choices: Vec<(WhoMayAuthorize, String)>,
    /// What of it holds now.
    pub who: WhoMayAuthorize,
    /// The longest authorization.
    pub longest: Vec<KeepChoice>,
    /// Whether services are let in at all.
    pub services: Switch,
    /// Whether apps of the older OAuth kind that were imported are let in.
    pub older: Switch,
}

/// What is on or off, with what either would do.
pub struct Switch {
    /// Whether it is on now.
    pub on: bool,
    /// What it would do to be on.
    pub would_on: String,
    /// What it would do to be off.
    pub would_off: String,
}

/// Who may authorize services for an organization.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum WhoMayAuthorize {
    /// Its administrators.
    Administrators,
    /// Members of a project with at least Basic access.
    Members,
    /// Members ask, an administrator approves.
    Approval,
    /// Nobody.
    Nobody,
}

impl WhoMayAuthorize {
    /// All answers, in the order of the form.
    pub const ALL: [Self; 4] = [Self::Administrators, Self::Members, Self::Approval, Self::Nobody];

    /// The value in forms and in the API.
    pub fn value(self) -> &'static str {
        match self {
            Self::Administrators => "administrators",
            Self::Members => "members",
            Self::Approval => "approval",
            Self::Nobody => "nobody",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Administrators => "Administrators",
            Self::Members => "Members",
            Self::Approval => "Members, after approval",
            Self::Nobody => "Nobody",
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Administrators => {
                "People in Project Collection Administrators who are in a project, with Basic access."
            }
            Self::Members => "Everybody who is in a project, with at least Basic access.",
            Self::Approval => "Members ask, and an administrator approves each service.",
            Self::Nobody => {
                "No service gets a new key. Those that are out go on working: stop them below, or one service at a time."
            }
        }
    }
}
