//! One authorization as a file: `Download as JSON`. Ids and words, and nothing that opens anything.

use http::StatusCode;
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::{Authorization, AuthorizationId, Place};
use latchkey_identity::client::Publisher;
use latchkey_store::audit::Recorded;
use latchkey_store::identity::{ListedAuthorization, RefusedOfDay, UseOfDay};
use serde_json::{Value, json};
use uuid::Uuid;

use super::visit::{Answer, Visit, moment};
use super::{authorization, authorizations, places, timeline};
use crate::reply;

/// How many events of the record are in it.
const MOST_EVENTS: u32 = 1_000;

/// `GET /profile/authorizations/{id}/json`
pub(super) async fn show(visit: Visit) -> Answer {
    let (store, id) = (&visit.app.store, AuthorizationId(visit.id("id")?));
    let listed = visit.authorization(id).await?;
    let given = &listed.authorization;
    let events = store.audit_events_about(given.tenant.0, id.0, None, MOST_EVENTS).await?;
    let ended = authorization::ended(given, visit.now());
    let mut file = described(&listed);
    let more = json!({
        "account": visit.account().email,
        "where": places::in_words(store, &given.places).await?,
        "ended": ended.map(|ended| json!({ "at": ended.at.machine().to_string(), "why": ended.why })),
        "last_used": authorizations::last_used(&visit, &listed).map(|(at, from)| json!({ "at": time(at), "from": from })),
        "uses": store.uses_of(id).await?.iter().map(used).collect::<Vec<_>>(),
        "refusals": store.refusals_of(id).await?.iter().map(refused).collect::<Vec<_>>(),
        "events": events.iter().map(|recorded| event(recorded, given)).collect::<Vec<_>>(),
    });
    if let (Value::Object(file), Value::Object(more)) = (&mut file, more) {
        file.extend(more);
    }
    let mut response = reply::json(StatusCode::OK, &file);
    reply::attachment(&mut response, &format!("authorization-{id}.json"));
    reply::no_store(&mut response);
    Ok(response)
}

/// What was approved.
fn described(listed: &ListedAuthorization) -> Value {
    let Authorization { id, client, version, scopes, places, lifetime, .. } = &listed.authorization;
    let given = &listed.authorization;
    let place = |place: &Place| {
        let id = |id: Uuid| id.to_string();
        json!({ "organization": id(place.organization), "project": place.project.map(id), "repository": place.repository.map(id) })
    };
    let publisher = match &listed.publisher {
        Publisher::Verified(domain) => Some(domain),
        Publisher::Unverified => None,
    };
    json!({
        "id": id.to_string(),
        "app": { "client_id": client.to_string(), "name": listed.client_name, "verified_domain": publisher },
        "kind": authorizations::kind_of(listed.profile).label(),
        "version": version,
        "scopes": scopes.iter().collect::<Vec<_>>(),
        "places": places.iter().map(place).collect::<Vec<_>>(),
        "lifetime": lifetime.name(),
        "given_at": time(given.created_at),
        "changed_at": time(given.changed_at),
        "expires_at": given.expires_at.map(time),
        "paused_at": given.paused_at.map(time),
    })
}

fn used(used: &UseOfDay) -> Value {
    json!({
        "day": time(used.day),
        "operation": used.operation,
        "project": used.project.map(|id| id.to_string()),
        "count": used.count,
        "last_at": time(used.last_at),
    })
}

fn refused(refused: &RefusedOfDay) -> Value {
    json!({
        "day": time(refused.day),
        "operation": refused.operation,
        "reason": refused.reason,
        "count": refused.count,
        "last_at": time(refused.last_at),
    })
}

fn event(recorded: &Recorded, given: &Authorization) -> Value {
    let event = &recorded.event;
    json!({
        "at": time(event.at),
        "kind": event.kind,
        "subject": event.subject,
        "from": timeline::shown_address(event, given),
    })
}

fn time(at: Timestamp) -> String {
    moment(at).machine().to_string()
}
