//! `latchkey app secret`.

use clap::Subcommand;
use latchkey_identity::Decision;
use latchkey_identity::client::registration;
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::limits::{LEGACY_SECRET_DAYS, USUAL_SECRET_DAYS};
use latchkey_web::App;
use latchkey_web::app::entropy;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::apps::{find, no_app};
use super::report::{Report, Row, row};
use super::{from_console, moment, operator};
use crate::failure::Failure;

/// What can be done with the secrets of an app.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum SecretOrder {
    /// Add a secret; it is shown once
    #[command(after_help = "Example:\n  latchkey app secret add 00000000-0000-0000-0000-000000000000 --days 90")]
    Add {
        /// The app's client id
        client_id: String,
        /// How many days it lives, at most 730 [default: 180]; for an app of the older kind at most 60 [default: 60]
        #[arg(long)]
        days: Option<u32>,
    },
    /// Remove a secret: nobody authenticates with it again
    Remove {
        /// The app's client id
        client_id: String,
        /// The secret's id, as `latchkey app show` has it
        secret_id: Uuid,
    },
}

impl SecretOrder {
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Remove { secret_id, .. } => {
                Some(format!("Remove the secret {secret_id}? Whoever uses it is locked out."))
            }
            Self::Add { .. } => None,
        }
    }
}

/// What is said with a new secret.
pub(super) const ONCE: &str = "The secret is shown this once: keep it in a safe place now.";

pub(super) async fn perform(app: &App, order: SecretOrder) -> Result<Report, Failure> {
    match order {
        SecretOrder::Add { client_id, days } => {
            let client = find(app, &client_id).await?;
            let usual = if client.is_legacy() { LEGACY_SECRET_DAYS } else { USUAL_SECRET_DAYS };
            let secret = add_secret(app, client.id, days.unwrap_or(usual)).await?;
            Ok(Report::one(&["client_id", "client_secret", "secret_id", "secret_expires"], secret).note(ONCE))
        }
        SecretOrder::Remove { client_id, secret_id } => remove_secret(app, &client_id, secret_id).await,
    }
}

/// Adds a secret, which is told this once.
pub(super) async fn add_secret(app: &App, id: ClientId, days: u32) -> Result<Row, Failure> {
    let now = app.now();
    let rule = |client: &Client| {
        let (by, key) = (operator(client.tenant, now), &app.keys.client_secret);
        from_console(registration::add_secret(client, &by, days, key, now, &mut entropy()))
    };
    let (secret, kept) = app.decide_client(id, rule).await??;
    Ok(row! {
        "client_id": id.to_string(),
        "client_secret": secret.reveal(),
        "secret_id": kept.id,
        "secret_expires": moment(kept.expires_at),
    })
}

async fn remove_secret(app: &App, client_id: &str, secret: Uuid) -> Result<Report, Failure> {
    let (id, now) = (find(app, client_id).await?.id, app.now());
    let decided = app.store.decide(|| async {
        Ok(match app.store.client(id).await? {
            Some(client) if client.secrets.iter().any(|kept| kept.id == secret) => {
                let by = operator(client.tenant, now);
                let made_with = app.store.families_made_with(secret).await?;
                from_console(registration::remove_secret(&client, secret, made_with, &by, now))
            }
            Some(_) => Decision::refuse(Failure::not_found(format!("the app has no secret {secret}"))),
            None => Decision::refuse(no_app(client_id)),
        })
    });
    decided.await??;
    Ok(Report::done("The secret is removed: nobody authenticates with it again."))
}
