//! An app of the older OAuth kind, for its owner: who still comes by it, and the way out.

use askama::Template;

use super::app::SecretRow;
use super::{Ago, Frame, Moment, Problems, tile};

/// An app of the older kind. Forms post to `/apps/{client_id}/move` (`name`), `/secrets` (`expires`), `/secrets/remove` (`secret`); retiring
/// it leads to `/retire`, deleting it to `/delete`.
#[derive(Template)]
#[template(path = "legacy_app.html")]
pub struct LegacyAppDetails {
    /// What every page needs.
    pub frame: Frame,
    /// What has just been done, if anything.
    pub done: Option<String>,
    /// What is wrong, by field: `secret-expires`, `move`, `new-name`.
    pub problems: Problems,
    /// Its client id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// The company that says it is behind it.
    pub company: String,
    /// Its web site.
    pub website: String,
    /// What it is for.
    pub description: String,
    /// Whether it was suspended.
    pub suspended: bool,
    /// Who owns it.
    pub owner: String,
    /// When it came here.
    pub imported: Moment,
    /// Where it sends people back to.
    pub redirect_uris: Vec<String>,
    /// The scopes it was registered with.
    pub scopes: Vec<String>,
    /// What is to be told of the ends of its kind.
    pub notices: Vec<Notice>,
    /// When its kind ends, in each organization that took it over and that the person belongs to.
    pub ends: Vec<OrganizationEnd>,
    /// The others that took it over.
    pub elsewhere: Elsewhere,
    /// How many people have a live authorization for it.
    pub people: u32,
    /// Those of them that its owner may see, newest use first.
    pub known: Vec<OldWayRow>,
    /// Its secrets.
    pub secrets: Vec<SecretRow>,
    /// The app that stands beside it, if it has moved.
    pub moved: Option<MovedApp>,
    /// What of it would not move along: redirect URIs and scopes that the rules of today do not know.
    pub left_behind: Vec<String>,
}

/// Organizations that the person does not belong to: they are counted and not named.
pub struct Elsewhere {
    /// How many.
    pub organizations: u32,
    /// The first of their ends, if any has one.
    pub first_end: Option<Moment>,
}

impl LegacyAppDetails {
    /// How many come by the older way and are not named: they belong to other organizations, or are too many.
    fn unlisted(&self) -> usize {
        usize::try_from(self.people).unwrap_or(usize::MAX).saturating_sub(self.known.len())
    }
}

/// A sentence about the end of the older kind.
pub struct Notice {
    /// Whether little time is left.
    pub urgent: bool,
    /// What it says.
    pub sentence: String,
}

/// When the older kind ends in an organization.
pub struct OrganizationEnd {
    /// The organization.
    pub organization: String,
    /// From when on it warns.
    pub warn_from: Option<Moment>,
    /// From when on it refuses.
    pub refuse_from: Option<Moment>,
    /// Whether it refuses already.
    pub over: bool,
}

/// Somebody who comes by the older way.
pub struct OldWayRow {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Since when.
    pub since: Moment,
    /// When it last acted for them.
    pub last_used: Option<Ago>,
    /// Whether they have approved the new app too.
    pub moved: bool,
}

/// The app that an app of the older kind moved to.
pub struct MovedApp {
    /// Its client id.
    pub client_id: String,
    /// When.
    pub at: Moment,
    /// How many people have approved it.
    pub people: u32,
    /// What the code must change.
    pub changes: Vec<CodeChange>,
}

/// What one piece of code must change.
pub struct CodeChange {
    /// What it is about: `Refresh`.
    pub title: &'static str,
    /// An id for it.
    pub id: &'static str,
    /// As it was; nothing where there is no counterpart.
    pub before: Option<String>,
    /// As it becomes.
    pub after: String,
}

/// The app that was made beside one of the older kind, with its secret, shown this one time.
#[derive(Template)]
#[template(path = "legacy_moved.html")]
pub struct LegacyMoved {
    /// What every page needs.
    pub frame: Frame,
    /// The name of both.
    pub name: String,
    /// The client id of the older app.
    pub older: String,
    /// The new app.
    pub moved: MovedApp,
    /// Its secret.
    pub secret: String,
    /// When the secret ends.
    pub expires: Moment,
    /// What did not move along.
    pub left_behind: Vec<String>,
}

/// The end of apps of the older kind in an organization. Posts `warn_from` and `refuse_from` to `/organizations/{name}/older-apps`.
#[derive(Template)]
#[template(path = "organization_older_apps.html")]
pub struct OrganizationOlderApps {
    /// What every page needs.
    pub frame: Frame,
    /// The organization's name.
    pub name: String,
    /// Whether it has just been saved.
    pub saved: bool,
    /// What is wrong, by field: `warn-from`, `refuse-from`.
    pub problems: Problems,
    /// What is to be told of the end.
    pub notice: Option<Notice>,
    /// Whether the organization lets apps of the older kind in at all.
    pub let_in: bool,
    /// From when on everybody is warned, as in a date field.
    pub warn_from: String,
    /// From when on they are refused, as in a date field.
    pub refuse_from: String,
    /// The apps, by name.
    pub apps: Vec<OlderAppRow>,
}

/// An app of the older kind in an organization.
pub struct OlderAppRow {
    /// Its client id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// The company that says it is behind it.
    pub company: String,
    /// How many people of the organization use it.
    pub people: u32,
    /// When it last acted for one of them.
    pub last_used: Option<Ago>,
    /// Whether it has moved.
    pub moved: bool,
}
