//! Every service that holds a key to an organization, for its administrators.

use askama::Template;

use super::moment::Ago;
use super::use_by_day::UseByDay;
use super::{AppFace, Frame, Moment, tile};

/// Every service that holds a key to an organization. `Stop` and `Allow again` post `client` to
/// `/organizations/{name}/services/stop` and `/allow`.
#[derive(Template)]
#[template(path = "organization_services.html")]
pub struct OrganizationServices {
    /// What every page needs.
    pub frame: Frame,
    /// The organization's name.
    pub name: String,
    /// What has just been done, if anything: `Contoso CI was stopped.`
    pub done: Option<String>,
    /// The services.
    pub services: Vec<Service>,
}

/// One service, with everybody who gave it a key.
pub struct Service {
    /// Its client id.
    pub client_id: String,
    /// The app.
    pub app: AppFace,
    /// Whether it is of the older OAuth kind.
    pub legacy: bool,
    /// Whether it was stopped for this organization.
    pub stopped: bool,
    /// Its calls in projects of this organization, by day.
    pub by_day: UseByDay,
    /// The authorizations into this organization that were used last.
    pub authorizations: Vec<ServiceAuthorization>,
    /// How many more there are.
    pub more: u32,
}

/// One authorization into the organization.
pub struct ServiceAuthorization {
    /// Who gave it.
    pub person: String,
    /// What it may do, in plain words.
    pub may: Vec<String>,
    /// The projects it reaches.
    pub projects: Vec<String>,
    /// When it was given.
    pub since: Moment,
    /// When it ends by itself, if it does.
    pub until: Option<Moment>,
    /// Whether it ends with the session that it was given in, if that comes first.
    pub for_session: bool,
    /// Whether the person has paused it.
    pub paused: bool,
    /// When it last acted.
    pub last_used: Option<Ago>,
}
