//! Builds: the list, and one of them with its log.

use std::collections::BTreeMap;

use latchkey_devops::access::{Action, ProjectAccess};
use latchkey_devops::build::timeline::{RecordResult, RecordState, RecordType};
use latchkey_devops::build::{Build, BuildFilter, BuildResult, BuildStatus, DefinitionFilter, TimelineRecord};
use latchkey_devops::ids::AppId;
use latchkey_store::{Store, StoreError};

use super::people::Names;
use super::problem::Problem;
use super::project::InProject;
use super::repositories::short;
use super::visit::{Answer, Visit, moment};
use super::work_items;
use crate::pages::builds::{Build as BuildPage, BuildOutcome, BuildRow, BuildStep, Builds};

/// How many builds are listed.
const MOST_LISTED: u32 = 100;
/// How many bytes of logs are shown; the API has all of them.
const MOST_LOG: usize = 256 * 1024;

/// `GET /{organization}/{project}/_build`
pub(super) async fn list(visit: Visit) -> Answer {
    let here = InProject::read(&visit).await?;
    let access = here.may(&visit, Action::ReadBuilds)?;
    let rows = newest(&visit.app.store, &access, MOST_LISTED).await?;
    visit.show(&Builds { frame: visit.frame(), at: here.at(), rows })
}

/// The builds that were queued last.
pub(super) async fn newest(store: &Store, access: &ProjectAccess, top: u32) -> Result<Vec<BuildRow>, StoreError> {
    let filter = BuildFilter { top, ..BuildFilter::default() };
    let builds = store.builds(access, &filter, None).await?.builds;
    let definitions = store.definitions(access, &DefinitionFilter::default(), 0).await?;
    let names: BTreeMap<i64, String> = definitions.into_iter().map(|one| (one.id, one.name)).collect();
    let name = |build: &Build| names.get(&build.definition).cloned().unwrap_or_default();
    Ok(builds.iter().map(|build| row(build, name(build))).collect())
}

/// `GET /{organization}/{project}/_build/results?buildId=..`
pub(super) async fn show(visit: Visit) -> Answer {
    let here = InProject::read(&visit).await?;
    let access = here.may(&visit, Action::ReadBuilds)?;
    let store = &visit.app.store;
    let id = visit.asked("buildId").and_then(|id| id.parse().ok()).ok_or(Problem::NotFound)?;
    let build = store.build(&access, id).await?.ok_or(Problem::NotFound)?.build;
    let definition = store.definition(&access, build.definition).await?;
    let timeline = store.timeline(&access, id).await?;
    let (queued, changed) = store.build_through(&access, id).await?;
    visit.show(&BuildPage {
        frame: visit.frame(),
        at: here.at(),
        build: row(&build, definition.map(|definition| definition.name).unwrap_or_default()),
        requested_by: Names::default().of(store, build.requested_for).await?,
        requested_through: service(store, queued).await?,
        reported_by: service(store, changed).await?,
        queued: moment(build.queued_at),
        finished: build.finished_at.map(|at| visit.ago(at)),
        steps: steps(timeline),
        log: log(store, &access, id).await?,
    })
}

async fn service(store: &Store, app: Option<AppId>) -> Result<Option<String>, StoreError> {
    match app {
        Some(app) => work_items::service(store, app).await.map(Some),
        None => Ok(None),
    }
}

async fn log(store: &Store, access: &ProjectAccess, build: i64) -> Result<String, StoreError> {
    let mut shown = String::new();
    for log in store.logs(access, build).await? {
        if let Some((_, text)) = store.log(access, build, log.id).await? {
            if !shown.is_empty() && !shown.ends_with('\n') {
                shown.push('\n');
            }
            shown.push_str(&text);
        }
        if shown.len() > MOST_LOG {
            shown.truncate(shown.floor_char_boundary(MOST_LOG));
            shown.push_str("\n… The rest is in the API.");
            break;
        }
    }
    Ok(shown)
}

fn row(build: &Build, definition: String) -> BuildRow {
    BuildRow {
        id: build.id,
        number: build.build_number.clone(),
        definition,
        outcome: outcome(build),
        branch: short(&build.source_branch),
        commit: build.source_version.as_deref().map(|id| id.chars().take(8).collect()).unwrap_or_default(),
    }
}

fn outcome(build: &Build) -> BuildOutcome {
    match (build.status, build.result) {
        (BuildStatus::NotStarted | BuildStatus::Postponed, _) => BuildOutcome::Waiting,
        (BuildStatus::InProgress | BuildStatus::Cancelling, _) => BuildOutcome::Running,
        (BuildStatus::Completed, Some(BuildResult::Succeeded)) => BuildOutcome::Succeeded,
        (BuildStatus::Completed, Some(BuildResult::PartiallySucceeded)) => BuildOutcome::PartlySucceeded,
        (BuildStatus::Completed, Some(BuildResult::Failed)) => BuildOutcome::Failed,
        (BuildStatus::Completed, Some(BuildResult::Canceled) | None) => BuildOutcome::Canceled,
    }
}

/// The steps people know: tasks, or jobs where no task was reported.
fn steps(mut timeline: Vec<TimelineRecord>) -> Vec<BuildStep> {
    timeline.sort_by_key(|record| (record.started_at.is_none(), record.started_at, record.order));
    let of = |kind: RecordType| {
        let fitting = timeline.iter().filter(|record| record.kind == kind);
        fitting.map(|record| BuildStep { name: record.name.clone(), outcome: step(record) }).collect::<Vec<_>>()
    };
    let kinds = [RecordType::Task, RecordType::Job, RecordType::Stage];
    kinds.into_iter().map(of).find(|steps| !steps.is_empty()).unwrap_or_default()
}

fn step(record: &TimelineRecord) -> BuildOutcome {
    match (record.state, record.result) {
        (RecordState::Pending, _) => BuildOutcome::Waiting,
        (RecordState::InProgress, _) => BuildOutcome::Running,
        (RecordState::Completed, Some(RecordResult::Succeeded)) => BuildOutcome::Succeeded,
        (RecordState::Completed, Some(RecordResult::SucceededWithIssues)) => BuildOutcome::PartlySucceeded,
        (RecordState::Completed, Some(RecordResult::Failed | RecordResult::Abandoned)) => BuildOutcome::Failed,
        (RecordState::Completed, Some(RecordResult::Canceled | RecordResult::Skipped) | None) => BuildOutcome::Canceled,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn record(order: i64, kind: RecordType, name: &str, result: Option<RecordResult>) -> TimelineRecord {
        TimelineRecord {
            id: Uuid::from_u128(u128::from(order.unsigned_abs())),
            parent: None,
            kind,
            name: name.into(),
            started_at: None,
            finished_at: None,
            state: if result.is_some() { RecordState::Completed } else { RecordState::Pending },
            result,
            order,
            attempt: 1,
            worker: None,
            log: None,
            issues: Vec::new(),
        }
    }

    #[test]
    fn the_steps_of_a_build_are_its_tasks_in_order_or_else_its_jobs() {
        let job = record(1, RecordType::Job, "job", Some(RecordResult::Failed));
        let names =
            |records: &[TimelineRecord]| steps(records.to_vec()).into_iter().map(|step| step.name).collect::<Vec<_>>();
        assert_eq!(names(std::slice::from_ref(&job)), ["job"]);
        let test = record(3, RecordType::Task, "test", None);
        let compile = record(2, RecordType::Task, "compile", Some(RecordResult::Succeeded));
        assert_eq!(names(&[job, test, compile]), ["compile", "test"]);
        assert!(names(&[]).is_empty());
    }

    #[test]
    fn a_step_shows_how_it_went() {
        let outcome = |result| step(&record(1, RecordType::Task, "test", result));
        assert!(outcome(None) == BuildOutcome::Waiting);
        assert!(outcome(Some(RecordResult::Abandoned)) == BuildOutcome::Failed);
        assert!(outcome(Some(RecordResult::Skipped)) == BuildOutcome::Canceled);
    }
}
