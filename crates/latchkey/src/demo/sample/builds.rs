//! The builds of the sample: definitions, results, timelines, logs; one failed and one still runs.

use std::time::Duration;

use latchkey_devops::access::{Action, ProjectAccess};
use latchkey_devops::build::definition::{Definition, QueueStatus};
use latchkey_devops::build::timeline::{Issue, IssueType, RecordResult, RecordState, RecordType, TimelineRecord};
use latchkey_devops::build::{self, Build, BuildPatch, BuildReason, BuildResult, BuildStatus, QueueRequest};
use latchkey_devops::ids::RepositoryId;
use latchkey_identity::Timestamp;
use latchkey_store::devops::{build_definitions, builds, logs, timelines};
use latchkey_store::{Changes, Store};

use super::organizations::{AtWork, DRYDOCK, HARBOR, LIGHTHOUSE};
use super::people::{BEN, MAX, Somebody};
use super::repositories::Histories;
use super::{SampleError, days_before, id, minutes_before};

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

/// Keeps all of them.
pub async fn keep(store: &Store, histories: &Histories, now: Timestamp) -> Result<(), SampleError> {
    let mut changes = Changes::none();
    let mut number = 0;
    for (project, definitions, samples) in [
        (LIGHTHOUSE, [(1, "lighthouse-ci", "\\", "lighthouse"), (2, "foghorn-nightly", "\\nightly", "foghorn")].as_slice(), OF_LIGHTHOUSE),
        (DRYDOCK, &[(3, "drydock-ci", "\\", "drydock")], OF_DRYDOCK),
    ] {
        let at_work = AtWork::of_owner(store, HARBOR, project).await?;
        let (define, queue) = (at_work.may(Action::DefineBuilds)?, at_work.may(Action::QueueBuilds)?);
        for (id, name, path, repository) in definitions {
            let found = at_work.facts.repository(at_work.project.id, repository);
            let repository_id = found.map(|found| found.id).ok_or(SampleError::Missing("a repository"))?;
            let definition = definition(&define, *id, name, path, repository_id, now);
            changes.append(build_definitions::create(&define, &definition));
            let commits = histories.get(repository).map_or(&[][..], |imported| &imported.main);
            for sample in samples.iter().filter(|sample| sample.definition == *id) {
                number = place_of(sample.definition, sample.hours_ago);
                let commit = commits.iter().rev().nth(sample.behind).ok_or(SampleError::Missing("a commit"))?;
                append(&mut changes, &queue, sample, &definition, number, commit, now)?;
            }
        }
    }
    store.commit(changes).await?;
    Ok(())
}
