//! `latchkey account`.

use clap::{Args, Subcommand};
use latchkey_identity::account::{Account, AccountState, email_key};
use latchkey_identity::administration::{self, AccountProblem, Administrator, create_account, disable_account};
use latchkey_identity::claims::StandardClaims;
use latchkey_identity::event::{Event, EventKind};
use latchkey_identity::sign_in::password::check_new;
use latchkey_identity::{Change, Decision};
use latchkey_store::Decided;
use latchkey_web::app::{entropy, random};
use latchkey_web::hashing::HashingPool;
use latchkey_web::{App, mail};
use serde::{Deserialize, Serialize};

use super::report::{Report, Row, row};
use super::{account, from_console, moment, operator, tenant};
use crate::failure::{Exit, Failure};

/// What can be done with accounts.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum AccountOrder {
    /// Make an account; its password is read from standard input, or asked for
    #[command(
        after_help = "Example:\n  latchkey account create --email ana@example.com --name 'Ana Lima' --administrator"
    )]
    Create(NewAccount),
    /// List the accounts of a tenant
    List {
        /// The tenant, by its domain or id
        #[arg(long)]
        tenant: String,
    },
    /// Disable an account: its sessions end, and nothing of it is accepted anywhere
    Disable {
        /// The address it signs in with
        email: String,
    },
    /// Set another password, read from standard input or asked for
    Password {
        /// The address it signs in with
        email: String,
        #[arg(skip)]
        #[doc(hidden)]
        password: Option<String>,
    },
}

/// An account to be made.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct NewAccount {
    /// The address it signs in with
    #[arg(long)]
    email: String,
    /// What people call its holder
    #[arg(long)]
    name: String,
    /// The tenant it lives in, by its domain or id; the one of the address's domain if left out
    #[arg(long)]
    tenant: Option<String>,
    /// It manages the tenant's accounts and apps
    #[arg(long)]
    administrator: bool,
    /// What else it tells of its holder, by the names of OpenID Connect Core 5.1: `given_name=Ana`, `address.country=Portugal`; may be
    /// given several times
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    #[serde(default)]
    claims: Vec<String>,
    #[arg(skip)]
    #[doc(hidden)]
    password: Option<String>,
}

impl AccountOrder {
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Disable { email } => Some(format!("Disable {email}, and end all of its sessions?")),
            _ => None,
        }
    }

    pub(super) const fn wants_password(&mut self) -> Option<&mut Option<String>> {
        match self {
            Self::Create(NewAccount { password, .. }) | Self::Password { password, .. } => Some(password),
            Self::List { .. } | Self::Disable { .. } => None,
        }
    }
}

const COLUMNS: [&str; 6] = ["email", "name", "active", "administrator", "created", "id"];

fn row(account: &Account) -> Row {
    row! {
        "email": account.email,
        "name": account.name,
        "active": account.state == AccountState::Active,
        "administrator": account.tenant_administrator,
        "created": moment(account.created_at),
        "id": account.id.to_string(),
    }
}

pub(super) async fn perform(app: &App, order: AccountOrder) -> Result<Report, Failure> {
    match order {
        AccountOrder::List { tenant: named } => {
            let tenant = tenant(app, &named).await?;
            Ok(Report::list(&COLUMNS, app.store.accounts_of(tenant.id).await?.iter().map(row).collect()))
        }
        AccountOrder::Create(new) => Ok(Report::one(&COLUMNS, row(&create(app, new).await?))),
        AccountOrder::Disable { email } => {
            disable(app, &email).await?;
            Ok(Report::done(format!("{email} is disabled.")))
        }
        AccountOrder::Password { email, password } => {
            set_password(app, &email, password.unwrap_or_default()).await?;
            Ok(Report::done(format!("{email} has another password.")))
        }
    }
}

/// Reads `NAME=VALUE`, one for each claim.
fn told(typed: &[String]) -> Result<StandardClaims, Failure> {
    let mut claims = StandardClaims::default();
    for typed in typed {
        let (name, value) = typed.split_once('=').unwrap_or((typed, ""));
        claims.set(name, value).map_err(|error| {
            let names = StandardClaims::NAMES.join(", ");
            Failure::new(Exit::Usage, error.to_string()).remedy(format!("claims that can be set: {names}"))
        })?;
    }
    Ok(claims)
}

async fn create(app: &App, new: NewAccount) -> Result<Account, Failure> {
    let NewAccount { email, name, tenant: named, administrator, claims, password } = new;
    let claims = told(&claims)?;
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let home = tenant(app, named.as_deref().unwrap_or(domain)).await.map_err(|failure| match named {
        Some(_) => failure,
        None => failure
            .because("the account would live in the tenant of its address's domain")
            .remedy(format!("make one by `latchkey tenant create --domain {domain}`, or name another by --tenant")),
    })?;
    let new = administration::NewAccount { email, name, administrator, claims };
    new.check()?;
    let password = hash(&new.email, password.unwrap_or_default()).await?;
    let now = app.now();
    let by = Administrator::of_the_server(operator(home.id, now));
    app.store
        .decide(|| async {
            let taken = app.store.credentials(&new.key()).await?.is_some();
            let password = Some(password.clone());
            Ok(from_console(create_account(new.clone(), password, taken, &home, &by, now, &mut entropy())))
        })
        .await?
}

async fn disable(app: &App, email: &str) -> Result<(), Failure> {
    let now = app.now();
    let by = Administrator::of_the_server(operator(account(app, email).await?.tenant, now));
    app.store
        .decide(|| async {
            // Somebody may have been faster.
            let account = app.store.credentials(&email_key(email)).await?.map(|(account, _)| account);
            Ok(from_console(disable_account(account.as_ref(), &by, now)))
        })
        .await?
}

async fn set_password(app: &App, email: &str, password: String) -> Result<(), Failure> {
    let now = app.now();
    let found = account(app, email).await?;
    let password = hash(&found.email, password).await?;
    app.store
        .decide(|| async {
            let event = Event::new(EventKind::PasswordChanged, found.tenant, now, found.email.as_str());
            let change = Change::SetPassword { account: found.id, password: password.clone(), at: now };
            let decision = from_console(Decision::<(), Failure>::grant(()).and(Change::Record(event)).and(change));
            let (answer, mut changes) = decision.into_parts();
            changes.letter(mail::password_changed(app, &found, now));
            Ok((answer, changes))
        })
        .await?
}

async fn hash(email: &str, password: String) -> Result<String, Failure> {
    check_new(&password, email).map_err(|error| {
        Failure::refused("this password is not good enough")
            .because(error)
            .remedy("choose a longer one; a sentence is fine")
    })?;
    let hashed = HashingPool::start(1, 1).hash(password, random()).await;
    hashed.map_err(|error| Failure::new(Exit::Failed, "the password could not be hashed").because(error))
}

impl From<AccountProblem> for Failure {
    fn from(problem: AccountProblem) -> Self {
        let exit = match problem {
            AccountProblem::Address | AccountProblem::Name => Exit::Usage,
            AccountProblem::Unknown => Exit::NotFound,
            AccountProblem::Taken | AccountProblem::DisabledAlready => Exit::Conflict,
            AccountProblem::Own | AccountProblem::Elsewhere => Exit::Refused,
        };
        Self::new(exit, "nothing was done about the account").because(problem)
    }
}
