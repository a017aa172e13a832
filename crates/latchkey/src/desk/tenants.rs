//! `latchkey tenant`.

use clap::{Subcommand, ValueEnum};
use latchkey_identity::account::is_presentable;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_identity::event::{Event, EventKind};
use latchkey_identity::tenant::{PERSONAL_TENANT, Tenant, TenantId, TenantKind, TenantSegment};
use latchkey_identity::{Change, Decision};
use latchkey_web::App;
use latchkey_web::app::entropy;
use serde::{Deserialize, Serialize};

use super::report::{Report, Row, row};
use super::{from_console, moment, tenant};
use crate::failure::{Exit, Failure};

/// What can be done with tenants.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum TenantOrder {
    /// Make a directory for a domain
    #[command(after_help = "Example:\n  latchkey tenant create --domain example.com --name 'Example Ltd'")]
    Create {
        /// Its domain, which people name it by in URLs
        #[arg(long)]
        domain: String,
        /// What people call it
        #[arg(long)]
        name: String,
        /// It is the one that holds people's own accounts
        #[arg(long)]
        personal: bool,
    },
    /// List the directories
    List,
    /// Show or decide who may register apps by themselves (RFC 7591): nobody, whoever has a token, everybody
    #[command(after_help = "Example:\n  latchkey tenant registration example.com --gate open")]
    Registration {
        /// The directory's domain or id
        tenant: String,
        /// What holds from now on
        #[arg(long)]
        gate: Option<Gate>,
    },
    /// Show or decide whether tokens may travel through browsers (the implicit and hybrid flows): off unless old clients need it
    #[command(after_help = "Example:\n  latchkey tenant implicit example.com --allow true")]
    Implicit {
        /// The directory's domain or id
        tenant: String,
        /// What holds from now on
        #[arg(long, action = clap::ArgAction::Set)]
        allow: Option<bool>,
    },
    /// Show or decide whether apps that describe themselves at their client id are let in, as tools of AI agents do
    #[command(after_help = "Example:\n  latchkey tenant described-apps example.com --let-in off")]
    DescribedApps {
        /// The directory's domain or id
        tenant: String,
        /// What holds from now on
        #[arg(long)]
        let_in: Option<LetIn>,
    },
    /// Make a token that lets apps register themselves for a week
    InitialToken {
        /// The directory's domain or id
        tenant: String,
    },
}

/// Who may register apps by themselves.
#[derive(Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Gate {
    /// Nobody: people register apps
    Off,
    /// Whoever has an initial access token
    InitialToken,
    /// Everybody
    Open,
}

/// Whether apps that describe themselves are let in.
#[derive(Clone, Copy, PartialEq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum LetIn {
    /// They are: people decide about each
    On,
    /// They are not
    Off,
}

impl From<Gate> for RegistrationGate {
    fn from(gate: Gate) -> Self {
        match gate {
            Gate::Off => Self::Off,
            Gate::InitialToken => Self::InitialToken,
            Gate::Open => Self::Open,
        }
    }
}

const COLUMNS: [&str; 4] = ["domain", "name", "kind", "id"];

fn row(tenant: &Tenant) -> Row {
    let kind = match tenant.kind {
        TenantKind::Work => "work",
        TenantKind::Personal => "personal",
    };
    row! { "domain": tenant.domain, "name": tenant.name, "kind": kind, "id": tenant.id.to_string() }
}

pub(super) async fn perform(app: &App, order: TenantOrder) -> Result<Report, Failure> {
    match order {
        TenantOrder::List => Ok(Report::list(&COLUMNS, app.store.tenants().await?.iter().map(row).collect())),
        TenantOrder::Create { domain, name, personal } => {
            let tenant = create(app, &domain, &name, personal).await?;
            Ok(Report::one(&COLUMNS, row(&tenant)))
        }
        TenantOrder::Registration { tenant: named, gate } => {
            let tenant = tenant(app, &named).await?;
            if let Some(gate) = gate {
                app.set_registration_gate(tenant.id, gate.into(), app.registration_event(tenant.id)).await?;
            }
            let gate = app.store.registration_gate(tenant.id).await?;
            let registered = app.store.count_dynamic_clients(tenant.id).await?;
            let shown = row! { "domain": tenant.domain, "gate": gate.name(), "registered": registered };
            Ok(Report::one(&["domain", "gate", "registered"], shown))
        }
        TenantOrder::Implicit { tenant: named, allow } => {
            let tenant = tenant(app, &named).await?;
            if let Some(allow) = allow {
                app.allow_implicit(tenant.id, allow, app.registration_event(tenant.id)).await?;
            }
            let allowed = app.store.allows_implicit(tenant.id).await?;
            Ok(Report::one(&["domain", "implicit"], row! { "domain": tenant.domain, "implicit": allowed }))
        }
        TenantOrder::DescribedApps { tenant: named, let_in } => {
            let tenant = tenant(app, &named).await?;
            if let Some(let_in) = let_in {
                app.set_document_gate(tenant.id, let_in == LetIn::On, app.document_event(tenant.id)).await?;
            }
            let let_in = if app.store.document_gate(tenant.id).await? { "on" } else { "off" };
            let described = app.store.count_described_clients(tenant.id).await?;
            let shown = row! { "domain": tenant.domain, "let_in": let_in, "described": described };
            Ok(Report::one(&["domain", "let_in", "described"], shown))
        }
        TenantOrder::InitialToken { tenant: named } => {
            let tenant = tenant(app, &named).await?;
            if app.store.registration_gate(tenant.id).await? != RegistrationGate::InitialToken {
                return Err(Failure::refused("apps do not register themselves with a token here")
                    .remedy(format!("latchkey tenant registration {named} --gate initial-token")));
            }
            let (secret, token) = app.make_initial_access_token(tenant.id, app.registration_event(tenant.id)).await?;
            let shown = row! {
                "domain": tenant.domain,
                "initial_access_token": secret.reveal(),
                "expires": moment(token.expires_at),
            };
            Ok(Report::one(&["domain", "initial_access_token", "expires"], shown).note("The token is shown this once."))
        }
    }
}

async fn create(app: &App, domain: &str, name: &str, personal: bool) -> Result<Tenant, Failure> {
    let Some(TenantSegment::Domain(domain)) = TenantSegment::parse(domain) else {
        return Err(
            Failure::new(Exit::Usage, format!("{domain} is no domain")).remedy("for example --domain example.com")
        );
    };
    if !is_presentable(name) {
        return Err(Failure::new(Exit::Usage, "a name has 1 to 256 characters, none of them hidden"));
    }
    let (id, kind) = match personal {
        true => (PERSONAL_TENANT, TenantKind::Personal),
        false => (TenantId(entropy().uuid()), TenantKind::Work),
    };
    let tenant = Tenant { id, kind, name: name.to_owned(), domain };
    let now = app.now();
    app.store
        .decide(|| async {
            if app.store.tenant_by_domain(&tenant.domain).await?.is_some() {
                return Ok(Decision::refuse(Failure::conflict(format!("there is a tenant {} already", tenant.domain))));
            }
            if app.store.tenant(tenant.id).await?.is_some() {
                return Ok(Decision::refuse(Failure::conflict("there is a personal tenant already")));
            }
            let event = Event::new(EventKind::TenantCreated, tenant.id, now, tenant.domain.as_str());
            let decision = Decision::<_, Failure>::grant(tenant.clone())
                .and(Change::Record(event))
                .and(Change::CreateTenant(tenant.clone()));
            Ok(from_console(decision))
        })
        .await?
}
