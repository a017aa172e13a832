//! One app, for those who may change it.

use askama::Template;

use super::app_answers::AnswersForm;
use super::app_api::ApiForm;
use super::app_federation::FederationForm;
use super::app_keys::ProofForm;
use super::app_new::{AppProfile, OptionGroup, ScopeOption, grouped};
use super::app_presentation::AddressField;
use super::app_tokens::{Binding, TokensForm};
use super::apps::AppKind;
use super::{Frame, Moment, Problems, tile};

/// One app, for those who may change it, by parts ([`Part`]). Deleting it leads to `/delete`. Its forms post to addresses below `/apps/{client_id}`:
///
/// | address | fields |
/// |---|---|
/// | `/redirect-uris` | `redirect_uris` |
/// | `/scopes` | `scope`, `required`, `app_scopes` |
/// | `/api` | those of [`ApiForm`] |
/// | `/answers` | those of [`AnswersForm`] |
/// | `/sign-out-and-requests` | `post_logout_redirect_uris`, `backchannel_logout_uri`, `frontchannel_logout_uri`, `device_code`, `pushed_only` |
/// | `/tokens` | `binding`, `access_token_lifetime` |
/// | `/presentation` | `client_uri`, `logo_uri`, `policy_uri`, `tos_uri` |
/// | `/secrets`, `/secrets/remove` | `expires`, `secret` |
/// | `/keys`, `/keys/remove` | `key` |
/// | `/published-keys` | `jwks_uri` |
/// | `/method` | `method` |
/// | `/certificate-name` | `certificate_name_kind`, `certificate_name` |
/// | `/federation`, `/federation/remove` | `name`, `issuer`, `subject`, `audience`, `keys`; `credential` |
/// | `/test` | none |
#[derive(Template)]
#[template(path = "app.html")]
pub struct AppDetails {
    /// What every page needs.
    pub frame: Frame,
    /// What has just been done, if anything: `The redirect URIs were saved.`
    pub done: Option<String>,
    /// What is wrong, by field: `redirect-uris`, `scopes`, `secret-expires`.
    pub problems: Problems,
    /// Which part of it is shown.
    pub part: Part,
    /// Its client id.
    pub client_id: String,
    /// The address at which it describes itself, if nobody registered it.
    pub described_at: Option<String>,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: AppKind,
    /// Its profile.
    pub profile: AppProfile,
    /// Why it is suspended, if it is.
    pub suspended: Option<String>,
    /// Whether its publisher is verified.
    pub verified: bool,
    /// Who owns it.
    pub owner: String,
    /// The directory that holds it.
    pub directory: String,
    /// The id of that directory.
    pub tenant_id: String,
    /// The issuer its libraries are pointed at.
    pub issuer: String,
    /// When it was registered.
    pub created: Moment,
    /// How many people have authorized it.
    pub people: u32,
    /// The app of the older kind that it took over from.
    pub took_over_from: Option<TookOver>,
    /// The redirect URIs, one a line.
    pub redirect_uris: String,
    /// Sign-out, device codes and pushed requests.
    pub sign_out_and_requests: SignOutAndRequests,
    /// How it asks and is answered.
    pub answers: AnswersForm,
    /// The access tokens that it gets.
    pub tokens: TokensForm,
    /// What it shows of itself to people.
    pub presentation: Vec<AddressField>,
    /// What it exposes to others.
    pub api: ApiForm,
    /// The scopes one can ask for.
    pub scopes: Vec<ScopeOption>,
    /// The scopes of other apps that it asks for, one a line.
    pub app_scopes: String,
    /// Its secrets. Always empty for an app that cannot keep one.
    pub secrets: Vec<SecretRow>,
    /// How it proves who it is beside by them.
    pub proof: ProofForm,
    /// Tokens of other issuers that stand for it.
    pub federation: FederationForm,
    /// Why nobody tests its sign-in, if nobody does.
    pub unfit: Option<String>,
    /// Code to start from.
    pub snippets: Vec<Snippet>,
}

/// A part of the page of an app, each at an address of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Part {
    /// What it is, where people are sent back to, what it asks for.
    #[default]
    Overview,
    /// Its keys and certificates, and tokens of other issuers that stand for it.
    Keys,
    /// How it asks and is answered.
    Requests,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Overview, Self::Keys, Self::Requests];

    /// What follows the app's own address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Keys => "/keys",
            Self::Requests => "/requests",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Keys => "Keys and certificates",
            Self::Requests => "Requests and answers",
        }
    }

    const fn id(self) -> &'static str {
        match self {
            Self::Overview => "part-overview",
            Self::Keys => "part-keys",
            Self::Requests => "part-requests",
        }
    }
}

/// Code to start from, with the app's own values in place.
pub struct Snippet {
    /// What it is found by: `snippet-{id}`.
    pub id: &'static str,
    /// The library that it is for.
    pub title: &'static str,
    /// The code.
    pub code: String,
}

/// Sign-out, device codes and pushed requests of an app, as their form shows them.
pub struct SignOutAndRequests {
    /// Where people may be sent after sign-out, one a line.
    pub post_logout_redirect_uris: String,
    /// Where the server tells it of sign-outs.
    pub backchannel_logout_uri: String,
    /// Its page for sign-outs.
    pub frontchannel_logout_uri: String,
    /// Whether it asks for device codes, if its kind has to say so.
    pub device_code: Option<bool>,
    /// Whether it makes its requests by pushing them only.
    pub pushed_only: bool,
}

/// The app of the older kind that an app took over from.
pub struct TookOver {
    /// Its client id.
    pub client_id: String,
    /// When the app moved.
    pub at: Moment,
    /// Whether the older one is retired.
    pub retired: bool,
    /// How many people still come by the older one.
    pub people: u32,
}

/// A secret, of which we keep nothing that could be shown.
pub struct SecretRow {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// When it was added.
    pub added: Moment,
    /// When it ends.
    pub expires: Moment,
    /// Whether it has ended.
    pub expired: bool,
    /// How many days are left, when it ends soon.
    pub ends_in: Option<u64>,
}

impl AppDetails {
    fn groups(&self) -> Vec<OptionGroup<'_>> {
        grouped(&self.scopes)
    }

    /// Whether this kind of app can prove who it is.
    fn keeps_secrets(&self) -> bool {
        matches!(self.kind, AppKind::Web | AppKind::Daemon)
    }

    /// The parts that there are of it.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        let (editable, proves) = (self.described_at.is_none(), self.keeps_secrets());
        Part::ALL.into_iter().filter(move |part| match part {
            Part::Overview => true,
            Part::Keys => editable && proves,
            Part::Requests => editable,
        })
    }

    /// Whether a secret is good enough for that.
    fn takes_secrets(&self) -> bool {
        self.keeps_secrets() && self.profile != AppProfile::Fapi2
    }

    /// Whether its profile leaves it no choice.
    fn always_bound(&self) -> bool {
        self.profile == AppProfile::Fapi2
    }

    /// Whether this kind of app is ever redirected to.
    fn is_redirected_to(&self) -> bool {
        self.kind != AppKind::Daemon
    }
}
