//! `latchkey legacy`.

use clap::Subcommand;
use latchkey_devops::sunset::{Phase, Sunset};
use latchkey_identity::Timestamp;
use latchkey_identity::client::{ClientId, ClientState};
use latchkey_identity::legacy::NO_NEW_ONES;
use latchkey_identity::tenant::TenantId;
use latchkey_store::Changes;
use latchkey_store::devops::organizations;
use latchkey_web::App;
use serde::{Deserialize, Serialize};

use super::report::{Report, Row, row};
use super::{CONSOLE, author, moment, organization};
use crate::failure::{Exit, Failure};

/// What can be done about apps of the older OAuth kind. They come in by `latchkey import azure-devops-oauth`.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum LegacyOrder {
    /// List the apps of the older kind that an organization took over
    List {
        /// The organization
        organization: String,
    },
    /// Close the import of an organization for good
    CloseImport {
        /// The organization
        organization: String,
    },
    /// Set, move or show the end of apps of the older kind in an organization
    #[command(after_help = "Examples:\n  \
        latchkey legacy sunset example --warn-from 2027-01-01 --refuse-from 2027-06-01\n  \
        latchkey legacy sunset example --none\n  \
        latchkey legacy sunset example\n\nA date without a time begins at midnight UTC. A date that is left out stays.")]
    Sunset {
        /// The organization
        organization: String,
        /// From when on everybody is warned
        #[arg(long, value_name = "DATE", value_parser = date)]
        warn_from: Option<i64>,
        /// From when on they are refused
        #[arg(long, value_name = "DATE", value_parser = date)]
        refuse_from: Option<i64>,
        /// No end at all
        #[arg(long, conflicts_with_all = ["warn_from", "refuse_from"])]
        none: bool,
    },
}

/// Reads a date, as microseconds since the epoch.
fn date(text: &str) -> Result<i64, String> {
    let read = latchkey_devops::date::parse(text).map(|at| at.as_micros());
    read.ok_or_else(|| "write it as 2027-06-01 or 2027-06-01T08:00:00Z".to_owned())
}

impl LegacyOrder {
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::CloseImport { organization } => Some(format!(
                "Close the import of older apps into {organization} for good? No app of that kind comes in afterwards."
            )),
            Self::List { .. } | Self::Sunset { .. } => None,
        }
    }
}

const LISTED: [&str; 9] =
    ["client_id", "name", "company", "state", "people", "last_used", "secret_expires", "redirect_uris", "scopes"];
const SUNSET: [&str; 5] = ["organization", "warn_from", "refuse_from", "phase", "days_left"];

pub(super) async fn perform(app: &App, order: LegacyOrder) -> Result<Report, Failure> {
    match order {
        LegacyOrder::List { organization } => list(app, &organization).await,
        LegacyOrder::CloseImport { organization } => close_import(app, &organization).await,
        LegacyOrder::Sunset { organization: name, none: false, warn_from: None, refuse_from: None } => {
            let facts = organization(app, &name).await?;
            Ok(shown(app, facts.organization.name.as_str(), facts.organization.policy.sunset))
        }
        LegacyOrder::Sunset { organization, warn_from, refuse_from, none } => {
            let wanted = |present: Sunset| {
                let at = |given: Option<i64>, present| given.map(Timestamp::from_micros).or(present);
                match none {
                    true => Ok(Sunset::NONE),
                    false => Sunset::new(at(warn_from, present.warn_from()), at(refuse_from, present.refuse_from())),
                }
            };
            set_sunset(app, &organization, wanted).await
        }
    }
}

async fn list(app: &App, name: &str) -> Result<Report, Failure> {
    let organization = organization(app, name).await?.id().0;
    let mut rows = Vec::new();
    for client in app.store.legacy_apps_of(organization).await? {
        rows.push(listed(app, client).await?);
    }
    let gate = app.store.legacy_import(organization).await?;
    let import = match gate {
        None => "Nothing was imported yet.".to_owned(),
        Some(gate) => match gate.closed_at {
            Some(at) => format!("The import was closed on {}.", moment(at)),
            None => format!(
                "The import is open since {}; `latchkey legacy close-import {name}` closes it.",
                moment(gate.opened_at)
            ),
        },
    };
    Ok(Report::list(&LISTED, rows).note(import))
}

async fn listed(app: &App, id: ClientId) -> Result<Row, Failure> {
    let (client, known) = (app.store.client(id).await?, app.store.legacy_app(id).await?);
    let given = app.store.authorizations_for(id).await?;
    let last_used = given.iter().filter_map(|one| one.listed.last_used.as_ref().map(|(at, _)| *at)).max();
    let uris = client.iter().flat_map(|client| client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()));
    let expires = client.as_ref().and_then(|client| client.secrets.iter().map(|secret| secret.expires_at).max());
    let state = match client.as_ref().map(|client| client.state == ClientState::Active) {
        Some(true) => "active",
        Some(false) => "suspended",
        None => "deleted",
    };
    Ok(row! {
        "client_id": id.to_string(),
        "name": client.as_ref().map(|client| client.name.clone()),
        "company": known.as_ref().map(|known| known.company.clone()),
        "state": state,
        "people": given.len(),
        "last_used": last_used.map(moment),
        "secret_expires": expires.map(moment),
        "redirect_uris": uris.collect::<Vec<_>>(),
        "scopes": known.iter().flat_map(|known| known.scopes.iter().map(str::to_owned)).collect::<Vec<_>>(),
    })
}

async fn close_import(app: &App, name: &str) -> Result<Report, Failure> {
    let facts = organization(app, name).await?;
    let (id, name) = (facts.id().0, &facts.organization.name);
    if app.store.legacy_import(id).await?.is_some_and(|gate| gate.closed_at.is_some()) {
        return Err(Failure::conflict(format!("the import of older apps into {name} is closed already")));
    }
    app.store.close_legacy_import(id, TenantId(facts.organization.tenant), CONSOLE, app.now()).await?;
    Ok(Report::done(format!("The import of older apps into {name} is closed. {NO_NEW_ONES}")))
}

async fn set_sunset(
    app: &App,
    name: &str,
    wanted: impl Fn(Sunset) -> Result<Sunset, latchkey_devops::sunset::SunsetError>,
) -> Result<Report, Failure> {
    let (id, by) = (organization(app, name).await?.id(), author(app.now()));
    let set = app
        .store
        .decide(|| async {
            let Some(facts) = app.store.organization_by_id(id).await? else {
                return Ok((Err(Failure::not_found(format!("there is no organization {name}"))), Changes::none()));
            };
            let present = facts.organization.policy.sunset;
            Ok(match wanted(present) {
                Err(error) => {
                    (Err(Failure::new(Exit::Usage, "these dates are no sunset").because(error)), Changes::none())
                }
                Ok(same) if same == present => (Ok(same), Changes::none()),
                Ok(sunset) => (Ok(sunset), organizations::change_sunset(&facts, sunset, &by)),
            })
        })
        .await??;
    Ok(shown(app, name, set))
}

fn shown(app: &App, name: &str, sunset: Sunset) -> Report {
    let now = app.now();
    let phase = match sunset.phase(now) {
        Phase::Open => "open",
        Phase::Warned { .. } => "warned",
        Phase::Refused { .. } => "refused",
    };
    let shown = row! {
        "organization": name,
        "warn_from": sunset.warn_from().map(moment),
        "refuse_from": sunset.refuse_from().map(moment),
        "phase": phase,
        "days_left": sunset.days_left(now),
    };
    Report::one(&SUNSET, shown)
}
