//! Tokens of other issuers that an app may show in place of a secret.

use latchkey_identity::client::federated_credential::{Federation, USUAL_AUDIENCE, add_federated, remove_federated};
use latchkey_identity::client::{Client, ClientId, FederatedCredential};
use uuid::Uuid;

use super::app::{self, Shown};
use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use crate::app::entropy;
use crate::pages::app::Part;
use crate::pages::app_federation::{FederationForm, FederationRow, FederationTyped};

/// `POST /apps/{id}/federation`
pub(super) async fn add(visit: Visit) -> Answer {
    let id = app::own(&visit).await?.id;
    let text = |name: &str| visit.posted(name).unwrap_or_default().to_owned();
    let typed = Federation {
        name: text("name"),
        issuer: text("issuer"),
        subject: text("subject"),
        audience: text("audience"),
        keys: text("keys"),
    };
    let origins = visit.app.settings.origin_urls();
    let rule = |client: &Client| add_federated(client, visit.account(), &typed, &origins, visit.now(), &mut entropy());
    match visit.decide_client(id, rule).await? {
        Ok(_) => app::back(&visit, id, Part::Keys, "federation-added"),
        Err(error) => app::refused(&visit, &error, Shown::with_federation(typed)).await,
    }
}

/// `POST /apps/{id}/federation/remove`
pub(super) async fn remove(visit: Visit) -> Answer {
    let id = ClientId(visit.id("id")?);
    let credential = visit.posted("credential").and_then(|id| Uuid::try_parse(id).ok()).ok_or(Problem::NotFound)?;
    let rule = |client: &Client| remove_federated(client, credential, visit.account(), visit.now());
    match visit.decide_client(id, rule).await? {
        Ok(()) => app::back(&visit, id, Part::Keys, "federation-removed"),
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
