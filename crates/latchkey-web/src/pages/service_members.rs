//! Apps that are members of an organization by themselves, for its administrators.

use askama::Template;

use super::authorizations::LastUse;
use super::{Frame, Moment, Problems, tile};

/// Apps that are members of an organization by themselves. The form posts `client`, `access_level`, `group` and each `project` to
/// `/organizations/{name}/service-members`; `Remove` posts `client` to `/remove` below it, and `Accept` posts it with `shown` to `/accept`.
#[derive(Template)]
#[template(path = "service_members.html")]
pub struct ServiceMembers {
    /// What every page needs.
    pub frame: Frame,
    /// The organization's name.
    pub name: String,
    /// What has just been done, if anything: `Nightly is a member now.`
    pub done: Option<String>,
    /// What is wrong with what was typed.
    pub problems: Problems,
    /// The apps, by name.
    pub members: Vec<ServiceMember>,
    /// What stands in the form.
    pub form: ServiceForm,
}

/// An app that is a member by itself.
pub struct ServiceMember {
    /// Its client id.
    pub client_id: String,
    /// Its name; `None` if it was deleted since.
    pub app: Option<String>,
    /// What its licence lets it use: `Basic`.
    pub access_level: String,
    /// The scopes that it registered, as far as they were accepted.
    pub scopes: Vec<String>,
    /// What it became since it was accepted, if that is more or something else.
    pub changed: Option<ChangedService>,
    /// The projects it is in, each with its groups.
    pub projects: Vec<String>,
    /// Since when.
    pub since: Moment,
    /// When it last acted, and from where, if it ever did.
    pub last_use: Option<LastUse>,
}

/// What an app became since it was accepted.
pub struct ChangedService {
    /// Fingerprint of what the page says of it: the answer counts for that.
    pub shown: String,
    /// The scopes that it registered since.
    pub more: Vec<String>,
    /// Whether its name, its publisher, its directory or its addresses are others.
    pub other: bool,
}

/// The form that makes an app a member.
pub struct ServiceForm {
    /// The client id as it was typed.
    pub client: String,
    /// The access levels.
    pub access_levels: Vec<Choice>,
    /// The groups of a project.
    pub groups: Vec<Choice>,
    /// The projects of the organization.
    pub projects: Vec<Choice>,
}

/// Something that can be chosen.
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What it is called.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}
