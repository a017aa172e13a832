//! Reading work items: one, several, as they are or as they were.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::date;
use latchkey_devops::error::DevOpsError;
use latchkey_devops::ids::ProjectId;
use latchkey_devops::project::Project;
use latchkey_devops::wire;
use latchkey_devops::work_item::{Selection, Shape, WorkItem};
use latchkey_identity::Timestamp;

use super::call::{Call, InOrganization};
use super::error::ApiError;
use super::payload::Payload;
use super::people;
use super::table::Answer;

/// How many revisions are read at once.
const AT_ONCE: u32 = 200;

/// A work item, found and proven.
pub(super) struct Found {
    /// The organization around it.
    pub(super) inside: InOrganization,
    /// The proof for its project.
    pub(super) access: ProjectAccess,
    pub(super) project: Project,
    pub(super) item: Arc<WorkItem>,
}

/// The work item that the path names, for the route's action. One that is hidden is missing.
pub(super) async fn find(call: &Call, id: i64) -> Result<Found, ApiError> {
    let absent = || DevOpsError::work_item_not_found(id);
    let (inside, known) = whereabouts(call).await?;
    let unproven = call.app.store.work_item(inside.access.organization(), id).await?.ok_or_else(absent)?;
    let project = inside.facts.project_by_id(unproven.project()).cloned().ok_or_else(absent)?;
    let access = match known {
        Some(access) => access,
        None => call.enter(&inside, &project).map_err(|refusal| refusal.missed_as(absent()))?,
    };
    let item = unproven.prove(&access).ok_or_else(absent)?;
    if known.is_none() {
        call.acted_in(&access);
    }
    Ok(Found { inside, access, project, item })
}

/// The organization that the path names, and the proof for the project if it names one.
async fn whereabouts(call: &Call) -> Result<(InOrganization, Option<ProjectAccess>), ApiError> {
    if call.path.get("project").is_none() {
        return Ok((call.on_the_way().await?, None));
    }
    let inside = call.project().await?;
    let access = inside.access;
    Ok((inside.around(call)?, Some(access)))
}

/// `GET /{organization}[/{project}]/_apis/wit/workitems/{id}`.
pub(super) async fn read(call: Call) -> Answer {
    let id = call.number("id")?;
    let shape = Shape::parse(call.query.get("$expand"), call.query.get("fields"))?;
    let as_of = match call.query.get("asOf") {
        Some(text) => {
            let moment = date::parse_last(text);
            Some(moment.ok_or_else(|| DevOpsError::bad_request("The value of asOf must be a date."))?)
        }
        None => None,
    };
    let mut found = find(&call, id).await?;
    if let Some(moment) = as_of {
        let then = as_it_was(&call, &found.access, Arc::unwrap_or_clone(found.item), moment).await?;
        found.item = Arc::new(then.ok_or_else(|| DevOpsError::work_item_not_found(id))?);
    }
    show(&call, &found, &shape).await
}

/// Shows a work item as far as it was asked for.
pub(super) async fn show(call: &Call, found: &Found, shape: &Shape) -> Answer {
    let urls = call.urls(&found.inside.facts.organization);
    let identities = people::identities(&call.app, &urls, found.item.people()).await?;
    call.json(&wire::work_item::work_item(&urls, &found.project, &identities, &found.item, shape))
}

/// `GET /{organization}[/{project}]/_apis/wit/workitems?ids=`.
pub(super) async fn list(call: Call) -> Answer {
    let selection = Selection::parse(call.query.pairs())?;
    select(&call, selection).await
}

/// `POST /{organization}[/{project}]/_apis/wit/workitemsbatch`.
pub(super) async fn batch(call: Call, payload: Payload) -> Answer {
    let (call, body) = call.after(payload.json()).await?;
    select(&call, Selection::read(&body)?).await
}

async fn select(call: &Call, selection: Selection) -> Answer {
    let (inside, only) = whereabouts(call).await?;
    let mut seen = BTreeSet::new();
    let ids: Vec<i64> = selection.ids.iter().copied().filter(|id| seen.insert(*id)).collect();
    let mut proofs: HashMap<ProjectId, Option<ProjectAccess>> = HashMap::new();
    let mut items = HashMap::new();
    for unproven in call.app.store.work_items(inside.access.organization(), &ids).await? {
        let project = unproven.project();
        let proof = *proofs.entry(project).or_insert_with(|| match only {
            Some(access) => Some(access),
            None => {
                let access = inside.facts.project_by_id(project).and_then(|project| call.enter(&inside, project).ok());
                access.inspect(|access| call.acted_in(access))
            }
        });
        let Some(access) = proof else { continue };
        let Some(item) = unproven.prove(&access) else { continue };
        let item = match selection.as_of {
            Some(moment) => as_it_was(call, &access, item, moment).await?,
            None => Some(item),
        };
        items.extend(item.map(|item| (item.id, item)));
    }
    if let Some(missing) = ids.iter().find(|id| !selection.omit_missing && !items.contains_key(id)) {
        return Err(DevOpsError::work_item_not_found(*missing).into());
    }
    let urls = call.urls(&inside.facts.organization);
    let identities = people::identities(&call.app, &urls, items.values().flat_map(WorkItem::people)).await?;
    call.list(ids.iter().map(|id| {
        let item = items.get(id)?;
        let project = inside.facts.project_by_id(item.project)?;
        Some(wire::work_item::work_item(&urls, project, &identities, item, &selection.shape))
    }))
}

/// A work item as it was at a moment; nothing if it was not yet there.
async fn as_it_was(
    call: &Call,
    access: &ProjectAccess,
    item: WorkItem,
    moment: Timestamp,
) -> Result<Option<WorkItem>, ApiError> {
    if item.changed_at <= moment {
        return Ok(Some(item));
    }
    let mut then = None;
    let mut after = 0;
    loop {
        let revisions = call.app.store.revisions(access, item.id, after, AT_ONCE).await?;
        let Some(last) = revisions.last() else { return Ok(then) };
        after = last.rev;
        let passed = last.changed_at > moment;
        then = revisions.into_iter().rfind(|revision| revision.changed_at <= moment).or(then);
        if passed {
            return Ok(then);
        }
    }
}
