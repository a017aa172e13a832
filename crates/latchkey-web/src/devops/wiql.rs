//! Queries for work items. A project that the caller may not enter is never read, so nothing of it can come out, whatever is asked.

use std::sync::Arc;

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::error::DevOpsError;
use latchkey_devops::wiql::{Look, MOST_RESULTS, Query, Search, Surroundings};
use latchkey_devops::wire;
use latchkey_devops::work_item::WorkItem;
use latchkey_store::devops::work_items::{AT_ONCE, Step, Walked};
use serde_json::Value;

mod pace;
mod under_way;

use super::call::{Call, InOrganization};
use super::error::ApiError;
use super::payload::Payload;
use super::table::Answer;
use super::{people, teams};
use pace::Pace;
use under_way::UnderWay;

/// How many revisions of each of several items are read at once.
const REVISIONS: u32 = 5;

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
    let (mut pace, mut past_pace) = (Pace::default(), Pace::default());
    let mut from = Some(Step::default());
    while let Some(step) = from {
        let walked = call.app.store.walk_work_items(access, query.as_of(), step, pace.count()).await?;
        call.still(access).await?;
        let Walked { items, not_there_yet, next } = walked;
        search.with(|search| search.pass(not_there_yet))?;
        pace.saw(&items);
        past_pace.saw(&items);
        meet(call, search, &items).await?;
        let mut open = look_at(search, items, &project).await?;
        while !open.is_empty() {
            let at_once = (past_pace.count() / REVISIONS).max(1) as usize;
            let rest = open.split_off(at_once.min(AT_ONCE).min(open.len()));
            look_back(call, search, access, &project, open, &mut past_pace).await?;
            open = rest;
        }
        from = next;
    }
    Ok(())
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
    pace: &mut Pace,
) -> Result<(), ApiError> {
    let past = search.with(|search| search.past());
    let mut pasts: Vec<_> = items.into_iter().map(|item| (item, past.clone())).collect();
    pasts.sort_unstable_by_key(|(item, _)| item.id);
    let last = pasts.iter().map(|(item, _)| item.rev).max().unwrap_or(0);
    let mut after = 0;
    while after < last {
        let ids: Vec<i64> = pasts.iter().filter(|(item, _)| item.rev > after).map(|(item, _)| item.id).collect();
        let each = (pace.count() / u32::try_from(ids.len()).unwrap_or(u32::MAX).max(1)).clamp(1, REVISIONS);
        let until = after + i64::from(each);
        let revisions = call.app.store.revisions_of_several(access, &ids, after, until).await?;
        call.still(access).await?;
        pace.saw(&revisions);
        meet(call, search, &revisions).await?;
        let project = Arc::clone(project);
        let recall = move |search: &mut Search| {
            for revision in &revisions {
                let found = pasts.binary_search_by_key(&revision.id, |(item, _)| item.id).ok();
                if let Some((item, past)) = found.and_then(|place| pasts.get_mut(place))
                    && revision.rev <= item.rev
                {
                    search.recall(past, revision, &project)?;
                }
            }
            Ok(pasts)
        };
        pasts = search.compute(recall).await?;
        after = until;
    }
    let project = Arc::clone(project);
    search
        .compute(move |search| {
            pasts.iter().try_for_each(|(item, past)| search.look_back(item, past, &project).map(drop))
        })
        .await
}

/// Finds out what those are called of whom items speak, where that matters.
async fn meet(call: &Call, search: &UnderWay, items: &[WorkItem]) -> Result<(), ApiError> {
    let strangers = search.with(|search| search.strangers(items));
    if !strangers.is_empty() {
        let people = people::known(&call.app, strangers.iter().copied()).await?;
        search.with(|search| search.meet(&strangers, &people));
    }
    Ok(())
}
