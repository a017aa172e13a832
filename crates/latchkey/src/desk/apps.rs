//! `latchkey app`.

use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use latchkey_identity::client::registration::{self, Registration, RegistrationError};
use latchkey_identity::client::{Client, ClientId, ClientKind, ClientState, LogoutUris, Metadata, Profile};
use latchkey_identity::scope::ScopeSet;
use latchkey_web::App;
use latchkey_web::app::entropy;
use serde::{Deserialize, Serialize};

use super::app_federation::{self, FederationOrder};
use super::app_import::{self, DeclaredApps};
use super::app_keys::{self, KeyOrder};
use super::app_secrets::{self, ONCE, SecretOrder, add_secret};
use super::report::{Report, Row, row};
use super::{account, from_console, moment, operator, tenant};
use crate::failure::{Exit, Failure};

/// What can be done with apps.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum AppOrder {
    /// Register an app; one that keeps a secret gets its first
    #[command(after_help = "Examples:\n  \
        latchkey app create --name Burndown --kind web --owner ana@example.com \\\n      \
            --redirect-uri https://burndown.example.com/callback --scope vso.work --scope vso.code\n  \
        latchkey app create --name 'Nightly report' --kind daemon --owner ana@example.com --scope vso.build -o json")]
    Create(Box<NewApp>),
    /// Bring in apps as a file declares them: a plan first, --apply to do it
    #[command(after_help = app_import::HELP)]
    Import(DeclaredApps),
    /// List the apps of a tenant, or of all
    List {
        /// The tenant, by its domain or id
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Show an app
    Show {
        /// Its client id
        client_id: String,
    },
    /// Delete an app: every authorization of it ends
    Delete {
        /// Its client id
        client_id: String,
    },
    /// Add, list or remove public keys that the app signs with instead of showing a secret
    #[command(subcommand)]
    Key(KeyOrder),
    /// Add, list or remove tokens of other issuers that stand for the app
    #[command(subcommand)]
    Federation(FederationOrder),
    /// Fix an app to one method of authentication, or to none in particular
    #[command(after_help = "Example:\n  latchkey app method 00000000-0000-0000-0000-000000000000 private_key_jwt")]
    Method {
        /// Its client id
        client_id: String,
        /// `token_endpoint_auth_method`, or `any`
        method: String,
    },
    /// Add or remove a secret
    #[command(subcommand)]
    Secret(SecretOrder),
}

/// An app to be registered.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct NewApp {
    /// What people call it
    #[arg(long)]
    name: String,
    /// What sort of program it is
    #[arg(long)]
    kind: Kind,
    /// The address of the account that owns it, and may change it
    #[arg(long, value_name = "EMAIL")]
    owner: String,
    /// Where people are sent back to; may be given several times
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where people may be sent after they signed out; may be given several times
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    /// Where it is told that somebody signed out, by https (Back-Channel Logout)
    #[arg(long, value_name = "URI")]
    #[serde(default)]
    backchannel_logout_uri: Option<String>,
    /// Its page that is framed when somebody signs out (Front-Channel Logout)
    #[arg(long, value_name = "URI")]
    #[serde(default)]
    frontchannel_logout_uri: Option<String>,
    /// A scope that it may ask for; may be given several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A scope without which it does not work; may be given several times
    #[arg(long = "required-scope", value_name = "SCOPE")]
    required_scopes: Vec<String>,
    /// Which world its client library comes from
    #[arg(long, default_value = "standard")]
    profile: AppProfile,
    /// People of other tenants may authorize it
    #[arg(long)]
    multi_tenant: bool,
    /// It may leave out PKCE; only for apps that keep a secret
    #[arg(long)]
    pkce_optional: bool,
    /// It may ask for device codes; only for native and web apps
    #[arg(long)]
    #[serde(default)]
    device_code: bool,
    /// It may make its authorization requests by pushing them only
    #[arg(long)]
    #[serde(default)]
    pushed_only: bool,
    /// How it asks and is answered, as JSON of registered names: subject_type, id_token_signed_response_alg,
    /// userinfo_signed_response_alg, introspection_signed_response_alg, authorization_signed_response_alg,
    /// request_object_signing_alg, require_signed_request_object, request_uris, default_max_age, require_auth_time,
    /// initiate_login_uri, exposed_scopes, callers, access_token_signed_response_alg, access_token_lifetime
    #[arg(long, value_name = "JSON")]
    #[serde(default)]
    metadata: Option<TypedMetadata>,
    /// How many days its first secret lives, at most 730
    #[arg(long, default_value_t = latchkey_identity::limits::USUAL_SECRET_DAYS, value_name = "DAYS")]
    secret_days: u32,
}

/// Client metadata as it is typed. A name that is none is a mistake.
#[derive(Clone, Serialize, Deserialize)]
struct TypedMetadata(Metadata);

impl FromStr for TypedMetadata {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let typed: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let read: Metadata = serde_json::from_value(typed.clone().into()).map_err(|error| error.to_string())?;
        let unknown = typed.keys().find(|name| !Metadata::NAMES.contains(&name.as_str()));
        unknown.map_or(Ok(Self(read)), |name| Err(format!("{name} is none of {}", Metadata::NAMES.join(", "))))
    }
}

/// What sort of program an app is.
#[derive(Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Runs on a server and keeps a secret
    Web,
    /// Runs on a person's machine
    Native,
    /// Runs in a browser
    Spa,
    /// Runs on a server without anybody present
    Daemon,
}

impl From<Kind> for ClientKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Web => Self::Web,
            Kind::Native => Self::Native,
            Kind::Spa => Self::SinglePage,
            Kind::Daemon => Self::Daemon,
        }
    }
}

/// What clients of different worlds need differently.
#[derive(Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub(crate) enum AppProfile {
    /// Nothing beside the standards
    Standard,
    /// What Microsoft's client libraries expect
    Microsoft,
    /// FAPI 2.0: pushed requests, authentication by a key, tokens bound to one
    Fapi2,
    /// The older OAuth kind: none is made, and the answer says what to do instead
    #[value(hide = true)]
    Legacy,
}

impl From<AppProfile> for Profile {
    fn from(profile: AppProfile) -> Self {
        match profile {
            AppProfile::Standard => Self::Standard,
            AppProfile::Microsoft => Self::Microsoft,
            AppProfile::Fapi2 => Self::Fapi2,
            AppProfile::Legacy => Self::Legacy,
        }
    }
}

impl AppOrder {
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Delete { client_id } => {
                Some(format!("Delete the app {client_id}, and end every authorization of it?"))
            }
            Self::Secret(order) => order.question(),
            Self::Key(order) => order.question(),
            Self::Federation(order) => order.question(),
            _ => None,
        }
    }

    /// With what the files say that it names.
    pub(super) fn read(self) -> Result<Self, Failure> {
        Ok(match self {
            Self::Key(order) => Self::Key(order.read()?),
            Self::Federation(order) => Self::Federation(order.read()?),
            order => order,
        })
    }
}

const LISTED: [&str; 5] = ["client_id", "name", "kind", "active", "scopes"];
const SHOWN: [&str; 19] = [
    "client_id",
    "name",
    "kind",
    "profile",
    "tenant",
    "owner",
    "active",
    "multi_tenant",
    "pkce_optional",
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "device_code",
    "pushed_only",
    "metadata",
    "scopes",
    "required_scopes",
    "created",
];

fn row(client: &Client) -> Row {
    let words = |scopes: &ScopeSet| scopes.iter().map(str::to_owned).collect::<Vec<_>>();
    let logout = client.logout.typed();
    row! {
        "client_id": client.id.to_string(),
        "name": client.name,
        "kind": client.kind.name(),
        "profile": client.profile.name(),
        "tenant": client.tenant.to_string(),
        "owner": client.owner.map(|owner| owner.to_string()),
        "active": client.state == ClientState::Active,
        "multi_tenant": client.multi_tenant,
        "pkce_optional": client.pkce_optional,
        "redirect_uris": client.redirect_uris.iter().map(|uri| uri.as_str()).collect::<Vec<_>>(),
        "post_logout_redirect_uris": logout.post_logout_redirect_uris,
        "backchannel_logout_uri": logout.backchannel_logout_uri,
        "frontchannel_logout_uri": logout.frontchannel_logout_uri,
        "device_code": client.may_use_device_codes(),
        "pushed_only": client.pushed_only,
        "metadata": serde_json::to_value(&client.metadata).unwrap_or_default(),
        "scopes": words(&client.scopes),
        "required_scopes": words(&client.required_scopes),
        "created": moment(client.created_at),
    }
}

pub(super) async fn perform(app: &App, order: AppOrder) -> Result<Report, Failure> {
    match order {
        AppOrder::Create(new) => create(app, *new).await,
        AppOrder::Import(apps) => app_import::perform(app, apps).await,
        AppOrder::List { tenant: named } => list(app, named.as_deref()).await,
        AppOrder::Show { client_id } => show(app, &client_id).await,
        AppOrder::Delete { client_id } => delete(app, &client_id).await,
        AppOrder::Federation(order) => app_federation::perform(app, order).await,
        AppOrder::Key(order) => app_keys::perform(app, order).await,
        AppOrder::Method { client_id, method } => app_keys::set_method(app, &client_id, &method).await,
        AppOrder::Secret(order) => app_secrets::perform(app, order).await,
    }
}

async fn create(app: &App, new: NewApp) -> Result<Report, Failure> {
    let scopes = |scopes: &[String]| ScopeSet::from_text(&scopes.join(" "));
    let wanted = Registration {
        scopes: scopes(&new.scopes),
        required_scopes: scopes(&new.required_scopes),
        name: new.name,
        kind: new.kind.into(),
        profile: new.profile.into(),
        redirect_uris: new.redirect_uris,
        logout: LogoutUris {
            post_logout_redirect_uris: new.post_logout_redirect_uris,
            backchannel_logout_uri: new.backchannel_logout_uri,
            frontchannel_logout_uri: new.frontchannel_logout_uri,
        },
        device_code: new.device_code,
        pushed_only: new.pushed_only,
        multi_tenant: new.multi_tenant,
        metadata: new.metadata.map(|metadata| metadata.0).unwrap_or_default(),
        pkce_optional: new.pkce_optional,
    };
    let sector = app.sector_document(&wanted.metadata, &wanted.redirect_uris, None).await;
    let checked = wanted.check_with(sector.as_ref(), &app.resource.scopes)?;
    let owner = account(app, &new.owner).await?;
    let now = app.now();
    let client = app
        .decide_apps(|| async {
            let owned = app.store.count_clients_owned_by(owner.id).await?;
            Ok(from_console(registration::register(checked.clone(), &owner, owned, now, &mut entropy())))
        })
        .await??;
    let mut columns = SHOWN.to_vec();
    let mut shown = row(&client);
    if client.profile == Profile::Fapi2 {
        let next = format!("It authenticates by a key: `latchkey app key add {} FILE` adds one.", client.id);
        return Ok(Report::one(&columns, shown).note(next));
    }
    if !client.kind.is_confidential() {
        return Ok(Report::one(&columns, shown));
    }
    let secret = add_secret(app, client.id, new.secret_days).await.map_err(|failure| {
        failure
            .remedy(format!("the app is registered without a secret: `latchkey app secret add {}` adds one", client.id))
    })?;
    shown.extend(secret);
    columns.extend(["client_secret", "secret_id", "secret_expires"]);
    Ok(Report::one(&columns, shown).note(ONCE))
}

async fn list(app: &App, named: Option<&str>) -> Result<Report, Failure> {
    let tenants = match named {
        Some(named) => vec![tenant(app, named).await?.id],
        None => app.store.tenants().await?.into_iter().map(|tenant| tenant.id).collect(),
    };
    let mut rows = Vec::new();
    for tenant in tenants {
        rows.extend(app.store.clients_of(tenant).await?.iter().map(row));
    }
    Ok(Report::list(&LISTED, rows))
}

async fn show(app: &App, client_id: &str) -> Result<Report, Failure> {
    let client = find(app, client_id).await?;
    let now = app.now();
    let mut report = Report::one(&SHOWN, row(&client));
    for secret in &client.secrets {
        let state = if secret.is_live(now) { "until" } else { "ended" };
        report = report.note(format!("secret {} ({}..) {state} {}", secret.id, secret.hint, moment(secret.expires_at)));
    }
    for key in &client.authentication.keys {
        let state = if key.is_live(now) { "until" } else { "ended" };
        report = report.note(format!("key {} ({}) {state} {}", key.id, key.kid(), moment(key.expires_at)));
    }
    if let Some(method) = client.authentication.method {
        report = report.note(format!("it authenticates by {} only", method.name()));
    }
    Ok(report)
}

async fn delete(app: &App, client_id: &str) -> Result<Report, Failure> {
    let (id, now) = (find(app, client_id).await?.id, app.now());
    let rule = |client: &Client| from_console(registration::delete(client, &operator(client.tenant, now), now));
    app.decide_client(id, rule).await??;
    Ok(Report::done("The app is deleted, and every authorization of it has ended."))
}

pub(super) async fn find(app: &App, client_id: &str) -> Result<Arc<Client>, Failure> {
    let found = match ClientId::parse(client_id) {
        Some(id) => app.store.client(id).await?,
        None => None,
    };
    found.ok_or_else(|| no_app(client_id))
}

pub(super) fn no_app(client_id: &str) -> Failure {
    Failure::not_found(format!("there is no app {client_id}")).remedy("`latchkey app list` shows those there are")
}

impl From<RegistrationError> for Failure {
    fn from(error: RegistrationError) -> Self {
        let exit = match error {
            RegistrationError::TooManySecrets
            | RegistrationError::TooManyApps
            | RegistrationError::TakenId
            | RegistrationError::NotYours
            | RegistrationError::NoNewLegacyApps
            | RegistrationError::LegacyStaysAsItIs => Exit::Refused,
            _ => Exit::Usage,
        };
        Self::new(exit, "the registration is not accepted").because(error)
    }
}
