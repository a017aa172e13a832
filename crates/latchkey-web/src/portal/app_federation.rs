//! Tokens of other issuers that an app may show in place of a secret.

use latchkey_identity::Decision;
use latchkey_identity::client::federated_credential::{Federation, USUAL_AUDIENCE, add_federated, remove_federated};
use latchkey_identity::client::registration::RegistrationError;
use latchkey_identity::client::{Client, ClientId, FederatedCredential};
use uuid::Uuid;

use super::app::{self, Shown};
use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use crate::app::entropy;
use crate::pages::app_federation::{FederationForm, FederationRow, FederationTyped};

/// `POST /apps/{id}/federation`
pub(super) async fn add(visit: Visit) -> Answer {
    let (store, id) = (&visit.app.store, app::own(&visit).await?.id);
    let text = |name: &str| visit.posted(name).unwrap_or_default().to_owned();
    let typed = Federation {
        name: text("name"),
        issuer: text("issuer"),
        subject: text("subject"),
        audience: text("audience"),
        keys: text("keys"),
    };
    let origins = visit.app.settings.origin_urls();
    let decided: Result<FederatedCredential, RegistrationError> = store
        .decide(|| async {
            let Some(client) = store.client(id).await? else {
                return Ok(Decision::refuse(RegistrationError::NotYours));
            };
            let decision = add_federated(&client, visit.account(), &typed, &origins, visit.now(), &mut entropy());
            Ok(decision.seen_from(&visit.address()))
        })
        .await?;
    match decided {
        Ok(_) => visit.go_to(&format!("/apps/{id}?done=federation-added")),
        Err(error) => app::refused(&visit, &error, Shown::with_federation(typed)).await,
    }
}

/// `POST /apps/{id}/federation/remove`
pub(super) async fn remove(visit: Visit) -> Answer {
    let (store, id) = (&visit.app.store, ClientId(visit.id("id")?));
    let credential = visit.posted("credential").and_then(|id| Uuid::try_parse(id).ok()).ok_or(Problem::NotFound)?;
    let decided: Result<(), RegistrationError> = store
        .decide(|| async {
            Ok(match store.client(id).await? {
                Some(client) => {
                    remove_federated(&client, credential, visit.account(), visit.now()).seen_from(&visit.address())
                }
                None => Decision::refuse(RegistrationError::NotYours),
            })
        })
        .await?;
    match decided {
        Ok(()) => visit.go_to(&format!("/apps/{id}?done=federation-removed")),
        Err(_) => Err(Problem::NotFound),
    }
}

/// How the page shows it.
pub(super) fn form(client: &Client, typed: Option<Federation>) -> FederationForm {
    let usual = || Federation { audience: USUAL_AUDIENCE.to_owned(), ..Federation::default() };
    let Federation { name, issuer, subject, audience, keys } = typed.unwrap_or_else(usual);
    FederationForm {
        held: client.authentication.federated.iter().map(row).collect(),
        typed: FederationTyped { name, issuer, subject, audience, keys },
    }
}

fn row(held: &FederatedCredential) -> FederationRow {
    FederationRow {
        id: held.id.to_string(),
        name: held.name.clone(),
        issuer: held.issuer.clone(),
        subject: held.subject.clone(),
        audience: held.audience.clone(),
        pinned: !held.pinned.is_empty(),
        added: moment(held.created_at),
    }
}
