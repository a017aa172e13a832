//! The secrets of an app: added, shown this one time, removed.

use latchkey_identity::Decision;
use latchkey_identity::client::registration::{RegistrationError, add_secret, remove_secret};
use latchkey_identity::client::{Client, ClientId};
use uuid::Uuid;

use super::app::{self, Shown};
use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use crate::app::entropy;
use crate::pages::app_secret::AppSecret;

/// `POST /apps/{id}/secrets`
pub(super) async fn add(visit: Visit) -> Answer {
    let client = app::own(&visit).await?;
    // What is no number of days is refused as one that is too small.
    let days = visit.posted("expires").and_then(|days| days.parse().ok()).unwrap_or(0);
    let key = &visit.app.keys.client_secret;
    let rule = |client: &Client| add_secret(client, visit.account(), days, key, visit.now(), &mut entropy());
    match visit.decide_client(client.id, rule).await? {
        Ok((secret, kept)) => visit.show(&AppSecret {
            frame: visit.frame(),
            app: client.name.clone(),
            client_id: client.id.to_string(),
            secret: secret.reveal().to_owned(),
            shared: kept.sealed.is_some(),
            expires: moment(kept.expires_at),
        }),
        Err(error) => app::refused(&visit, &error, Shown::default()).await,
    }
}

/// `POST /apps/{id}/secrets/remove`
pub(super) async fn remove(visit: Visit) -> Answer {
    let (store, id) = (&visit.app.store, ClientId(visit.id("id")?));
    let secret = visit.posted("secret").and_then(|secret| Uuid::try_parse(secret).ok()).ok_or(Problem::NotFound)?;
    let decided: Result<(), RegistrationError> = store
        .decide(|| async {
            let client = store.client(id).await?;
            // One that somebody else has just removed is not removed again.
            let holds = |client: &&_| has(client, secret);
            Ok(match client.as_deref().filter(holds) {
                Some(client) => {
                    let made_with = store.families_made_with(secret).await?;
                    remove_secret(client, secret, made_with, visit.account(), visit.now()).seen_from(&visit.address())
                }
                None => Decision::refuse(RegistrationError::NotYours),
            })
        })
        .await?;
    match decided {
        Ok(()) => visit.go_to(&format!("/apps/{id}?done=secret-removed")),
        Err(_) => Err(Problem::NotFound),
    }
}

fn has(client: &Client, secret: Uuid) -> bool {
    client.secrets.iter().any(|held| held.id == secret)
}
