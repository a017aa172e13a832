//! The desk: where whoever runs the server gives orders. They come from the command line, and either go to a running server
//! through its socket ([`crate::control`]) or are carried out by the command itself.
//!
//! Whoever can read the master key may do everything; the rules of the identity platform hold all the same, and what is done
//! stands on record with the address `console`.

pub(crate) mod accounts;
pub(crate) mod app_federation;
pub(crate) mod app_import;
pub(crate) mod app_keys;
pub(crate) mod app_secrets;
pub(crate) mod apps;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod legacy;
pub(crate) mod members;
pub(crate) mod organizations;
pub(crate) mod projects;
pub(crate) mod report;
pub(crate) mod tenants;
pub(crate) mod upstreams;

use std::sync::Arc;

use clap::Subcommand;
use latchkey_devops::ids::PersonId;
use latchkey_identity::account::{Account, AccountId, AccountState, email_key};
use latchkey_identity::tenant::{Tenant, TenantId, TenantSegment};
use latchkey_identity::{Change, Decision, Timestamp};
use latchkey_store::devops::{Author, OrganizationFacts};
use latchkey_web::App;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::failure::Failure;
use report::Report;

/// Where orders come from, for the record.
const CONSOLE: &str = "console";

/// An order.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Directories that hold accounts and apps
    #[command(subcommand)]
    Tenant(tenants::TenantOrder),
    /// People who sign in
    #[command(subcommand)]
    Account(accounts::AccountOrder),
    /// Services that ask people for access
    #[command(subcommand)]
    App(apps::AppOrder),
    /// OpenID providers at which people of a directory sign in
    #[command(subcommand)]
    Upstream(upstreams::UpstreamOrder),
    /// Organizations: where projects live
    #[command(subcommand)]
    Organization(organizations::OrganizationOrder),
    /// Who belongs to an organization
    #[command(subcommand)]
    Member(members::MemberOrder),
    /// Projects of an organization
    #[command(subcommand)]
    Project(projects::ProjectOrder),
    /// Git repositories of a project
    #[command(subcommand)]
    Repository(projects::RepositoryOrder),
    /// Bring in what exists elsewhere: a plan first, --apply to do it
    #[command(subcommand)]
    Import(import::ImportOrder),
    /// Apps of the older OAuth kind: those there are, their end
    #[command(subcommand)]
    Legacy(legacy::LegacyOrder),
    /// The keys that tokens are signed with
    #[command(subcommand)]
    Key(keys::KeyOrder),
    /// Print a link by which the first administrator sets the server up; it counts for an hour
    SetupLink,
}

/// An order in parts, which are carried out one after the other.
pub(crate) struct Parts {
    /// The parts.
    pub(crate) orders: Vec<Order>,
    /// What is to be said at the end of them, and whether it went well.
    pub(crate) conclude: fn(Report) -> (Report, Result<(), Failure>),
    /// What is to be done once the answer has been printed, if anything.
    pub(crate) when_shown: Option<WhenShown>,
}

/// What is to be done once an answer has been printed.
pub(crate) type WhenShown = Box<dyn Fn(&Report) -> Option<Order>>;

impl Parts {
    /// An order of one part.
    fn one(order: Order) -> Self {
        Self { orders: vec![order], conclude: |report| (report, Ok(())), when_shown: None }
    }
}

impl Order {
    /// What is asked before it is carried out, if it cannot be undone.
    pub(crate) fn question(&self) -> Option<String> {
        match self {
            Self::App(order) => order.question(),
            Self::Account(order) => order.question(),
            Self::Member(order) => order.question(),
            Self::Legacy(order) => order.question(),
            Self::Key(order) => order.question(),
            Self::Upstream(order) => order.question(),
            Self::Tenant(_)
            | Self::Organization(_)
            | Self::Project(_)
            | Self::Repository(_)
            | Self::Import(_)
            | Self::SetupLink => None,
        }
    }

    /// Its parts: one, unless it is long.
    pub(crate) fn into_parts(self) -> Result<Parts, Failure> {
        match self {
            Self::Import(order) => order.into_parts(),
            Self::App(apps::AppOrder::Import(apps)) => apps.into_parts(),
            Self::App(order) => Ok(Parts::one(Self::App(order.read()?))),
            Self::Upstream(order) => Ok(Parts::one(Self::Upstream(order.read()?))),
            order => Ok(Parts::one(order)),
        }
    }

    /// Whether a new password belongs to it.
    pub(crate) fn wants_password(&mut self) -> Option<&mut Option<String>> {
        match self {
            Self::Account(order) => order.wants_password(),
            _ => None,
        }
    }
}

/// Carries out an order.
pub(crate) async fn perform(app: &App, order: Order) -> Result<Report, Failure> {
    match order {
        Order::Tenant(order) => tenants::perform(app, order).await,
        Order::Account(order) => accounts::perform(app, order).await,
        Order::App(order) => apps::perform(app, order).await,
        Order::Organization(order) => organizations::perform(app, order).await,
        Order::Member(order) => members::perform(app, order).await,
        Order::Project(order) => projects::perform(app, order).await,
        Order::Repository(order) => projects::perform_on_repository(app, order).await,
        Order::Import(order) => import::perform(app, order).await,
        Order::Legacy(order) => legacy::perform(app, order).await,
        Order::Key(order) => keys::perform(app, order).await,
        Order::Upstream(order) => upstreams::perform(app, order).await,
        Order::SetupLink => match app.set_up_link().await? {
            Some(link) => Ok(Report::one(&["link"], report::row! { "link": link })),
            None => Err(Failure::conflict("this server has been set up already")),
        },
    }
}

/// A decision as whoever runs the server makes it: it comes from the console, and no account did it.
fn from_console<T, E: Into<Failure>>(decision: Decision<T, E>) -> Decision<T, Failure> {
    let Decision { answer, changes } = at_console(decision);
    Decision { answer: answer.map_err(Into::into), changes }
}

/// The same, with the error of the rule.
fn at_console<T, E>(decision: Decision<T, E>) -> Decision<T, E> {
    let mut decision = decision.seen_from(CONSOLE);
    for change in &mut decision.changes {
        if let Change::Record(event) = change {
            event.actor = None;
        }
    }
    decision
}

/// Who makes a change on the DevOps side.
fn author(now: Timestamp) -> Author {
    Author { address: Some(CONSOLE.to_owned()), ..Author::server(now) }
}

/// Whoever runs the server, as the rules know people: an administrator of the tenant that it is about.
fn operator(tenant: TenantId, now: Timestamp) -> Account {
    Account {
        id: AccountId(Uuid::nil()),
        tenant,
        email: CONSOLE.to_owned(),
        email_verified: false,
        name: CONSOLE.to_owned(),
        state: AccountState::Active,
        tenant_administrator: true,
        created_at: now,
        changed_at: now,
        claims: latchkey_identity::claims::StandardClaims::default(),
    }
}

/// The tenant of a domain or an id.
async fn tenant(app: &App, text: &str) -> Result<Arc<Tenant>, Failure> {
    let found = match TenantSegment::parse(text) {
        Some(TenantSegment::Id(id)) => app.store.tenant(id).await?,
        Some(TenantSegment::Domain(domain)) => app.store.tenant_by_domain(&domain).await?,
        Some(TenantSegment::Consumers) => app.store.tenant(latchkey_identity::tenant::PERSONAL_TENANT).await?,
        _ => None,
    };
    found.ok_or_else(|| {
        Failure::not_found(format!("there is no tenant {text}")).remedy("`latchkey tenant list` shows those there are")
    })
}

/// The account of an address.
async fn account(app: &App, email: &str) -> Result<Account, Failure> {
    match app.store.credentials(&email_key(email)).await? {
        Some((account, _)) => Ok(account),
        None => Err(Failure::not_found(format!("there is no account {email}"))
            .remedy("`latchkey account list` shows those there are")),
    }
}

/// The organization of a name.
async fn organization(app: &App, name: &str) -> Result<Arc<OrganizationFacts>, Failure> {
    app.store.organization(name).await?.ok_or_else(|| {
        Failure::not_found(format!("there is no organization {name}"))
            .remedy("`latchkey organization list --member EMAIL` shows those of a person")
    })
}

/// The same person on the DevOps side.
const fn person(account: &Account) -> PersonId {
    PersonId(account.id.0)
}

/// A moment for people and programs.
fn moment(at: Timestamp) -> String {
    latchkey_devops::date::format(at)
}
