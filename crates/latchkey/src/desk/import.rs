//! `latchkey import`: a plan first, `--apply` to do it.
//!
//! | what | where |
//! |---|---|
//! | the file: JSON or CSV, and what is wrong with it | [`registrations`] |

mod registrations;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use latchkey_identity::account::{AccountId, email_key};
use latchkey_identity::client::registration::add_secret;
use latchkey_identity::client::{Client, ClientId, ClientSecret};
use latchkey_identity::legacy::{Imported, LegacyApp, LegacyRegistration, NO_NEW_ONES};
use latchkey_identity::limits::LEGACY_SECRET_DAYS;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::secret::Secret;
use latchkey_identity::tenant::TenantId;
use latchkey_store::devops::OrganizationFacts;
use latchkey_store::identity::LegacyImport;
use latchkey_store::identity::legacy_apps::keep_unshown;
use latchkey_store::{Changes, Decided};
use latchkey_web::App;
use latchkey_web::app::entropy;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::report::{Report, Row, row};
use super::{CONSOLE, Order, Parts, WhenShown, from_console, moment, operator, organization};
use crate::failure::{Exit, Failure};
use registrations::Exported;

/// What can be imported.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum ImportOrder {
    /// Take over apps of the older Azure DevOps OAuth kind that exist already
    #[command(
        after_help = "The file has the field names of the Registration object: registrationId, registrationName, \
        registrationDescription,\nregistrationLocation, organizationName, redirectUris, scopes, identityId or ownerEmail. JSON: an array, or an \
        object with `value`.\nCSV: names in the first line; lists separated by spaces or semicolons.\n\n\
        It can be run again: what is here just so is skipped, and an app whose secret was not shown because the import was cut off gets\n\
        another. A secret that was lost later is replaced by `latchkey app secret add`.\n\n\
        Examples:\n  \
        latchkey import azure-devops-oauth apps.json --organization example\n  \
        latchkey import azure-devops-oauth apps.json --organization example --apply -o json > secrets.json"
    )]
    AzureDevopsOauth(OlderApps),
    /// That the secrets of these apps have been shown. The command says so itself when it has printed them.
    #[command(skip)]
    Shown(ShownSecrets),
}

/// Apps whose secrets have been shown.
#[derive(Serialize, Deserialize)]
pub(crate) struct ShownSecrets {
    organization: String,
    clients: Vec<Uuid>,
}

/// Apps of the older kind to be taken over.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct OlderApps {
    /// The exported registrations, as JSON or CSV
    file: PathBuf,
    /// The organization that takes them over
    #[arg(long, value_name = "ORGANIZATION")]
    organization: String,
    /// Do it, rather than tell what would be done
    #[arg(long)]
    apply: bool,
    /// What the file says. It is read by the command, and not by the server.
    #[arg(skip)]
    registrations: Vec<Exported>,
}

/// Apps that go to the server at once.
const AT_ONCE: usize = 20;

const PLANNED: [&str; 5] = ["action", "name", "client_id", "place", "reason"];
/// The secret comes last: it is long.
const IMPORTED: [&str; 7] = ["action", "name", "client_id", "place", "reason", "secret_expires", "client_secret"];

impl ImportOrder {
    /// Reads the file, and makes parts of it that follow each other.
    pub(super) fn into_parts(self) -> Result<Parts, Failure> {
        let OlderApps { file, organization, apply, .. } = match self {
            Self::AzureDevopsOauth(wanted) => wanted,
            shown @ Self::Shown(_) => return Ok(Parts::one(Order::Import(shown))),
        };
        let registrations = registrations::read(&file)?;
        let part = |registrations: &[Exported]| {
            let registrations = registrations.to_vec();
            let (file, organization) = (file.clone(), organization.clone());
            Order::Import(Self::AzureDevopsOauth(OlderApps { file, organization, apply, registrations }))
        };
        Ok(Parts {
            orders: registrations.chunks(AT_ONCE).map(part).collect(),
            conclude: if apply { conclude_import } else { conclude_plan },
            when_shown: apply.then(|| Box::new(move |report: &Report| shown(report, &organization)) as WhenShown),
        })
    }
}

pub(super) async fn perform(app: &App, order: ImportOrder) -> Result<Report, Failure> {
    let wanted = match order {
        ImportOrder::AzureDevopsOauth(wanted) => wanted,
        ImportOrder::Shown(shown) => return keep_shown(app, &shown).await,
    };
    let facts = organization(app, &wanted.organization).await?;
    let name = &facts.organization.name;
    if app.store.legacy_import(facts.id().0).await?.is_some_and(|gate| gate.closed_at.is_some()) {
        return Err(Failure::refused(format!("the import of older apps into {name} is closed")).because(NO_NEW_ONES));
    }
    let mut rows = Vec::new();
    let mut waiting = wanted.registrations.iter();
    for exported in &mut waiting {
        match consider(app, &facts, exported, wanted.apply).await {
            Ok(row) => rows.push(row),
            Err(failure) if rows.is_empty() => return Err(failure),
            // What was done before is told all the same: the secrets are told only once.
            Err(failure) => {
                rows.push(line("failed", exported, &failure.in_short()));
                break;
            }
        }
    }
    rows.extend(waiting.map(|exported| line("not reached", exported, "one before it failed")));
    let report = Report::list(if wanted.apply { &IMPORTED } else { &PLANNED }, rows);
    Ok(if facts.organization.policy.legacy_apps {
        report
    } else {
        report.note(format!(
            "{name} lets no apps of the older kind in yet: `latchkey organization policy {name} --legacy-apps true` does."
        ))
    })
}

/// One app: what would become of it, or what became of it.
async fn consider(app: &App, facts: &OrganizationFacts, exported: &Exported, apply: bool) -> Result<Row, Failure> {
    if let Some(why) = &exported.unusable {
        return Ok(line("cannot", exported, why));
    }
    let owner = owner(app, exported).await?;
    let registration = registration(exported, owner);
    let organization = facts.id().0;
    let import = LegacyImport {
        registration: &registration,
        organization,
        tenant: TenantId(facts.organization.tenant),
        resource: &app.resource,
        key: &app.keys.client_secret,
        address: CONSOLE,
        now: app.now(),
    };
    let before = (app.store.client(registration.id).await?, app.store.legacy_app(registration.id).await?);
    let outcome = if apply {
        app.store.import_legacy_app(import, entropy).await?
    } else {
        app.store.plan_legacy_app(import, entropy).await?
    };
    // Cut off before, between the commit and the print.
    if let Ok(Imported::Unchanged(client) | Imported::Updated(client)) = &outcome
        && app.store.has_unshown_secret(organization, client).await?
    {
        return again(app, organization, client.id, exported, apply).await;
    }
    Ok(match outcome {
        Err(error) => line("cannot", exported, &error.to_string()),
        Ok(Imported::Unchanged(_)) => line(if apply { "skipped" } else { "skip" }, exported, "it is here just so"),
        Ok(Imported::Updated(_)) => {
            let changed = match before {
                (Some(client), Some(known)) => differences(&client, &known, &registration, organization),
                _ => "it is here, and differs".to_owned(),
            };
            line(if apply { "updated" } else { "update" }, exported, &changed)
        }
        Ok(Imported::Created(client, secret)) => {
            let why = newcomer(app, exported, owner);
            let mut created = line(if apply { "created" } else { "create" }, exported, &why);
            // The secret of a plan opens nothing.
            if apply {
                created.extend(row! {
                    "client_secret": secret.reveal(),
                    "secret_expires": client.secrets.first().map(|kept| moment(kept.expires_at)),
                });
            }
            created
        }
    })
}

/// An app that is here, and whose secret nobody was shown: it gets another.
async fn again(app: &App, organization: Uuid, id: ClientId, exported: &Exported, apply: bool) -> Result<Row, Failure> {
    const WHY: &str = "it was imported before, but its secret was never shown";
    if !apply {
        return Ok(line("secret", exported, &format!("{WHY}: it gets another")));
    }
    let now = app.now();
    let decided: Result<(Secret, ClientSecret), Failure> = app
        .store
        .decide(|| async {
            let Some(client) = app.store.client(id).await? else {
                return Ok((Err(Failure::not_found(format!("there is no app {id}"))), Changes::none()));
            };
            let (by, key) = (operator(client.tenant, now), &app.keys.client_secret);
            let added = add_secret(&client, &by, LEGACY_SECRET_DAYS, key, now, &mut entropy());
            let (added, mut changes) = from_console(added).into_parts();
            if let Ok((_, kept)) = &added {
                keep_unshown(&mut changes, organization, id, kept.id);
            }
            Ok((added, changes))
        })
        .await?;
    Ok(match decided {
        Ok((secret, kept)) => {
            let mut row = line("secret", exported, &format!("{WHY}: this is another"));
            row.extend(row! { "client_secret": secret.reveal(), "secret_expires": moment(kept.expires_at) });
            row
        }
        Err(failure) => line("cannot", exported, &format!("{WHY}, and it gets no other: {}", failure.in_short())),
    })
}

/// What the server is told once a report is printed: whose secrets have been shown with it.
fn shown(report: &Report, organization: &str) -> Option<Order> {
    let with_secret = report.rows().iter().filter(|row| row.contains_key("client_secret"));
    let clients: Vec<Uuid> = with_secret.filter_map(|row| row.get("client_id")?.as_str()?.parse().ok()).collect();
    let organization = organization.to_owned();
    let any = !clients.is_empty();
    any.then_some(Order::Import(ImportOrder::Shown(ShownSecrets { organization, clients })))
}

async fn keep_shown(app: &App, shown: &ShownSecrets) -> Result<Report, Failure> {
    let facts = organization(app, &shown.organization).await?;
    let clients: Vec<ClientId> = shown.clients.iter().copied().map(ClientId).collect();
    app.store.secrets_were_shown(facts.id().0, &clients).await?;
    Ok(Report::default())
}

fn line(action: &str, exported: &Exported, reason: &str) -> Row {
    row! {
        "action": action,
        "name": exported.name,
        "client_id": exported.id,
        "place": exported.place,
        "reason": reason,
    }
}

fn registration(exported: &Exported, owner: Option<AccountId>) -> LegacyRegistration {
    LegacyRegistration {
        id: ClientId(exported.id),
        name: exported.name.clone(),
        description: exported.description.clone(),
        website: exported.website.clone(),
        company: exported.company.clone(),
        redirect_uris: exported.redirect_uris.clone(),
        scopes: ScopeSet::from_text(&exported.scopes.join(" ")),
        owner,
    }
}

/// The account that owns an app, if its owner has one here.
async fn owner(app: &App, exported: &Exported) -> Result<Option<AccountId>, Failure> {
    let Some(named) = &exported.owner else { return Ok(None) };
    if named.contains('@') {
        return Ok(app.store.credentials(&email_key(named)).await?.map(|(account, _)| account.id));
    }
    match Uuid::parse_str(named) {
        Ok(id) => Ok(app.store.account(AccountId(id)).await?.map(|person| person.account.id)),
        Err(_) => Ok(None),
    }
}

/// What is to be said of an app that is new here.
fn newcomer(app: &App, exported: &Exported, owner: Option<AccountId>) -> String {
    let mut said = vec!["it is new here".to_owned()];
    match (&exported.owner, owner) {
        (_, Some(_)) => {}
        (Some(named), None) => said.push(format!("its owner {named} has no account here")),
        (None, None) => said.push("it names no owner".to_owned()),
    }
    let unknown: Vec<&str> = exported
        .scopes
        .iter()
        .map(String::as_str)
        .filter(|scope| !app.resource.scopes.iter().any(|known| known == scope))
        .collect();
    if !unknown.is_empty() {
        said.push(format!("{} mean nothing here", unknown.join(" ")));
    }
    said.join("; ")
}

/// The fields that differ from what is here.
fn differences(client: &Client, known: &LegacyApp, wanted: &LegacyRegistration, organization: Uuid) -> String {
    let uris: Vec<String> = client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect();
    let fields = [
        ("registrationName", client.name != wanted.name.trim()),
        ("registrationDescription", known.description != wanted.description),
        ("registrationLocation", known.website != wanted.website),
        ("organizationName", known.company != wanted.company),
        ("redirectUris", uris != wanted.redirect_uris),
        ("owner", client.owner.is_none() && wanted.owner.is_some()),
    ];
    let changed: Vec<&str> = fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
    let joins = !known.organizations.contains(&organization);
    match (changed.is_empty(), joins) {
        (true, true) => "another organization has it already".to_owned(),
        (true, false) => "it is here, and differs".to_owned(),
        (false, _) => format!("differs in {}", changed.join(", ")),
    }
}

fn conclude_plan(report: Report) -> (Report, Result<(), Failure>) {
    let told = format!(
        "{} to create, {} to update, {} unchanged, {} cannot be imported.{} Nothing was changed: add --apply to do it.",
        report.count("action", "create"),
        report.count("action", "update"),
        report.count("action", "skip"),
        report.count("action", "cannot"),
        match report.count("action", "secret") {
            0 => String::new(),
            cut_off => format!(" {cut_off} were imported without their secret being shown."),
        },
    );
    let reached = all_reached(&report);
    (report.note(told), reached)
}

fn conclude_import(report: Report) -> (Report, Result<(), Failure>) {
    let (created, cannot) = (report.count("action", "created"), report.count("action", "cannot"));
    let (updated, skipped) = (report.count("action", "updated"), report.count("action", "skipped"));
    let mut ended = all_reached(&report);
    if ended.is_ok() && cannot > 0 {
        ended = Err(Failure::refused(format!("{cannot} of the apps cannot be imported"))
            .because("each has its reason in the list; the others are not concerned"));
    }
    let told = format!("{created} created, {updated} updated, {skipped} unchanged, {cannot} cannot be imported.");
    let mut report = report.note(told);
    if created + report.count("action", "secret") > 0 {
        report = report.note(format!(
            "Each new secret is shown this once and lives {LEGACY_SECRET_DAYS} days: keep them in a safe place now."
        ));
    }
    (report, ended)
}

fn all_reached(report: &Report) -> Result<(), Failure> {
    match report.count("action", "failed") {
        0 => Ok(()),
        _ => Err(Failure::new(Exit::Failed, "not all of the apps were reached")
            .remedy("run it again: it goes on where it ended")),
    }
}
