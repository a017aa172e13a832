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
        "session_ended" => Some(session(visit, SessionId(id)).await?),
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
async fn session(visit: &Visit, id: SessionId) -> Result<String, StoreError> {
    let session = visit.app.store.session(id).await?;
    Ok(match session {
        Some(session) => {
            let browser = user_agent::in_words(&session.user_agent);
            format!("{browser}, signed in {}", moment(session.authenticated_at).in_words())
        }
        None => "a session that is over".to_owned(),
    })
}

/// What a decision of an organization's administrators changed: `Longest authorization: 90 days, before no limit`.
pub(super) async fn changed(
    visit: &Visit,
    names: &mut Names,
    event: &AuditEvent<String>,
) -> Result<Vec<String>, StoreError> {
    let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let (Some(from), Some(to)) = (detail.get("from"), detail.get("to")) else { return Ok(Vec::new()) };
    let mut changed = settings(from, to);
    let (Some(before), Some(after)) = (apps(from), apps(to)) else { return Ok(changed) };
    for (title, some) in [("Stopped", after.difference(&before)), ("Let in again", before.difference(&after))] {
        for app in some {
            if let Some(name) = names.of_app(&visit.app.store, Some(*app)).await? {
                changed.push(format!("{title}: {name}"));
            }
        }
    }
    Ok(changed)
}

/// The settings that are others after than before. What one of the two does not tell of was no setting when it was written: nothing is known
/// to have changed.
fn settings(from: &Value, to: &Value) -> Vec<String> {
    let changed = SETTINGS.iter().filter_map(|setting| {
        let (before, after) = (from.get(setting.key)?, to.get(setting.key)?);
        let words = setting.words;
        (before != after).then(|| format!("{}: {}, before {}", setting.name, words(after), words(before)))
    });
    changed.collect()
}

/// The apps that were stopped, if that was written down.
fn apps(policy: &Value) -> Option<BTreeSet<Uuid>> {
    let stopped = policy.get("blocked_apps")?.as_array()?;
    Some(stopped.iter().filter_map(|id| Uuid::try_parse(id.as_str()?).ok()).collect())
}

/// One thing that administrators decide, by its key in the record.
struct Setting {
    key: &'static str,
    name: &'static str,
    words: fn(&Value) -> String,
}

const SETTINGS: [Setting; 6] = [
    Setting { key: "authorize", name: "Who may authorize services", words: who },
    Setting { key: "longest_authorization_days", name: "Longest authorization", words: longest },
    Setting { key: "third_party_apps", name: "Services", words: let_in },
    Setting { key: "legacy_apps", name: "Older services", words: let_in },
    Setting { key: "legacy_warn_from", name: "Older services are warned from", words: day },
    Setting { key: "legacy_refuse_from", name: "Older services end", words: day },
];

fn who(value: &Value) -> String {
    match value.as_str().and_then(AuthorizePolicy::from_word) {
        Some(AuthorizePolicy::Administrators) => "administrators".to_owned(),
        Some(AuthorizePolicy::Members) => "members".to_owned(),
        Some(AuthorizePolicy::Approval) => "members, after approval".to_owned(),
        Some(AuthorizePolicy::Nobody) => "nobody".to_owned(),
        None => "not known".to_owned(),
    }
}

fn longest(value: &Value) -> String {
    value.as_i64().map_or_else(|| "no limit".to_owned(), |days| Count(days, "day").to_string())
}

fn let_in(value: &Value) -> String {
    if value.as_bool() == Some(true) { "let in" } else { "kept out" }.to_owned()
}

fn day(value: &Value) -> String {
    let day = value.as_str().and_then(|moment| moment.split('T').next());
    day.unwrap_or("never").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_administrators_decide_is_said_in_words() {
        assert_eq!(who(&json!("approval")), "members, after approval");
        assert_eq!((longest(&json!(1)), longest(&json!(null))), ("1 day".into(), "no limit".into()));
        assert_eq!((let_in(&json!(true)), let_in(&json!(false))), ("let in".into(), "kept out".into()));
        assert_eq!((day(&json!("2027-01-01T00:00:00Z")), day(&json!(null))), ("2027-01-01".into(), "never".into()));
    }

    #[test]
    fn what_an_older_record_does_not_tell_of_is_no_change() {
        let (older, newer) = (json!({ "legacy_apps": true }), json!({ "legacy_apps": false, "authorize": "nobody" }));
        assert_eq!(settings(&older, &newer), ["Older services: kept out, before let in"]);
        assert_eq!(settings(&newer, &older), ["Older services: let in, before kept out"]);
        let (none, some) = (json!({ "legacy_warn_from": null }), json!({ "legacy_warn_from": "2027-01-01T00:00:00Z" }));
        assert_eq!(settings(&none, &some), ["Older services are warned from: 2027-01-01, before never"]);
        assert_eq!((apps(&older), apps(&json!({ "blocked_apps": [] }))), (None, Some(BTreeSet::new())));
    }

    #[test]
    fn every_choice_has_a_word() {
        for policy in AuthorizePolicy::ALL {
            assert_ne!(who(&json!(policy.word())), "not known");
        }
    }
}
