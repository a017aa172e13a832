//! Queries for work items. A project that the caller may not enter is never read, so nothing of it can come out, whatever is asked.

use std::sync::Arc;

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::error::DevOpsError;
use latchkey_devops::wiql::{Look, MOST_RESULTS, Query, Search, Surroundings};
use latchkey_devops::wire;
use latchkey_devops::work_item::WorkItem;
use latchkey_store::devops::work_items::{AT_ONCE, Step, Unread, Walked};
use serde_json::Value;

mod under_way;

use super::call::{Call, InOrganization};
use super::error::ApiError;
use super::payload::Payload;
use super::table::Answer;
use super::{people, teams};
use under_way::UnderWay;

/// `POST /{organization}[/{project}[/{team}]]/_apis/wit/wiql`.
pub(super) async fn query(call: Call, payload: Payload) -> Answer {
    let body = payload.json().await?;
    let text = body.get("query").and_then(Value::as_str);
    let text = text.ok_or_else(|| DevOpsError::bad_request("The body must be an object with the text of a query."))?;
    let most = u32::try_from(MOST_RESULTS).unwrap_or(u32::MAX);
    let top = call.query.count(&["$top"], most)?;
    if top == Some(0) {
        return Err(DevOpsError::bad_request("The value of $top must be at least 1.").into());
    }
    // A query may look at everything there is, and waits for its turn. What it began under may have ended by then.
    let turn = call.app.queries.next(call.person()).await?;
    let call = call.again().await?;
    let (inside, known) = place(&call).await?;
    let project = known.and_then(|access| inside.facts.project_by_id(access.project()));
    let query = Arc::new(Query::parse(
        text,
        &Surroundings {
            me: call.person(),
            now: call.now,
            project: project.map(|project| project.name.as_str()),
            time_precision: call.query.flag("timePrecision"),
        },
    )?);
    let search = UnderWay::new(Search::new(&query, top.map(|top| top as usize)), turn);
    for project in inside.facts.projects().filter(|project| query.may_hold_in(project.name.as_str())) {
        let Ok(access) = call.enter(&inside, project) else { continue };
        let before = search.with(|search| search.fitted());
        look_through(&call, &query, &search, &access, project.name.as_str()).await?;
        if search.with(|search| search.fitted()) > before && known != Some(access) {
            call.acted_in(&access);
        }
    }
    let found = search.compute(|search| Ok(search.finish())).await?;
    let urls = call.urls(&inside.facts.organization);
    call.json(&wire::wiql::result(&urls, project.map(|project| project.id), &query, &found, call.now))
}

/// The organization that the path names, and the proof for the project if it names one. A team has to be there.
async fn place(call: &Call) -> Result<(InOrganization, Option<ProjectAccess>), ApiError> {
    if call.path.get("project").is_none() {
        return Ok((call.on_the_way().await?, None));
    }
    let inside = call.project().await?;
    if call.path.get("team").is_some() {
        teams::named(call, &inside).await?;
    }
    let access = inside.access;
    Ok((inside.around(call)?, Some(access)))
}

/// Looks at every item of a project. Whether the caller may is asked again with everything that is read.
async fn look_through(
    call: &Call,
    query: &Query,
    search: &UnderWay,
    access: &ProjectAccess,
    project: &str,
) -> Result<(), ApiError> {
    let project: Arc<str> = project.into();
    let mut from = Some(Step::default());
    while let Some(step) = from {
        let walked = call.app.store.walk_work_items(access, query.as_of(), step, AT_ONCE).await?;
        let Walked { mut unread, not_there_yet, next } = walked;
        loop {
            let items = read_on(call, search, access, &mut unread).await?;
            let open = look_at(search, items, &project).await?;
            if !open.is_empty() {
                look_back(call, search, access, &project, open).await?;
            }
            if unread.is_empty() {
                break;
            }
        }
        search.with(|search| search.pass(not_there_yet))?;
        from = next;
    }
    Ok(())
}

/// Reads on, and asks again whether the caller may. The texts of a MiB are in memory at once, or of one item that has more; beside those of
/// the items whose past is looked at.
async fn read_on(
    call: &Call,
    search: &UnderWay,
    access: &ProjectAccess,
    unread: &mut Unread,
) -> Result<Vec<WorkItem>, ApiError> {
    let items = call.app.store.read_on(access, unread).await?;
    call.still(access).await?;
    let strangers = search.with(|search| search.strangers(&items));
    if !strangers.is_empty() {
        // What they are called matters.
        let people = people::known(&call.app, strangers.iter().copied()).await?;
        search.with(|search| search.meet(&strangers, &people));
    }
    Ok(items)
}

/// Looks at items. Those come back that hang on what they were before.
async fn look_at(search: &UnderWay, items: Vec<WorkItem>, project: &Arc<str>) -> Result<Vec<WorkItem>, ApiError> {
    let project = Arc::clone(project);
    let look = move |search: &mut Search| {
        let mut open = Vec::new();
        for item in items {
            if search.look_at(&item, &project)? == Look::AsksForThePast {
                open.push(item);
            }
        }
        Ok(open)
    };
    search.compute(look).await
}

/// Looks at items again with all that they were before.
async fn look_back(
    call: &Call,
    search: &UnderWay,
    access: &ProjectAccess,
    project: &Arc<str>,
    items: Vec<WorkItem>,
) -> Result<(), ApiError> {
    let past = search.with(|search| search.past());
    let mut pasts: Vec<_> = items.into_iter().map(|item| (item, past.clone())).collect();
    pasts.sort_unstable_by_key(|(item, _)| item.id);
    let last = pasts.iter().map(|(item, _)| item.rev).max().unwrap_or(0);
    let mut after = 0;
    while after < last {
        let of = |(item, _): &(WorkItem, _)| (item.rev > after).then_some((item.id, item.rev));
        let items: Vec<(i64, i64)> = pasts.iter().filter_map(of).collect();
        let each = AT_ONCE / items.len().max(1);
        let until = after + i64::try_from(each.max(1)).unwrap_or(1);
        let mut unread = call.app.store.revisions_of_several(access, &items, after, until).await?;
        while !unread.is_empty() {
            let revisions = read_on(call, search, access, &mut unread).await?;
            let project = Arc::clone(project);
            let recall = move |search: &mut Search| {
                for revision in &revisions {
                    let found = pasts.binary_search_by_key(&revision.id, |(item, _)| item.id).ok();
                    if let Some((_, past)) = found.and_then(|place| pasts.get_mut(place)) {
                        search.recall(past, revision, &project)?;
                    }
                }
                Ok(pasts)
            };
            pasts = search.compute(recall).await?;
        }
        after = until;
    }
    let project = Arc::clone(project);
    search
        .compute(move |search| {
            pasts.iter().try_for_each(|(item, past)| search.look_back(item, past, &project).map(drop))
        })
        .await
}
