//! The keys that tokens are signed with. They are those of all tenants, so whoever administers one looks, and whoever runs the server
//! rotates and revokes: `latchkey key`.

use latchkey_identity::key_rotation::Key;
use serde_json::{Value, json};

use super::app_document::date;
use super::call::{Answer, Call, Reply};

/// `GET /keys`
pub(super) async fn list(call: Call) -> Answer {
    let keys: Vec<Value> = call.app.signing_keys().await?.iter().map(shown).collect();
    Ok(Reply::Of(json!({ "value": keys })))
}

fn shown(key: &Key) -> Value {
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm.name(),
        "state": key.state.name(),
        "published": date(key.published_at),
        "signs_from": date(key.active_from),
        "stopped": key.stopped_at.map(date),
    })
}
