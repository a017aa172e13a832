//! What an event of the record was done to, and what a decision changed, in words: names where the record keeps ids.

use std::collections::BTreeSet;

use latchkey_devops::ids::{OrganizationId, PersonId};
use latchkey_devops::policy::AuthorizePolicy;
use latchkey_identity::session::SessionId;
use latchkey_store::StoreError;
use latchkey_store::audit::AuditEvent;
use serde_json::Value;
use uuid::Uuid;

use super::people::Names;
use super::user_agent;
use super::visit::{Visit, moment};
use crate::pages::Count;

/// What an event was done to. Whoever may read the event may know the name of what is in it; an id that nothing is known of any more stays.
pub(super) async fn subject(
    visit: &Visit,
    names: &mut Names,
    event: &AuditEvent<String>,
) -> Result<String, StoreError> {
    // `harbor: {person}`, and ids by themselves.
    let (before, last) = match event.subject.rsplit_once(": ") {
        Some((before, last)) => (format!("{before}: "), last),
        None => (String::new(), event.subject.as_str()),
    };
    let Ok(id) = Uuid::try_parse(last) else { return Ok(event.subject.clone()) };
    let named = match event.kind.as_str() {
        "session_ended" => session(visit, SessionId(id)).await?,
        "member_added" | "member_changed" | "member_removed" => Some(names.of(&visit.app.store, PersonId(id)).await?),
        "token_delegated" | "acted_on_behalf" | "legacy_app_moved" => names.of_app(&visit.app.store, Some(id)).await?,
        "legacy_import_closed" => {
            let facts = visit.app.store.organization_by_id(OrganizationId(id)).await?;
            facts.map(|facts| facts.organization.name.to_string())
        }
        // The app is named beside it, and the number of a secret tells nobody anything.
        "secret_added" | "secret_removed" => Some("a secret".to_owned()),
        _ => None,
    };
    Ok(format!("{before}{}", named.as_deref().unwrap_or(last)))
}

/// A session by its browser and its beginning. What is kept of one goes some time after its end.
async fn session(visit: &Visit, id: SessionId) -> Result<Option<String>, StoreError> {
    let session = visit.app.store.session(id).await?;
    Ok(Some(match session {
        Some(session) => {
            let browser = user_agent::in_words(&session.user_agent);
            format!("{browser}, signed in {}", moment(session.authenticated_at).in_words())
        }
        None => "a session that is over".to_owned(),
    }))
}

/// What a decision of an organization's administrators changed: `Longest authorization: 90 days, before no limit`.
pub(super) async fn changed(
    visit: &Visit,
    names: &mut Names,
    event: &AuditEvent<String>,
) -> Result<Vec<String>, StoreError> {
    let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let (Some(from), Some(to)) = (detail.get("from"), detail.get("to")) else { return Ok(Vec::new()) };
    let mut changed = Vec::new();
    for setting in SETTINGS {
        let (before, after) = (from.get(setting.key), to.get(setting.key));
        if before != after {
            changed.push(format!("{}: {}, before {}", setting.name, (setting.words)(after), (setting.words)(before)));
        }
    }
    let (before, after) = (apps(from), apps(to));
    for (title, some) in [("Stopped", after.difference(&before)), ("Let in again", before.difference(&after))] {
        for app in some {
            if let Some(name) = names.of_app(&visit.app.store, Some(*app)).await? {
                changed.push(format!("{title}: {name}"));
            }
        }
    }
    Ok(changed)
}

fn apps(policy: &Value) -> BTreeSet<Uuid> {
    let stopped = policy.get("blocked_apps").and_then(Value::as_array);
    stopped.into_iter().flatten().filter_map(|id| Uuid::try_parse(id.as_str()?).ok()).collect()
}

/// One thing that administrators decide, by its key in the record.
struct Setting {
    key: &'static str,
    name: &'static str,
    words: fn(Option<&Value>) -> String,
}

const SETTINGS: [Setting; 6] = [
    Setting { key: "authorize", name: "Who may authorize services", words: who },
    Setting { key: "longest_authorization_days", name: "Longest authorization", words: longest },
    Setting { key: "third_party_apps", name: "Services", words: let_in },
    Setting { key: "legacy_apps", name: "Older services", words: let_in },
    Setting { key: "legacy_warn_from", name: "Older services are warned from", words: day },
    Setting { key: "legacy_refuse_from", name: "Older services end", words: day },
];

fn who(value: Option<&Value>) -> String {
    match value.and_then(Value::as_str).and_then(AuthorizePolicy::from_word) {
        Some(AuthorizePolicy::Administrators) => "administrators".to_owned(),
        Some(AuthorizePolicy::Members) => "members".to_owned(),
        Some(AuthorizePolicy::Approval) => "members, after approval".to_owned(),
        Some(AuthorizePolicy::Nobody) => "nobody".to_owned(),
        None => "not known".to_owned(),
    }
}

fn longest(value: Option<&Value>) -> String {
    let days = value.and_then(Value::as_i64);
    days.map_or_else(|| "no limit".to_owned(), |days| Count(days, "day").to_string())
}

fn let_in(value: Option<&Value>) -> String {
    if value.and_then(Value::as_bool) == Some(true) { "let in" } else { "kept out" }.to_owned()
}

fn day(value: Option<&Value>) -> String {
    let day = value.and_then(Value::as_str).and_then(|moment| moment.split('T').next());
    day.unwrap_or("never").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_administrators_decide_is_said_in_words() {
        assert_eq!(who(Some(&json!("approval"))), "members, after approval");
        assert_eq!((longest(Some(&json!(1))), longest(Some(&json!(null)))), ("1 day".into(), "no limit".into()));
        assert_eq!((let_in(Some(&json!(true))), let_in(None)), ("let in".into(), "kept out".into()));
        assert_eq!((day(Some(&json!("2027-01-01T00:00:00Z"))), day(None)), ("2027-01-01".into(), "never".into()));
    }

    #[test]
    fn every_choice_has_a_word() {
        for policy in AuthorizePolicy::ALL {
            assert_ne!(who(Some(&json!(policy.word()))), "not known");
        }
    }
}
