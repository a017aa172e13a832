//! The history of a work item: what it was at each revision, and what each revision changed.

use latchkey_devops::error::DevOpsError;
use latchkey_devops::wire;
use latchkey_devops::work_item::{Shape, Update, WorkItem};

use super::call::Call;
use super::error::ApiError;
use super::people;
use super::table::Answer;
use super::work_items::{Found, find, show};

/// How many revisions a page has at the most.
const PAGE: u32 = 200;

/// `GET /{organization}[/{project}]/_apis/wit/workItems/{id}/revisions`: oldest first.
pub(super) async fn list(call: Call) -> Answer {
    let shape = Shape::parse(call.query.get("$expand"), None)?;
    let (skip, top) = page(&call)?;
    let found = find(&call, call.number("id")?).await?;
    let revisions = call.app.store.revisions(&found.access, found.item.id, skip.into(), top).await?;
    let urls = call.urls(&found.inside.facts.organization);
    let identities = people::identities(&call.app, &urls, revisions.iter().flat_map(WorkItem::people)).await?;
    call.list(revisions.iter().map(|item| wire::work_item::work_item(&urls, &found.project, &identities, item, &shape)))
}

/// `GET /{organization}[/{project}]/_apis/wit/workItems/{id}/revisions/{revision}`.
pub(super) async fn read(call: Call) -> Answer {
    let shape = Shape::parse(call.query.get("$expand"), None)?;
    let rev = call.number("revision")?;
    let found = find(&call, call.number("id")?).await?;
    let item = revision(&call, &found, rev).await?;
    show(&call, &Found { item: item.into(), ..found }, &shape).await
}

/// `GET /{organization}[/{project}]/_apis/wit/workItems/{id}/updates`: oldest first.
pub(super) async fn list_updates(call: Call) -> Answer {
    let (skip, top) = page(&call)?;
    let found = find(&call, call.number("id")?).await?;
    // The revision before the first of the page, too: an update is what differs from it.
    let before = skip.saturating_sub(1);
    let count = top + (skip - before);
    let revisions = call.app.store.revisions(&found.access, found.item.id, before.into(), count).await?;
    let mut updates = Vec::with_capacity(revisions.len());
    let mut last = None;
    for item in &revisions {
        if item.rev > i64::from(skip) {
            updates.push(Update::between(last, item, found.project.name.as_str()));
        }
        last = Some(item);
    }
    let urls = call.urls(&found.inside.facts.organization);
    let identities = people::identities(&call.app, &urls, revisions.iter().flat_map(WorkItem::people)).await?;
    call.list(updates.iter().map(|update| wire::update::update(&urls, found.project.id, &identities, update)))
}

/// `GET /{organization}[/{project}]/_apis/wit/workItems/{id}/updates/{revision}`.
pub(super) async fn read_update(call: Call) -> Answer {
    let rev = call.number("revision")?;
    let found = find(&call, call.number("id")?).await?;
    let new = revision(&call, &found, rev).await?;
    let old = call.app.store.revision(&found.access, found.item.id, rev - 1).await?;
    let update = Update::between(old.as_ref(), &new, found.project.name.as_str());
    let mentioned = new.people().into_iter().chain(old.iter().flat_map(WorkItem::people));
    let urls = call.urls(&found.inside.facts.organization);
    let identities = people::identities(&call.app, &urls, mentioned).await?;
    call.json(&wire::update::update(&urls, found.project.id, &identities, &update))
}

async fn revision(call: &Call, found: &Found, rev: i64) -> Result<WorkItem, ApiError> {
    let item = call.app.store.revision(&found.access, found.item.id, rev).await?;
    let absent = || DevOpsError::not_found(format!("Work item {} has no revision {rev}.", found.item.id));
    Ok(item.ok_or_else(absent)?)
}

fn page(call: &Call) -> Result<(u32, u32), ApiError> {
    let skip = call.query.count(&["$skip"], u32::MAX)?.unwrap_or(0);
    let top = call.query.count(&["$top"], PAGE)?.unwrap_or(PAGE);
    Ok((skip, top))
}
