//! `latchkey upstream`: OpenID providers at which people of a directory sign in.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use latchkey_identity::sign_in::upstream::registration::{Registration, USUAL_SCOPES, UpstreamProblem};
use latchkey_identity::sign_in::upstream::{Upstream, UpstreamId};
use latchkey_web::App;
use latchkey_web::identity::upstream::registration::{Registrar, TypedSecret};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::report::{Report, Row, row};
use super::{at_console, operator, tenant};
use crate::failure::{Exit, Failure};

/// What can be done with providers.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum UpstreamOrder {
    /// Let people of a directory sign in at an OpenID provider
    #[command(after_help = "Example:\n  \
        latchkey upstream add example.com --name 'Example Login' --issuer https://login.example.com \\\n      \
            --client-id latchkey --secret-file secret.txt --home-realm --make-accounts")]
    Add(NewUpstream),
    /// Change a provider: all of it but its issuer becomes as it is said here
    Change {
        /// Its id, as `latchkey upstream list` has it
        id: Uuid,
        #[command(flatten)]
        new: NewUpstream,
    },
    /// List the providers of a directory
    List {
        /// The directory's domain or id
        tenant: String,
    },
    /// Remove a provider: nobody signs in by it, and who is linked by it is so no more
    Remove {
        /// The directory's domain or id
        tenant: String,
        /// Its id, as `latchkey upstream list` has it
        id: Uuid,
    },
}

/// What is said of a provider.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct NewUpstream {
    /// The directory's domain or id
    tenant: String,
    /// What stands on the button: Sign in with NAME
    #[arg(long)]
    name: String,
    /// Its issuer, letter by letter as its metadata have it
    #[arg(long)]
    issuer: String,
    /// What this server is called there
    #[arg(long)]
    client_id: String,
    /// A file with the secret that this server has there; without one it signs with its own key (private_key_jwt)
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// What is asked for
    #[arg(long, default_value = USUAL_SCOPES)]
    scopes: String,
    /// Send people with an address of the directory's domain there
    #[arg(long)]
    home_realm: bool,
    /// Make an account for who is not known, with a verified address of the domain; otherwise people link theirs first
    #[arg(long)]
    make_accounts: bool,
    /// Let passwords count no more, but for those of the directory's administrators
    #[arg(long)]
    no_passwords: bool,
    /// What the file says. It is read by the command, and not by the server.
    #[arg(skip)]
    #[serde(default)]
    secret: Option<String>,
}

const LISTED: [&str; 6] = ["id", "name", "issuer", "client_id", "home_realm", "passwords"];

impl UpstreamOrder {
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Remove { id, .. } => {
                Some(format!("Remove the provider {id}? People without a password are locked out."))
            }
            Self::Add(_) | Self::Change { .. } | Self::List { .. } => None,
        }
    }

    /// With what the file says that it names.
    pub(super) fn read(self) -> Result<Self, Failure> {
        Ok(match self {
            Self::Add(new) => Self::Add(new.read()?),
            Self::Change { id, new } => Self::Change { id, new: new.read()? },
            other => other,
        })
    }
}

impl NewUpstream {
    fn read(self) -> Result<Self, Failure> {
        let Some(file) = &self.secret_file else { return Ok(self) };
        let secret = fs::read_to_string(file)
            .map_err(|error| Failure::new(Exit::Usage, format!("{} cannot be read", file.display())).because(error))?;
        Ok(Self { secret: Some(secret.trim().to_owned()), ..self })
    }

    fn typed(&self) -> Registration {
        Registration {
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            scopes: self.scopes.clone(),
            home_realm: self.home_realm,
            makes_accounts: self.make_accounts,
            passwords: !self.no_passwords,
        }
    }
}

fn row(app: &App, upstream: &Upstream) -> Row {
    row! {
        "id": upstream.id.to_string(),
        "name": upstream.name,
        "issuer": upstream.issuer,
        "client_id": upstream.client_id,
        "scopes": upstream.scopes,
        "has_secret": upstream.secret.is_some(),
        "home_realm": upstream.home_realm,
        "makes_accounts": upstream.makes_accounts,
        "passwords": upstream.passwords,
        "redirect_uris": app.redirect_uris_of(upstream.id),
    }
}

pub(super) async fn perform(app: &App, order: UpstreamOrder) -> Result<Report, Failure> {
    let now = app.now();
    match order {
        UpstreamOrder::Add(new) => {
            let by = operator(tenant(app, &new.tenant).await?.id, now);
            let secret = TypedSecret::read(new.secret.as_deref(), TypedSecret::OwnKey);
            let added = app.add_upstream(&new.typed(), secret, Registrar { by: &by, now, seen: &at_console }).await??;
            Ok(Report::one(&["id", "name", "redirect_uris"], row(app, &added))
                .note("Register the redirect URI at the provider."))
        }
        UpstreamOrder::Change { id, new } => {
            let by = operator(tenant(app, &new.tenant).await?.id, now);
            let secret = TypedSecret::read(new.secret.as_deref(), TypedSecret::Keep);
            let registrar = Registrar { by: &by, now, seen: &at_console };
            let changed = app.change_upstream(UpstreamId(id), &new.typed(), secret, registrar).await??;
            Ok(Report::one(&LISTED, row(app, &changed)))
        }
        UpstreamOrder::List { tenant: named } => {
            let upstreams = app.store.upstreams_of(tenant(app, &named).await?.id).await?;
            Ok(Report::list(&LISTED, upstreams.iter().map(|upstream| row(app, upstream)).collect()))
        }
        UpstreamOrder::Remove { tenant: named, id } => {
            let by = operator(tenant(app, &named).await?.id, now);
            app.remove_upstream(UpstreamId(id), Registrar { by: &by, now, seen: &at_console }).await??;
            Ok(Report::done("The provider is removed: nobody signs in by it any more."))
        }
    }
}

impl From<UpstreamProblem> for Failure {
    fn from(problem: UpstreamProblem) -> Self {
        let exit = match problem {
            UpstreamProblem::Unknown => Exit::NotFound,
            UpstreamProblem::Known | UpstreamProblem::HomeRealm | UpstreamProblem::TooMany => Exit::Conflict,
            UpstreamProblem::NotYours | UpstreamProblem::Personal => Exit::Refused,
            _ => Exit::Usage,
        };
        Self::new(exit, "nothing was done about the provider").because(problem)
    }
}
