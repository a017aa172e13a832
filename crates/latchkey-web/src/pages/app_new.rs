//! Registering an app.

use askama::Template;

use super::apps::AppKind;
use super::consent::Reach;
use super::{Frame, Problems};

/// The form that registers an app. Posts to `/apps/new`: `name`, `kind`, `redirect_uris` (one a line), `profile`,
/// `without_pkce`, and for each scope that is asked for `scope`, and `required` if the app cannot work without it;
/// `app_scopes` (one a line) are those of other apps.
///
/// With script, `/apps/check-redirect-uri?kind=..&uri=..` is asked while typing. It answers `{"ok", "reason"}`.
#[derive(Template)]
#[template(path = "app_new.html")]
pub struct AppNew {
    /// What every page needs.
    pub frame: Frame,
    /// What is wrong, by field: `name`, `kind-web`, `redirect-uris`, `scopes`, `profile`, `without-pkce`.
    pub problems: Problems,
    /// The name so far.
    pub name: String,
    /// The kind so far.
    pub kind: AppKind,
    /// The redirect URIs so far, one a line.
    pub redirect_uris: String,
    /// The scopes one can ask for.
    pub scopes: Vec<ScopeOption>,
    /// The scopes of other apps that it asks for, one a line.
    pub app_scopes: String,
    /// The profile so far.
    pub profile: AppProfile,
    /// Whether a confidential app may leave out PKCE.
    pub without_pkce: bool,
}

/// A scope an app can ask for.
#[derive(Clone)]
pub struct ScopeOption {
    /// The scope itself, as in `vso.work`.
    pub value: String,
    /// What it allows, in plain words.
    pub label: String,
    /// How far it reaches.
    pub reach: Reach,
    /// Whether it deserves a second look.
    pub high_privilege: bool,
    /// Whether the app asks for it.
    pub asked: bool,
    /// Whether the app cannot work without it.
    pub required: bool,
}

/// What clients of different worlds need differently.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AppProfile {
    /// By the standards.
    Standard,
    /// As Microsoft's client libraries expect.
    Microsoft,
    /// By FAPI 2.0.
    Fapi2,
    /// Of the older OAuth kind. None is registered: the form does not offer it.
    Legacy,
}

impl AppNew {
    fn groups(&self) -> Vec<OptionGroup<'_>> {
        grouped(&self.scopes)
    }
}

impl AppProfile {
    /// All profiles that can be chosen, in the order of the form.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Microsoft, Self::Fapi2];

    /// The value in forms and in the API.
    pub fn value(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Microsoft => "microsoft",
            Self::Fapi2 => "fapi2",
            Self::Legacy => "legacy",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Standard => "Standard: OpenID Connect by the book",
            Self::Microsoft => "Microsoft: for MSAL and other Microsoft libraries",
            Self::Fapi2 => "FAPI 2.0: for services that handle more than most",
            Self::Legacy => "Legacy: of the older OAuth kind",
        }
    }
}

/// Scopes of one reach.
pub(super) struct OptionGroup<'a> {
    pub(super) title: &'static str,
    pub(super) scopes: Vec<&'a ScopeOption>,
}

impl OptionGroup<'_> {
    /// How many of them the app asks for.
    pub(super) fn asked(&self) -> usize {
        self.scopes.iter().filter(|scope| scope.asked).count()
    }
}

/// Sorts scopes by how far they reach.
pub(super) fn grouped(scopes: &[ScopeOption]) -> Vec<OptionGroup<'_>> {
    [(Reach::Read, "Read"), (Reach::Write, "Change"), (Reach::Administer, "Administer")]
        .map(|(reach, title)| OptionGroup {
            title,
            scopes: scopes.iter().filter(|scope| scope.reach == reach).collect(),
        })
        .into_iter()
        .filter(|group| !group.scopes.is_empty())
        .collect()
}
