//! Apps: the same rules as on their pages and by `latchkey app`.

use std::sync::Arc;

use latchkey_identity::Decision;
use latchkey_identity::client::declaration::{Outcome, Standing, declare};
use latchkey_identity::client::registration::{self, RegistrationError};
use latchkey_identity::client::{Client, ClientId, key};
use latchkey_identity::limits::USUAL_SECRET_DAYS;
use serde::Deserialize;
use serde_json::{Value, json};

use super::app_document::{AppDocument, KeyDocuments, date};
use super::call::{Answer, Call, Reply, page};
use super::problem::Problem;
use crate::app::entropy;

const WHAT: &str = "app";

/// `GET /apps`
pub(super) async fn list(call: Call) -> Answer {
    let (after, most) = (ClientId(call.after_id()?), call.most()?);
    let found = call.app.store.clients_after(call.by.tenant(), after, most).await?;
    let next = found.last().map(|client| client.id.to_string());
    let mut values = Vec::with_capacity(found.len());
    for client in &found {
        values.push(shown(&call, client).await?);
    }
    Ok(page(values, most, next))
}

/// `GET /apps/{client_id}`
pub(super) async fn read(call: Call) -> Answer {
    let client = find(&call).await?;
    Ok(Reply::Of(shown(&call, &client).await?))
}

/// `POST /apps`: with the id that the document names, or a new one.
pub(super) async fn create(mut call: Call) -> Answer {
    let document = AppDocument::read(call.body())?;
    let id = ClientId(document.client_id.unwrap_or_else(|| entropy().uuid()));
    let outcome = declared(&call, &document, id, Wanted::New).await?;
    Ok(Reply::Made(shown(&call, outcome.client()).await?))
}

/// `PUT /apps/{client_id}`: the app becomes as the document says. Secrets and keys are added, and never taken away.
pub(super) async fn update(mut call: Call) -> Answer {
    let client = find(&call).await?;
    let document = AppDocument::read(call.body())?;
    if document.client_id.is_some_and(|id| id != client.id.0) {
        return Err(Problem::bad_request("`client_id` is not that of the path."));
    }
    let outcome = declared(&call, &document, client.id, Wanted::There).await?;
    Ok(Reply::Of(shown(&call, outcome.client()).await?))
}

/// `DELETE /apps/{client_id}`: every authorization of it ends.
pub(super) async fn delete(call: Call) -> Answer {
    let id = find(&call).await?.id;
    decide(&call, id, |client| registration::delete(client, call.by.account(), call.now)).await?;
    Ok(Reply::Done)
}

/// How long a secret is to live.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSecret {
    #[serde(default = "usual_days")]
    days: u32,
}

const fn usual_days() -> u32 {
    USUAL_SECRET_DAYS
}

/// `POST /apps/{client_id}/secrets`: the secret is in the answer, this once.
pub(super) async fn add_secret(mut call: Call) -> Answer {
    let id = find(&call).await?.id;
    let NewSecret { days } = match call.body() {
        Value::Null => NewSecret { days: USUAL_SECRET_DAYS },
        body => serde_json::from_value(body).map_err(|error| Problem::bad_request(error.to_string()))?,
    };
    let key = &call.app.keys.client_secret;
    let (secret, kept) = decide(&call, id, |client| {
        registration::add_secret(client, call.by.account(), days, key, call.now, &mut entropy())
    })
    .await?;
    Ok(Reply::Made(json!({ "id": kept.id, "client_secret": secret.reveal(), "expires": date(kept.expires_at) })))
}

/// `DELETE /apps/{client_id}/secrets/{id}`
pub(super) async fn remove_secret(call: Call) -> Answer {
    let (client, secret) = (find(&call).await?, call.id("id", "secret")?);
    if !client.secrets.iter().any(|kept| kept.id == secret) {
        return Err(Problem::not_found("secret"));
    }
    let made_with = call.app.store.families_made_with(secret).await?;
    decide(&call, client.id, |client| {
        registration::remove_secret(client, secret, made_with.clone(), call.by.account(), call.now)
    })
    .await?;
    Ok(Reply::Done)
}

/// Public keys of an app.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKeys {
    jwks: Option<KeyDocuments>,
    certificate: Option<String>,
}

/// `POST /apps/{client_id}/keys`
pub(super) async fn add_keys(mut call: Call) -> Answer {
    let id = find(&call).await?.id;
    let text = match call.read()? {
        NewKeys { jwks: Some(jwks), certificate: None } => json!(jwks).to_string(),
        NewKeys { jwks: None, certificate: Some(certificate) } => certificate,
        _ => return Err(Problem::bad_request("Send either `jwks` or `certificate`.")),
    };
    let added =
        decide(&call, id, |client| key::add_keys(client, call.by.account(), &text, call.now, &mut entropy())).await?;
    let keys: Vec<Value> =
        added.iter().map(|key| json!({ "id": key.id, "kid": key.kid(), "expires": date(key.expires_at) })).collect();
    Ok(Reply::Made(json!({ "value": keys })))
}

/// `DELETE /apps/{client_id}/keys/{id}`
pub(super) async fn remove_key(call: Call) -> Answer {
    let (client, held) = (find(&call).await?, call.id("id", "key")?);
    if !client.authentication.keys.iter().any(|key| key.id == held) {
        return Err(Problem::not_found("key"));
    }
    decide(&call, client.id, |client| key::remove_key(client, held, call.by.account(), call.now)).await?;
    Ok(Reply::Done)
}

/// The app of the path, if it is one of the tenant.
async fn find(call: &Call) -> Result<Arc<Client>, Problem> {
    let id = ClientId(call.id("client_id", WHAT)?);
    let found = call.app.store.client(id).await?;
    found.filter(|client| client.tenant == call.by.tenant()).ok_or_else(|| Problem::not_found(WHAT))
}

/// An app of this id exists, here or elsewhere; nobody learns where.
fn taken() -> Problem {
    Problem::new(http::StatusCode::CONFLICT, "conflict", "This client_id cannot be used: choose another one, or none.")
}

/// What an app has to be before it is declared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Nowhere yet.
    New,
    /// There already.
    There,
}

async fn declared(call: &Call, document: &AppDocument, id: ClientId, wanted: Wanted) -> Result<Outcome, Problem> {
    let store = &call.app.store;
    let owner = match &document.owner {
        None => call.by.account().clone(),
        Some(email) => {
            let found = store.credentials(&latchkey_identity::account::email_key(email)).await?;
            let found = found.map(|(account, _)| account).filter(|account| account.tenant == call.by.tenant());
            found.ok_or_else(|| Problem::not_found("account"))?
        }
    };
    let before = store.client(id).await?.filter(|client| client.may_be_changed_by(call.by.account()));
    let sector = call.app.sector_document(&document.metadata, &document.redirect_uris, before.as_deref()).await;
    let declaration = document.declaration(id, sector.as_ref(), &call.app.resource.scopes, call.now)?;
    let (by, key) = (call.by.account(), &call.app.keys.client_secret);
    let decide = async || {
        let (before, owned) = (store.client(id).await?, store.count_clients_owned_by(owner.id).await?);
        match (wanted, &before) {
            (Wanted::New, Some(_)) => return Ok(Decision::refuse(taken())),
            (Wanted::There, None) => return Ok(Decision::refuse(Problem::not_found(WHAT))),
            (Wanted::New, None) | (Wanted::There, Some(_)) => {}
        }
        // Another request may have made it since it was looked for.
        if before.is_none() && call.app.means_something_else(id).await? {
            return Ok(Decision::refuse(taken()));
        }
        let standing =
            Standing { before: before.as_deref(), taken: false, owner: &owner, owned, by, key, now: call.now };
        let Decision { answer, changes } = call.seen(declare(declaration.clone(), standing, &mut entropy()));
        Ok(Decision { answer: answer.map_err(Problem::from), changes })
    };
    call.app.decide_apps(decide).await?
}

/// Decides about an app as it is at that moment.
async fn decide<T>(
    call: &Call,
    id: ClientId,
    rule: impl Fn(&Client) -> Decision<T, RegistrationError>,
) -> Result<T, Problem> {
    Ok(call.app.decide_client(id, |client| call.seen(rule(client))).await??)
}

async fn shown(call: &Call, client: &Client) -> Result<Value, Problem> {
    let owner = match client.owner {
        Some(owner) => call.app.store.account(owner).await?.map(|person| person.account.email.clone()),
        None => None,
    };
    let mut value = AppDocument::with_state(client, owner);
    if let Some(members) = value.as_object_mut() {
        let keys = client.authentication.keys.iter().map(|key| json!({ "id": key.id, "kid": key.kid() }));
        members.insert("keys".to_owned(), keys.collect());
    }
    Ok(value)
}
