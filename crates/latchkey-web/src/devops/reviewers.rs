//! Reviewers of pull requests, and what they say.

use latchkey_devops::error::DevOpsError;
use latchkey_devops::ids::PersonId;
use latchkey_devops::pull_request::{self, PullRequest, Review};
use latchkey_devops::wire;
use latchkey_store::Changes;
use latchkey_store::devops::pull_requests as kept;
use uuid::Uuid;

use super::call::{Call, InRepository};
use super::error::ApiError;
use super::payload::Payload;
use super::people;
use super::pull_requests::{absent, found};
use super::table::Answer;

/// `GET .../git/repositories/{repository}/pullrequests/{id}/reviewers`.
pub(super) async fn list(call: Call) -> Answer {
    let id = call.number("id")?;
    let inside = call.repository().await?;
    let found = found(&call, &inside, id).await?.ok_or_else(|| absent(id))?;
    let urls = call.urls(&inside.facts.organization);
    let people = found.reviewers.iter().map(|one| one.person);
    let identities = people::identities(&call.app, &urls, people).await?;
    call.list(found.reviewers.iter().map(|one| wire::pull_request::reviewer(&identities, one)))
}

/// `GET .../git/repositories/{repository}/pullrequests/{id}/reviewers/{reviewer}`.
pub(super) async fn read(call: Call) -> Answer {
    let (id, reviewer) = (call.number("id")?, reviewer(&call)?);
    let inside = call.repository().await?;
    let found = found(&call, &inside, id).await?.ok_or_else(|| absent(id))?;
    show(&call, &inside, &found, reviewer).await
}

/// `PUT .../git/repositories/{repository}/pullrequests/{id}/reviewers/{reviewer}`: votes, or asks somebody to review.
pub(super) async fn put(call: Call, payload: Payload) -> Answer {
    let (id, reviewer) = (call.number("id")?, reviewer(&call)?);
    let (call, body) = call.after(payload.json()).await?;
    let review = Review::read(&body)?;
    let inside = call.repository().await?;
    let (store, access) = (&call.app.store, &inside.access);
    if store.member(access.organization(), reviewer).await?.is_none() {
        return Err(DevOpsError::bad_request("A reviewer must be a member of the organization.").into());
    }
    let reviewed = store
        .decide(|| async {
            let Some(found) = found(&call, &inside, id).await? else { return Ok((Err(absent(id)), Changes::none())) };
            let reviewed = pull_request::review(&found, reviewer, review, call.person());
            let changes = reviewed.as_ref().map(|next| kept::update(access, &found, next)).unwrap_or_default();
            Ok((reviewed, changes))
        })
        .await?;
    show(&call, &inside, &reviewed?, reviewer).await
}

fn reviewer(call: &Call) -> Result<PersonId, ApiError> {
    let id = Uuid::try_parse(call.named("reviewer"));
    Ok(PersonId(id.map_err(|_| DevOpsError::bad_request("A reviewer is named by an id."))?))
}

async fn show(call: &Call, inside: &InRepository, found: &PullRequest, reviewer: PersonId) -> Answer {
    let one = found.reviewers.iter().find(|one| one.person == reviewer);
    let one = one.ok_or_else(|| DevOpsError::not_found("Nobody with this id reviews this pull request."))?;
    let urls = call.urls(&inside.facts.organization);
    let identities = people::identities(&call.app, &urls, [reviewer]).await?;
    call.json(&wire::pull_request::reviewer(&identities, one))
}
