//! How an app proves who it is, beside by its secrets: its public keys, and the one method that counts.

use latchkey_identity::Decision;
use latchkey_identity::client::authentication::fix_method;
use latchkey_identity::client::key::{add_keys, remove_key};
use latchkey_identity::client::registration::RegistrationError;
use latchkey_identity::client::{Client, ClientId, ClientKey};
use latchkey_identity::client_auth::Method;
use uuid::Uuid;

use super::app::{self, Shown};
use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use crate::app::entropy;
use crate::pages::app_keys::{KeyRow, MethodChoice, ProofForm};

/// `POST /apps/{id}/keys`
pub(super) async fn add(visit: Visit) -> Answer {
    let (store, id) = (&visit.app.store, app::own(&visit).await?.id);
    let typed = visit.posted("key").unwrap_or_default();
    let decided: Result<Vec<ClientKey>, RegistrationError> = store
        .decide(|| async {
            let Some(client) = store.client(id).await? else {
                return Ok(Decision::refuse(RegistrationError::NotYours));
            };
            let decision = add_keys(&client, visit.account(), typed, visit.now(), &mut entropy());
            Ok(decision.seen_from(&visit.address()))
        })
        .await?;
    match decided {
        Ok(_) => visit.go_to(&format!("/apps/{id}?done=key-added")),
        Err(error) => app::refused(&visit, &error, Shown::with_key(typed)).await,
    }
}

/// `POST /apps/{id}/keys/remove`
pub(super) async fn remove(visit: Visit) -> Answer {
    let (store, id) = (&visit.app.store, ClientId(visit.id("id")?));
    let key = visit.posted("key").and_then(|key| Uuid::try_parse(key).ok()).ok_or(Problem::NotFound)?;
    let decided: Result<(), RegistrationError> = store
        .decide(|| async {
            Ok(match store.client(id).await? {
                Some(client) => remove_key(&client, key, visit.account(), visit.now()).seen_from(&visit.address()),
                None => Decision::refuse(RegistrationError::NotYours),
            })
        })
        .await?;
    match decided {
        Ok(()) => visit.go_to(&format!("/apps/{id}?done=key-removed")),
        Err(_) => Err(Problem::NotFound),
    }
}

/// `POST /apps/{id}/method`
pub(super) async fn save_method(visit: Visit) -> Answer {
    let (store, id) = (&visit.app.store, app::own(&visit).await?.id);
    let typed = visit.posted("method").unwrap_or_default();
    let method = match typed {
        ANY => None,
        name => Some(Method::parse(name).ok_or(Problem::NotFound)?),
    };
    let decided: Result<Client, RegistrationError> = store
        .decide(|| async {
            let Some(client) = store.client(id).await? else {
                return Ok(Decision::refuse(RegistrationError::NotYours));
            };
            Ok(fix_method(&client, method, visit.account(), visit.now()).seen_from(&visit.address()))
        })
        .await?;
    match decided {
        Ok(_) => visit.go_to(&format!("/apps/{id}?done=method")),
        Err(error) => app::refused(&visit, &error, Shown::default()).await,
    }
}

/// No method in particular.
const ANY: &str = "any";

/// How the page shows it.
pub(super) fn form(client: &Client, visit: &Visit, typed: String) -> ProofForm {
    let held = &client.authentication;
    let any = MethodChoice { value: ANY, label: "Whatever is registered here", chosen: held.method.is_none() };
    let one = |method: Method| MethodChoice {
        value: method.name(),
        label: label(method),
        chosen: held.method == Some(method),
    };
    ProofForm {
        keys: held.keys.iter().map(|key| row(key, visit)).collect(),
        typed,
        methods: [any].into_iter().chain(Method::PROVING.map(one)).collect(),
    }
}

const fn label(method: Method) -> &'static str {
    match method {
        Method::ClientSecretBasic => "A secret, in the header (client_secret_basic)",
        Method::ClientSecretPost => "A secret, in the form (client_secret_post)",
        Method::ClientSecretJwt => "A secret that is never sent (client_secret_jwt): add one after choosing this",
        Method::PrivateKeyJwt => "A key of its own (private_key_jwt)",
        Method::SelfSignedTlsClientAuth => "The certificate that it registered (self_signed_tls_client_auth)",
        Method::None | Method::LegacyAssertion => "",
    }
}

fn row(key: &ClientKey, visit: &Visit) -> KeyRow {
    let [x5t, x5t_s256] = key.certificate_names();
    KeyRow {
        id: key.id.to_string(),
        kid: key.kid(),
        algorithms: key.algorithms().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", "),
        x5t,
        x5t_s256,
        added: moment(key.created_at),
        expires: moment(key.expires_at),
        expired: !key.is_live(visit.now()),
    }
}
