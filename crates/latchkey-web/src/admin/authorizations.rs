//! What the people of the tenant approved.

use latchkey_identity::account::AccountId;
use latchkey_identity::administration::revoke_authorization;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::client::ClientId;
use latchkey_store::identity::OrganizationAuthorization;
use serde_json::{Value, json};

use super::app_document::date;
use super::call::{Answer, Call, Reply, page, read_id};

/// `GET /authorizations`
pub(super) async fn list(call: Call) -> Answer {
    let (account, client) = call.after().split_once('.').unwrap_or_default();
    let (after, most) = ((AccountId(read_id(account)?), ClientId(read_id(client)?)), call.most()?);
    let found = call.app.store.authorizations_after(call.by.tenant(), after, most).await?;
    let position = |found: &OrganizationAuthorization| {
        let authorization = &found.listed.authorization;
        format!("{}.{}", authorization.account, authorization.client)
    };
    let next = found.last().map(position);
    Ok(page(found.iter().map(shown).collect(), most, next))
}

/// `DELETE /authorizations/{id}`: nothing of it is accepted any more.
pub(super) async fn revoke(call: Call) -> Answer {
    let id = AuthorizationId(call.id("id", "authorization")?);
    let store = &call.app.store;
    store
        .decide(async || {
            let authorization = store.authorization(id).await?;
            Ok(call.seen(revoke_authorization(authorization.as_deref(), &call.by, call.now)))
        })
        .await??;
    Ok(Reply::Done)
}

fn shown(found: &OrganizationAuthorization) -> Value {
    let OrganizationAuthorization { listed, account_email, account_name } = found;
    let authorization = &listed.authorization;
    json!({
        "id": authorization.id.0,
        "account": { "id": authorization.account.0, "email": account_email, "name": account_name },
        "client": { "client_id": authorization.client.0, "name": listed.client_name },
        "scopes": authorization.scopes.iter().collect::<Vec<_>>(),
        "created": date(authorization.created_at),
        "expires": authorization.expires_at.map(date),
        "last_used": listed.last_used.as_ref().map(|(at, _)| date(*at)),
    })
}
