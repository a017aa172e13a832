//! Branches and tags: the list, and moving them.

use std::fmt;

use latchkey_devops::access::Action;
use latchkey_devops::error::DevOpsError;
use latchkey_devops::refs::{Ref, RefUpdate, RefUpdateStatus};
use latchkey_devops::wire;
use latchkey_git::{ObjectId, RefChange, RefCommand, RefMoves, RefName, RefOutcome};
use serde_json::Value;

use super::call::{Call, InRepository};
use super::error::ApiError;
use super::git::note_push;
use super::payload::Payload;
use super::repositories::{browse, on_disk};
use super::table::Answer;

/// How many references a page has at the most, if pages are asked for.
const PAGE: u32 = 10_000;
/// The most references that one request moves.
const MOST_UPDATES: usize = 1_000;

/// `GET /{organization}[/{project}]/_apis/git/repositories/{repository}/refs[/{filter}]`.
pub(super) async fn list(call: Call) -> Answer {
    let inside = call.repository().await?;
    let name = format!("refs of {}", inside.access.repository());
    let after = call.continuation(&name)?;
    let top = call.query.count(&["$top"], PAGE)?;
    let filter = call.query.get("filter").or_else(|| call.path.get("filter")).unwrap_or_default();
    let filter = filter.strip_prefix("refs/").unwrap_or(filter).to_owned();
    let contains = call.query.get("filterContains").unwrap_or_default().to_lowercase();
    let found = browse(&call.app, &inside, move |browse| browse.refs(&filter)).await?;
    let mut refs: Vec<Ref> = found
        .into_iter()
        .filter(|found| contains.is_empty() || found.name.to_lowercase().contains(&contains))
        .filter(|found| after.as_ref().is_none_or(|after| found.name > *after))
        .map(|found| Ref {
            name: found.name,
            object_id: found.id.to_string(),
            peeled_object_id: found.peeled.map(|id| id.to_string()),
        })
        .collect();
    let mut next = None;
    if let Some(top) = top.map(|top| top.max(1) as usize).filter(|top| *top < refs.len()) {
        refs.truncate(top);
        next = refs.last().map(|last| call.continue_at(&name, &last.name));
    }
    let urls = call.urls(&inside.facts.organization);
    let peel = call.query.flag("peelTags");
    call.page(refs.iter().map(|one| wire::git_ref::git_ref(&urls, &inside.repository, one, peel)), next)
}

/// `POST /{organization}[/{project}]/_apis/git/repositories/{repository}/refs`: creates, moves and deletes. What cannot be done
/// is said for each of them, with 200.
pub(super) async fn update(call: Call, payload: Payload) -> Answer {
    let (call, body) = call.after(payload.json()).await?;
    let updates = read(&body)?;
    let inside = call.repository().await?;
    let repository = on_disk(&call.app, &inside).await?;
    let RefMoves { outcomes, refused } = {
        let (call, inside) = (&call, &inside);
        let ask = |commands: Vec<RefCommand>| async move { may_move(call, inside, &commands).await };
        repository.update_refs(call.person().0, updates, ask).await?
    };
    let force = match refused {
        None => false,
        Some(Refused::Force(_)) => true,
        Some(Refused::Error(error)) => return Err(error),
    };
    note_push(&call.app, &inside, &repository, &outcomes).await;
    let places = places(&call, &inside).await?;
    call.list(outcomes.into_iter().map(|outcome| {
        let update = RefUpdate {
            status: status(&outcome, force, &places),
            old_object_id: outcome.update.old.to_string(),
            new_object_id: outcome.update.new.to_string(),
            name: outcome.update.name,
        };
        wire::git_ref::ref_update_result(&inside.repository, &update)
    }))
}

/// Why references may not be moved.
pub(super) enum Refused {
    /// History would be discarded, and that takes another permission.
    Force(String),
    /// The caller may not write any more, or it cannot be found out.
    Error(ApiError),
}

/// A sentence for the person who asked.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Force(sentence) => sentence,
            Self::Error(error) if let Some(error) = error.refused() => &error.message,
            Self::Error(_) => "the server cannot answer at the moment, try again shortly",
        })
    }
}

/// Decides anew, just before references move, with the token, the rights and the limits as they are by then. Discarding history
/// takes the permission to force a push.
pub(super) async fn may_move(call: &Call, inside: &InRepository, commands: &[RefCommand]) -> Result<(), Refused> {
    call.still_for(inside, Action::WriteCode).await.map_err(Refused::Error)?;
    let discards = |command: &RefCommand| matches!(command.change, RefChange::Rewrite | RefChange::Delete);
    if commands.iter().any(discards)
        && let Err(error) = call.still_for(inside, Action::ForcePush).await
    {
        call.note_refusal(&error);
        return Err(match error {
            ApiError::Denied(refusal) => Refused::Force(refusal.into_error().message),
            other => Refused::Error(other),
        });
    }
    Ok(())
}

/// Reads `[{name, oldObjectId, newObjectId}]`.
fn read(body: &Value) -> Result<Vec<latchkey_git::RefUpdate>, DevOpsError> {
    let wrong = || DevOpsError::bad_request("The body must be an array of {name, oldObjectId, newObjectId}.");
    let entries = body.as_array().ok_or_else(wrong)?;
    if entries.is_empty() || entries.len() > MOST_UPDATES {
        return Err(DevOpsError::bad_request(format!("A request moves between 1 and {MOST_UPDATES} references.")));
    }
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(wrong);
    let id = |text: String| text.parse::<ObjectId>().map_err(|error| DevOpsError::bad_request(error.to_string()));
    let update = |entry: &Value| {
        Ok(latchkey_git::RefUpdate {
            name: text(entry, "name")?,
            old: id(text(entry, "oldObjectId")?)?,
            new: id(text(entry, "newObjectId")?)?,
        })
    };
    entries.iter().map(update).collect()
}

/// Where the references are now.
pub(super) async fn places(call: &Call, inside: &InRepository) -> Result<Vec<(String, ObjectId)>, ApiError> {
    let now = browse(&call.app, inside, |browse| browse.refs("")).await?;
    Ok(now.into_iter().map(|found| (found.name, found.id)).collect())
}

/// What became of a move, in the words of the API. `places` is where the references are now.
pub(super) fn status(outcome: &RefOutcome, force: bool, places: &[(String, ObjectId)]) -> RefUpdateStatus {
    let update = &outcome.update;
    if outcome.result.is_ok() {
        return RefUpdateStatus::Succeeded;
    }
    let named = if update.new.is_zero() { RefName::to_remove } else { RefName::to_move };
    if named(&update.name).is_err() {
        return RefUpdateStatus::InvalidRefName;
    }
    let place = places.iter().find(|(name, _)| *name == update.name).map_or(ObjectId::ZERO, |(_, id)| *id);
    if update.old.is_zero() && update.new.is_zero() && place.is_zero() {
        return RefUpdateStatus::SucceededNonExistentRef;
    }
    let below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    let in_the_way = |(name, _): &(String, ObjectId)| below(name, &update.name) || below(&update.name, name);
    if place != update.old {
        RefUpdateStatus::StaleOldObjectId
    } else if force {
        RefUpdateStatus::ForcePushRequired
    } else if update.old.is_zero() && places.iter().any(in_the_way) {
        RefUpdateStatus::RefNameConflict
    } else if update.new.is_zero() {
        // Only the default branch stays although it could go.
        RefUpdateStatus::RejectedByPolicy
    } else {
        RefUpdateStatus::UnresolvableToCommit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const A: &str = "00ff10a94a8fe5ccb19ba61c4c0873d391e98798";
    const B: &str = "11ff10a94a8fe5ccb19ba61c4c0873d391e98798";
    const NONE: &str = "0000000000000000000000000000000000000000";

    fn failed(name: &str, old: &str, new: &str, force: bool) -> RefUpdateStatus {
        let body = json!([{"name": name, "oldObjectId": old, "newObjectId": new}]);
        let update = read(&body).unwrap().remove(0);
        let places =
            [("refs/heads/main".to_owned(), A.parse().unwrap()), ("refs/heads/a/b".to_owned(), A.parse().unwrap())];
        status(&RefOutcome { update, result: Err("no".into()) }, force, &places)
    }

    #[test]
    fn what_went_wrong_follows_from_where_the_references_are() {
        assert_eq!(failed("refs/heads/main", B, A, false), RefUpdateStatus::StaleOldObjectId);
        assert_eq!(failed("refs/heads/main", A, B, true), RefUpdateStatus::ForcePushRequired);
        assert_eq!(failed("refs/heads/main", A, B, false), RefUpdateStatus::UnresolvableToCommit);
        assert_eq!(failed("refs/heads/main", A, NONE, false), RefUpdateStatus::RejectedByPolicy);
        assert_eq!(failed("refs/heads/a", NONE, A, false), RefUpdateStatus::RefNameConflict);
        assert_eq!(failed("refs/heads/a/b/c", NONE, A, false), RefUpdateStatus::RefNameConflict);
        assert_eq!(failed("refs/heads/gone", NONE, NONE, false), RefUpdateStatus::SucceededNonExistentRef);
        assert_eq!(failed("main", NONE, A, false), RefUpdateStatus::InvalidRefName);
        for name in ["refs/heads/../x", "refs/heads/HEAD", "refs/pull/1/head"] {
            assert_eq!(failed(name, NONE, A, false), RefUpdateStatus::InvalidRefName);
        }
    }

    #[test]
    fn a_body_that_moves_nothing_is_refused() {
        for body in [
            json!(null),
            json!([]),
            json!({}),
            json!([1]),
            json!([{"name": "refs/heads/x"}]),
            json!([{"name": "refs/heads/x", "oldObjectId": "x", "newObjectId": A}]),
        ] {
            assert_eq!(read(&body).unwrap_err().status(), 400, "{body}");
        }
    }
}
