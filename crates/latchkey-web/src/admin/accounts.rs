//! Accounts: the same rules as by `latchkey account`.

use std::collections::BTreeMap;

use http::StatusCode;
use latchkey_identity::account::{Account, AccountId, AccountState, email_key};
use latchkey_identity::administration::{NewAccount, create_account, disable_account};
use latchkey_identity::claims::StandardClaims;
use latchkey_identity::sign_in::password::check_new;
use serde::Deserialize;
use serde_json::{Value, json};

use super::app_document::date;
use super::call::{Answer, Call, Reply, page};
use super::problem::Problem;
use crate::app::{entropy, random};

const WHAT: &str = "account";

/// `GET /accounts`
pub(super) async fn list(call: Call) -> Answer {
    let most = call.most()?;
    let found = call.app.store.accounts_after(call.by.tenant(), &email_key(call.after()), most).await?;
    let next = found.last().map(|account| account.email.clone());
    Ok(page(found.iter().map(shown).collect(), most, next))
}

/// `GET /accounts/{id}`
pub(super) async fn read(call: Call) -> Answer {
    Ok(Reply::Of(shown(&find(&call).await?)))
}

/// An account to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountDocument {
    email: String,
    name: String,
    #[serde(default)]
    administrator: bool,
    /// Without one it cannot sign in with a password.
    password: Option<String>,
    /// Standard claims by name. [OpenID Connect Core §5.1]
    #[serde(default)]
    claims: BTreeMap<String, String>,
}

/// `POST /accounts`
pub(super) async fn create(mut call: Call) -> Answer {
    let AccountDocument { email, name, administrator, password, claims: told } = call.read()?;
    let mut claims = StandardClaims::default();
    for (name, value) in &told {
        claims.set(name, value).map_err(|error| Problem::bad_request(error.to_string()))?;
    }
    let new = NewAccount { email, name, administrator, claims };
    new.check()?;
    let store = &call.app.store;
    let tenant = store.tenant(call.by.tenant()).await?.ok_or_else(|| Problem::not_found("tenant"))?;
    let password = match password {
        Some(password) => Some(hash(&call, &new.email, password).await?),
        None => None,
    };
    let made = store
        .decide(async || {
            let taken = store.credentials(&new.key()).await?.is_some();
            let decision =
                create_account(new.clone(), password.clone(), taken, &tenant, &call.by, call.now, &mut entropy());
            Ok(call.seen(decision))
        })
        .await??;
    Ok(Reply::Made(shown(&made)))
}

/// `POST /accounts/{id}/disable`: its sessions end, and nothing of it is accepted anywhere.
pub(super) async fn disable(call: Call) -> Answer {
    let key = email_key(&find(&call).await?.email);
    let store = &call.app.store;
    store
        .decide(async || {
            let account = store.credentials(&key).await?.map(|(account, _)| account);
            Ok(call.seen(disable_account(account.as_ref(), &call.by, call.now)))
        })
        .await??;
    Ok(Reply::Done)
}

async fn hash(call: &Call, email: &str, password: String) -> Result<String, Problem> {
    check_new(&password, email)
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_password", error.to_string()))?;
    let busy = |_| Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", "Too many passwords are hashed now. Try again.");
    call.app.hashing.hash(password, random()).await.map_err(busy)
}

/// The account of the path, if it lives in the tenant.
pub(super) async fn find(call: &Call) -> Result<Account, Problem> {
    let id = AccountId(call.id("id", WHAT)?);
    let found = call.app.store.account(id).await?.map(|person| person.account.clone());
    found.filter(|account| account.tenant == call.by.tenant()).ok_or_else(|| Problem::not_found(WHAT))
}

fn shown(account: &Account) -> Value {
    json!({
        "id": account.id.0,
        "email": account.email,
        "name": account.name,
        "administrator": account.tenant_administrator,
        "active": account.state == AccountState::Active,
        "claims": account.claims,
        "created": date(account.created_at),
    })
}
