//! Queries for work items. A project that the caller may not enter is never read, so nothing of it can come out, whatever is asked.

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::error::DevOpsError;
use latchkey_devops::wiql::{Look, MOST_RESULTS, Query, Search, Surroundings};
use latchkey_devops::wire;
use latchkey_devops::work_item::{FieldValue, WorkItem};
use latchkey_store::devops::work_items::{AT_ONCE, Step};
use serde_json::Value;

use super::call::{Call, InOrganization};
use super::error::ApiError;
use super::payload::Payload;
use super::table::Answer;
use super::{people, teams};

/// How many items are read at first, and at the most at once: more as long as they are small.
const FIRST: u32 = 20;
const MOST: u32 = 640;
/// Items are small while the texts of those that came together have so many bytes.
const SMALL: usize = 1 << 20;
/// How many revisions of each of several items are read at once.
const REVISIONS: i64 = 5;

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
    let (inside, known) = place(&call).await?;
    let project = known.and_then(|access| inside.facts.project_by_id(access.project()));
    let query = Query::parse(
        text,
        &Surroundings {
            me: call.person(),
            now: call.now,
            project: project.map(|project| project.name.as_str()),
            time_precision: call.query.flag("timePrecision"),
        },
    )?;
    // A query may look at everything there is.
    let _turn = call.app.queries.next(call.person()).await?;
    let mut search = Search::new(&query, top.map(|top| top as usize));
    for project in inside.facts.projects().filter(|project| query.may_hold_in(project.name.as_str())) {
        let Ok(access) = call.enter(&inside, project) else { continue };
        let before = search.fitted();
        look_through(&call, &query, &mut search, &access, project.name.as_str()).await?;
        if search.fitted() > before && known != Some(access) {
            call.acted_in(&access);
        }
    }
    let found = search.finish();
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

/// Looks at every item of a project.
async fn look_through(
    call: &Call,
    query: &Query,
    search: &mut Search<'_>,
    access: &ProjectAccess,
    project: &str,
) -> Result<(), ApiError> {
    let (mut step, mut count) = (Step::default(), FIRST);
    loop {
        let (items, next) = call.app.store.walk_work_items(access, query.as_of(), step, count).await?;
        meet(call, search, &items).await?;
        let mut open = Vec::new();
        for item in &items {
            if search.look_at(item, project)? == Look::AsksForThePast {
                open.push(item);
            }
        }
        for some in open.chunks(AT_ONCE) {
            look_back(call, search, access, project, some).await?;
        }
        if items.len() < count as usize {
            return Ok(());
        }
        count = if size(&items) > SMALL { FIRST } else { (count * 2).min(MOST) };
        step = next;
    }
}

/// Looks at items again with all that they were before.
async fn look_back(
    call: &Call,
    search: &mut Search<'_>,
    access: &ProjectAccess,
    project: &str,
    items: &[&WorkItem],
) -> Result<(), ApiError> {
    let mut pasts: Vec<_> = items.iter().map(|item| (*item, search.past())).collect();
    pasts.sort_unstable_by_key(|(item, _)| item.id);
    let last = items.iter().map(|item| item.rev).max().unwrap_or(0);
    let mut after = 0;
    while after < last {
        let ids: Vec<i64> = items.iter().filter(|item| item.rev > after).map(|item| item.id).collect();
        let revisions = call.app.store.revisions_of_several(access, &ids, after, after + REVISIONS).await?;
        meet(call, search, &revisions).await?;
        for revision in &revisions {
            let found = pasts.binary_search_by_key(&revision.id, |(item, _)| item.id).ok();
            if let Some((item, past)) = found.and_then(|place| pasts.get_mut(place))
                && revision.rev <= item.rev
            {
                search.recall(past, revision, project)?;
            }
        }
        after += REVISIONS;
    }
    for (item, past) in &pasts {
        search.look_back(item, past, project)?;
    }
    Ok(())
}

/// Finds out what those are called of whom items speak, where that matters.
async fn meet(call: &Call, search: &mut Search<'_>, items: &[WorkItem]) -> Result<(), ApiError> {
    let strangers = search.strangers(items);
    if !strangers.is_empty() {
        let people = people::known(&call.app, strangers.iter().copied()).await?;
        search.meet(&strangers, &people);
    }
    Ok(())
}

/// The bytes of the texts of items.
fn size(items: &[WorkItem]) -> usize {
    let texts = items.iter().flat_map(|item| item.fields.iter()).map(|(_, value)| match value {
        FieldValue::Text(text) => text.len(),
        _ => 0,
    });
    texts.sum()
}
