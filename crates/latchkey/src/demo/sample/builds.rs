//! The builds of the sample: definitions, results, timelines, logs; one failed and one still runs.

use std::time::Duration;

use latchkey_devops::access::{Action, ProjectAccess};
use latchkey_devops::build::definition::{Definition, QueueStatus};
use latchkey_devops::build::timeline::{Issue, IssueType, RecordResult, RecordState, RecordType, TimelineRecord};
use latchkey_devops::build::{self, Build, BuildPatch, BuildReason, BuildResult, BuildStatus, QueueRequest};
use latchkey_identity::Timestamp;
use latchkey_identity::time::days;
use latchkey_store::devops::{build_definitions, builds, logs, timelines};
use latchkey_store::{Changes, Store};

use super::organizations::{AtWork, DRYDOCK, HARBOR, LIGHTHOUSE};
use super::people::{BEN, MAX, Somebody};
use super::repositories::Histories;
use super::{SampleError, id};

/// Who ran them.
const WORKER: &str = "harbor-agent-1";

/// A build of the sample. Numbers follow the order.
struct Sample {
    definition: i64,
    hours_ago: u64,
    /// How far behind the newest commit.
    behind: usize,
    by: &'static Somebody,
    reason: BuildReason,
    ending: Ending,
}

/// How a build of the sample went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Well,
    WithAWarning,
    Failed,
    Canceled,
    NotYet,
}

const fn sample(
    definition: i64,
    hours_ago: u64,
    behind: usize,
    by: &'static Somebody,
    reason: BuildReason,
    ending: Ending,
) -> Sample {
    Sample { definition, hours_ago, behind, by, reason, ending }
}

const OF_LIGHTHOUSE: &[Sample] = &[
    sample(1, 290, 6, &BEN, BuildReason::IndividualCi, Ending::Well),
    sample(1, 246, 5, &MAX, BuildReason::IndividualCi, Ending::Well),
    sample(2, 200, 1, &MAX, BuildReason::Schedule, Ending::Well),
    sample(1, 158, 3, &BEN, BuildReason::IndividualCi, Ending::WithAWarning),
    sample(1, 114, 2, &BEN, BuildReason::Manual, Ending::Canceled),
    sample(1, 70, 1, &BEN, BuildReason::IndividualCi, Ending::Failed),
    sample(1, 24, 0, &MAX, BuildReason::IndividualCi, Ending::Well),
    sample(2, 0, 0, &BEN, BuildReason::Manual, Ending::NotYet),
];

const OF_DRYDOCK: &[Sample] = &[sample(3, 50, 0, &MAX, BuildReason::IndividualCi, Ending::Well)];

/// A definition of the sample.
struct Defined {
    id: i64,
    name: &'static str,
    folder: &'static str,
    repository: &'static str,
}

const LIGHTHOUSE_DEFINITIONS: &[Defined] = &[
    Defined { id: 1, name: "lighthouse-ci", folder: "\\", repository: "lighthouse" },
    Defined { id: 2, name: "foghorn-nightly", folder: "\\nightly", repository: "foghorn" },
];
const DRYDOCK_DEFINITIONS: &[Defined] = &[Defined { id: 3, name: "drydock-ci", folder: "\\", repository: "drydock" }];

/// Keeps all of them.
pub(crate) async fn keep(store: &Store, histories: &Histories, now: Timestamp) -> Result<(), SampleError> {
    let mut changes = Changes::none();
    let lighthouse = AtWork::of_owner(store, HARBOR, LIGHTHOUSE).await?;
    let drydock = AtWork::of_owner(store, HARBOR, DRYDOCK).await?;
    append_all(&mut changes, &lighthouse, LIGHTHOUSE_DEFINITIONS, OF_LIGHTHOUSE, 1, histories, now)?;
    let next = i64::try_from(OF_LIGHTHOUSE.len()).unwrap_or(0) + 1;
    append_all(&mut changes, &drydock, DRYDOCK_DEFINITIONS, OF_DRYDOCK, next, histories, now)?;
    store.commit(changes).await?;
    Ok(())
}

/// The definitions of a project and its builds, which are numbered from `first` on.
fn append_all(
    changes: &mut Changes,
    at_work: &AtWork,
    defined: &[Defined],
    samples: &[Sample],
    first: i64,
    histories: &Histories,
    now: Timestamp,
) -> Result<(), SampleError> {
    let (define, queue) = (at_work.may(Action::DefineBuilds)?, at_work.may(Action::QueueBuilds)?);
    let mut definitions = Vec::new();
    for Defined { id, name, folder, repository } in defined {
        let found = at_work.facts.repository(at_work.project.id, repository);
        let definition = Definition {
            id: *id,
            project: define.project(),
            name: (*name).to_owned(),
            path: (*folder).to_owned(),
            revision: 1,
            queue_status: QueueStatus::Enabled,
            repository: found.map(|found| found.id).ok_or(SampleError::Missing("a repository"))?,
            default_branch: "refs/heads/main".to_owned(),
            file: "ci.yml".to_owned(),
            created_by: define.person(),
            created_at: now - days(58),
        };
        changes.append(build_definitions::create(&define, &definition));
        definitions.push((definition, histories.get(repository).map_or(&[][..], |imported| &imported.main)));
    }
    for (number, sample) in (first..).zip(samples) {
        let found = definitions.iter().find(|(definition, _)| definition.id == sample.definition);
        let (definition, commits) = found.ok_or(SampleError::Missing("a build definition"))?;
        let commit = commits.iter().rev().nth(sample.behind).ok_or(SampleError::Missing("a commit"))?;
        sample.append(changes, &queue, number, definition, commit, now)?;
    }
    Ok(())
}

impl Sample {
    fn append(
        &self,
        changes: &mut Changes,
        access: &ProjectAccess,
        number: i64,
        definition: &Definition,
        commit: &str,
        now: Timestamp,
    ) -> Result<(), SampleError> {
        let queued = now - Duration::from_mins(self.hours_ago * 60 + 9);
        let request = QueueRequest::of(definition.id, self.reason, &definition.default_branch, commit);
        let build = build::queue(number, &request, definition, 0, self.by.person(), queued)?;
        let (build, tasks) = self.run(&build, queued)?;
        changes.append(builds::queue(access, &build));
        let mut records = vec![
            record(number, None, RecordType::Stage, "Build", &build, 1),
            record(number, Some("Build"), RecordType::Job, "Everything", &build, 1),
        ];
        for (place, task) in (1..).zip(&tasks) {
            let mut record = record(number, Some("Everything"), RecordType::Task, task.name, &build, place);
            record.started_at = Some(task.started_at);
            record.finished_at = task.finished_at;
            record.state = if task.finished_at.is_some() { RecordState::Completed } else { RecordState::InProgress };
            record.result = task.result;
            record.log = Some(place);
            record.issues = task.issues.clone();
            records.push(record);
            let at = task.finished_at.unwrap_or(task.started_at);
            changes.append(logs::keep(access, number, place, &task.log(commit), at));
        }
        for record in &records {
            changes.append(timelines::keep(access, number, record));
        }
        Ok(())
    }

    /// What became of a queued build, and the tasks that ran for it.
    fn run(&self, queued: &Build, at: Timestamp) -> Result<(Build, Vec<Task>), SampleError> {
        let after = |seconds: u64| at + Duration::from_secs(seconds);
        let started =
            BuildPatch { status: Some(BuildStatus::InProgress), started_at: Some(after(20)), ..BuildPatch::default() };
        let running = build::update(queued, &started, self.by.person(), after(20))?;
        let task = |name, from, until, result| Task {
            name,
            started_at: after(from),
            finished_at: Some(after(until)),
            result: Some(result),
            issues: Vec::new(),
        };
        let issue = |kind, category: &str, message: &str| Issue {
            kind,
            category: category.to_owned(),
            message: message.to_owned(),
        };
        let well = RecordResult::Succeeded;
        let mut tasks =
            vec![task("Check out", 20, 24, well), task("Build", 24, 131, well), task("Test", 131, 205, well)];
        let result = match self.ending {
            Ending::Well => Some(BuildResult::Succeeded),
            Ending::WithAWarning => {
                if let Some(build) = tasks.get_mut(1) {
                    build.result = Some(RecordResult::SucceededWithIssues);
                    build.issues =
                        vec![issue(IssueType::Warning, "Code", "src/log.rs(12): unused variable `brightness`")];
                }
                Some(BuildResult::PartiallySucceeded)
            }
            Ending::Failed => {
                if let Some(test) = tasks.get_mut(2) {
                    test.result = Some(RecordResult::Failed);
                    test.issues = vec![
                        issue(
                            IssueType::Error,
                            "Code",
                            "lamp::tests::it_holds_steady_in_a_northerly: brightness fell to 0.71",
                        ),
                        issue(IssueType::Error, "General", "The process ended with code 101."),
                    ];
                }
                Some(BuildResult::Failed)
            }
            Ending::Canceled => {
                tasks.truncate(2);
                if let Some(build) = tasks.get_mut(1) {
                    build.result = Some(RecordResult::Canceled);
                }
                Some(BuildResult::Canceled)
            }
            Ending::NotYet => {
                tasks.truncate(2);
                if let Some(build) = tasks.get_mut(1) {
                    (build.finished_at, build.result) = (None, None);
                }
                None
            }
        };
        let Some(result) = result else { return Ok((running, tasks)) };
        let end = tasks.last().and_then(|task| task.finished_at).unwrap_or(after(205));
        let over = BuildPatch {
            status: Some(BuildStatus::Completed),
            result: Some(result),
            finished_at: Some(end),
            ..BuildPatch::default()
        };
        Ok((build::update(&running, &over, self.by.person(), end)?, tasks))
    }
}

/// A task of a build.
struct Task {
    name: &'static str,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
    result: Option<RecordResult>,
    issues: Vec<Issue>,
}

impl Task {
    fn log(&self, commit: &str) -> String {
        let mut log = match self.name {
            "Check out" => format!(
                "##[section]Check out\ngit fetch --depth 1 origin {commit}\ngit checkout {commit}\nHEAD is now at {commit}\n"
            ),
            "Build" => "##[section]Build\ncargo build --release\n   Compiling light v0.3.0\n".to_owned(),
            _ => "##[section]Test\ncargo test\nrunning 4 tests\ntest lamp::tests::it_lights_at_dusk ... ok\n\
                  test log::tests::a_line_a_minute ... ok\n"
                .to_owned(),
        };
        for issue in &self.issues {
            log.push_str(&format!("##[{}]{}\n", issue.kind.word(), issue.message));
        }
        log.push_str(match self.result {
            None => "",
            Some(RecordResult::Failed) => "##[error]It failed.\n",
            Some(RecordResult::Canceled) => "##[warning]It was stopped.\n",
            Some(_) => "##[section]Done.\n",
        });
        log
    }
}

/// A record of the timeline that says of a part what became of the whole.
fn record(
    build_number: i64,
    parent: Option<&str>,
    kind: RecordType,
    name: &str,
    build: &Build,
    order: i64,
) -> TimelineRecord {
    let named = |name: &str| id(&format!("build {build_number}: {name}"));
    let result = build.result.map(|result| match result {
        BuildResult::Succeeded => RecordResult::Succeeded,
        BuildResult::PartiallySucceeded => RecordResult::SucceededWithIssues,
        BuildResult::Failed => RecordResult::Failed,
        BuildResult::Canceled => RecordResult::Canceled,
    });
    TimelineRecord {
        // A stage and a task have the same name here, and are two things.
        id: if kind == RecordType::Task { named(&format!("task {name}")) } else { named(name) },
        parent: parent.map(named),
        kind,
        name: name.to_owned(),
        started_at: build.started_at,
        finished_at: build.finished_at,
        state: if result.is_some() { RecordState::Completed } else { RecordState::InProgress },
        result,
        order,
        attempt: 1,
        worker: Some(WORKER.to_owned()),
        log: None,
        issues: Vec::new(),
    }
}
