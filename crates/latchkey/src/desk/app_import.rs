//! `latchkey app import`: apps as a file declares them. A plan first, `--apply` to do it.

use std::path::{Path, PathBuf};

use clap::Args;
use latchkey_identity::client::ClientId;
use latchkey_identity::client::declaration::{Outcome, Standing, declare};
use latchkey_web::App;
use latchkey_web::admin::app_document::{AppDocument, BadDocument};
use latchkey_web::app::entropy;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::apps::AppOrder;
use super::report::{Report, Row, row};
use super::{Order, Parts, account, from_console, operator};
use crate::failure::{Exit, Failure};

/// Apps to be brought in.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct DeclaredApps {
    /// The apps, as JSON: an array, or an object with `apps`
    file: PathBuf,
    /// The address of the account that owns those that name no owner
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
    /// Do it, rather than tell what would be done
    #[arg(long)]
    apply: bool,
    /// What the file says. It is read by the command, and not by the server.
    #[arg(skip)]
    apps: Vec<AppDocument>,
}

pub(super) const HELP: &str = "Each app has the members client_id, name, kind, and where they are needed profile, owner, redirect_uris,\n\
post_logout_redirect_uris, backchannel_logout_uri, frontchannel_logout_uri, scopes, required_scopes, multi_tenant, pkce_optional, device_code,\n\
require_pushed_authorization_requests, token_endpoint_auth_method, administrator_approved, jwks,\n\
certificates, client_secrets ({\"secret\": .., \"expires\": ..}), and client metadata by its registered names.\n\n\
It can be run again: an app that is there just so is left alone, one that differs becomes as the file says. Secrets and keys\n\
are added and never taken away. Each app is brought in whole or not at all.\n\n\
Examples:\n  \
latchkey app import apps.json --owner ana@example.com\n  \
latchkey app import apps.json --owner ana@example.com --apply";

/// Apps that go to the server at once.
const AT_ONCE: usize = 20;

const COLUMNS: [&str; 4] = ["action", "name", "client_id", "reason"];

impl DeclaredApps {
    /// Reads the file, and makes parts of it that follow each other.
    pub(super) fn into_parts(self) -> Result<Parts, Failure> {
        let Self { file, owner, apply, .. } = self;
        let apps = read(&file)?;
        let part = |apps: &[AppDocument]| {
            let (file, owner, apps) = (file.clone(), owner.clone(), apps.to_vec());
            Order::App(AppOrder::Import(Self { file, owner, apply, apps }))
        };
        Ok(Parts {
            orders: apps.chunks(AT_ONCE).map(part).collect(),
            conclude: if apply { conclude } else { conclude_plan },
            when_shown: None,
        })
    }
}

fn read(path: &Path) -> Result<Vec<AppDocument>, Failure> {
    let unusable = || Failure::new(Exit::Usage, format!("{} cannot be used", path.display()));
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::not_found(format!("{} cannot be read", path.display())).because(error))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| unusable().because(error))?;
    let apps = match value {
        Value::Array(apps) => apps,
        Value::Object(mut members) => match members.remove("apps") {
            Some(Value::Array(apps)) if members.is_empty() => apps,
            _ => return Err(unusable().because("an object has one member, `apps`, which is an array")),
        },
        _ => return Err(unusable().because("it is neither an array nor an object with `apps`")),
    };
    if apps.is_empty() {
        return Err(unusable().because("there are no apps in it"));
    }
    let app = |(place, value): (usize, Value)| {
        let document = AppDocument::read(value).and_then(|document| match document.client_id {
            Some(_) => Ok(document),
            None => Err(BadDocument::Malformed("An app has a `client_id`: choose a UUID for it.".to_owned())),
        });
        document.map_err(|error| unusable().because(format!("app {}: {error}", place + 1)))
    };
    apps.into_iter().enumerate().map(app).collect()
}

pub(super) async fn perform(app: &App, wanted: DeclaredApps) -> Result<Report, Failure> {
    let mut rows = Vec::new();
    for document in &wanted.apps {
        rows.push(match bring_in(app, document, wanted.owner.as_deref(), wanted.apply).await {
            Ok(outcome) => told(document, &outcome, wanted.apply),
            Err(failure) => line("cannot", document, &failure.in_short()),
        });
    }
    Ok(Report::list(&COLUMNS, rows))
}

async fn bring_in(app: &App, document: &AppDocument, owner: Option<&str>, apply: bool) -> Result<Outcome, Failure> {
    let Some(owner) = document.owner.as_deref().or(owner) else {
        return Err(Failure::new(Exit::Usage, "it has no owner").remedy("name one in the file, or for all by --owner"));
    };
    let owner = account(app, owner).await?;
    let (id, now) = (ClientId(document.client_id.unwrap_or_default()), app.now());
    let before = app.store.client(id).await?;
    let sector = app.sector_document(&document.metadata, &document.redirect_uris, before.as_deref()).await;
    let declaration = document.declaration(id, sector.as_ref(), &app.resource.scopes, now)?;
    let (by, key) = (operator(owner.tenant, now), &app.keys.client_secret);
    let decide = async || {
        let (before, owned) = (app.store.client(id).await?, app.store.count_clients_owned_by(owner.id).await?);
        let taken = before.is_none() && app.means_something_else(id).await?;
        let standing = Standing { before: before.as_deref(), taken, owner: &owner, owned, by: &by, key, now };
        Ok(from_console(declare(declaration.clone(), standing, &mut entropy())))
    };
    match apply {
        true => app.decide_apps(decide).await?,
        false => decide().await.map_err(|error: latchkey_store::StoreError| Failure::from(error))?.answer,
    }
}

fn told(document: &AppDocument, outcome: &Outcome, apply: bool) -> Row {
    let word = |plan, done| if apply { done } else { plan };
    match outcome {
        Outcome::Registered(_) => line(word("create", "created"), document, "it is not there yet"),
        Outcome::Changed(_, parts) => {
            line(word("update", "updated"), document, &format!("another {}", parts.join(", ")))
        }
        Outcome::Unchanged(_) => line(word("skip", "skipped"), document, "it is there just so"),
    }
}

fn line(action: &str, document: &AppDocument, reason: &str) -> Row {
    row! { "action": action, "name": document.name, "client_id": document.client_id, "reason": reason }
}

fn conclude_plan(report: Report) -> (Report, Result<(), Failure>) {
    let (report, ended) = conclude(report);
    (report.note("This is the plan. Add --apply to do it."), ended)
}

fn conclude(report: Report) -> (Report, Result<(), Failure>) {
    let ended = match report.count("action", "cannot") {
        0 => Ok(()),
        some => Err(Failure::refused(format!("{some} of the apps cannot be brought in")).remedy("see the reasons")),
    };
    (report, ended)
}

impl From<BadDocument> for Failure {
    fn from(error: BadDocument) -> Self {
        match error {
            BadDocument::Registration(error) => error.into(),
            error => Self::new(Exit::Usage, "the app is not declared rightly").because(error),
        }
    }
}
