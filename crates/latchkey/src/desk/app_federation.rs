//! `latchkey app federation`: tokens of other issuers that an app may show in place of a secret.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use latchkey_identity::Decision;
use latchkey_identity::client::federated_credential::{Federation, USUAL_AUDIENCE, add_federated, remove_federated};
use latchkey_identity::client::{Client, FederatedCredential};
use latchkey_web::App;
use latchkey_web::app::entropy;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::apps::find;
use super::report::{Report, Row, row};
use super::{from_console, moment, operator};
use crate::failure::{Exit, Failure};

/// What can be done with the federated credentials of an app.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum FederationOrder {
    /// Let tokens of another issuer stand for the app, so that a CI job or a workload holds no secret
    #[command(after_help = "Example:\n  \
        latchkey app federation add 00000000-0000-0000-0000-000000000000 --name main \\\n      \
            --issuer https://token.actions.githubusercontent.com --subject repo:harbor/lighthouse:ref:refs/heads/main")]
    Add(NewFederation),
    /// List them
    List {
        /// The app's client id
        client_id: String,
    },
    /// Remove one: no token of its issuer stands for the app, and what the app got with one ends
    Remove {
        /// The app's client id
        client_id: String,
        /// Its id, as `latchkey app federation list` has it
        id: Uuid,
    },
}

/// What such tokens have to say.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct NewFederation {
    /// The app's client id
    client_id: String,
    /// What people call it
    #[arg(long)]
    name: String,
    /// `iss` of the tokens, letter by letter
    #[arg(long)]
    issuer: String,
    /// `sub` of the tokens, letter by letter
    #[arg(long)]
    subject: String,
    /// `aud` of the tokens, letter by letter
    #[arg(long, default_value = USUAL_AUDIENCE)]
    audience: String,
    /// A JSON Web Key Set of the issuer, if its keys are not to be fetched from it
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// What the file says. It is read by the command, and not by the server.
    #[arg(skip)]
    #[serde(default)]
    pinned: String,
}

const LISTED: [&str; 6] = ["id", "name", "issuer", "subject", "audience", "keys"];

impl FederationOrder {
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Remove { id, .. } => {
                Some(format!("Remove the federated credential {id}? Whoever uses it is locked out."))
            }
            Self::Add(_) | Self::List { .. } => None,
        }
    }

    /// With what the file says that it names.
    pub(super) fn read(self) -> Result<Self, Failure> {
        let Self::Add(new) = self else { return Ok(self) };
        let Some(file) = &new.keys else { return Ok(Self::Add(new)) };
        let pinned = fs::read_to_string(file)
            .map_err(|error| Failure::new(Exit::Usage, format!("{} cannot be read", file.display())).because(error))?;
        Ok(Self::Add(NewFederation { pinned, ..new }))
    }
}

fn row(held: &FederatedCredential) -> Row {
    row! {
        "id": held.id,
        "name": held.name,
        "issuer": held.issuer,
        "subject": held.subject,
        "audience": held.audience,
        "keys": if held.pinned.is_empty() { "published" } else { "pinned" },
        "added": moment(held.created_at),
    }
}

pub(super) async fn perform(app: &App, order: FederationOrder) -> Result<Report, Failure> {
    match order {
        FederationOrder::Add(new) => add(app, new).await,
        FederationOrder::List { client_id } => {
            let client = find(app, &client_id).await?;
            Ok(Report::list(&LISTED, client.authentication.federated.iter().map(row).collect()))
        }
        FederationOrder::Remove { client_id, id } => remove(app, &client_id, id).await,
    }
}

async fn add(app: &App, new: NewFederation) -> Result<Report, Failure> {
    let (id, now, origins) = (find(app, &new.client_id).await?.id, app.now(), app.settings.origin_urls());
    let NewFederation { name, issuer, subject, audience, pinned: keys, .. } = new;
    let typed = Federation { name, issuer, subject, audience, keys };
    let rule = |client: &Client| {
        let by = operator(client.tenant, now);
        from_console(add_federated(client, &by, &typed, &origins, now, &mut entropy()))
    };
    Ok(Report::one(&LISTED, row(&app.decide_client(id, rule).await??)))
}

async fn remove(app: &App, client_id: &str, credential: Uuid) -> Result<Report, Failure> {
    let (id, now) = (find(app, client_id).await?.id, app.now());
    let rule = |client: &Client| {
        if !client.authentication.federated.iter().any(|held| held.id == credential) {
            return Decision::refuse(Failure::not_found(format!("the app has no federated credential {credential}")));
        }
        from_console(remove_federated(client, credential, &operator(client.tenant, now), now))
    };
    app.decide_client(id, rule).await??;
    Ok(Report::done("The federated credential is removed: no token of its issuer stands for the app."))
}
