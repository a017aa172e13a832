//! The git repositories of the sample, with real commits, and one open pull request.

use std::collections::BTreeMap;

use latchkey_devops::access::Action;
use latchkey_devops::ids::RepositoryId;
use latchkey_devops::name::RepositoryName;
use latchkey_devops::pull_request::{MergeStatus, PullRequest, PullRequestStatus, Reviewer};
use latchkey_devops::repository::Repository;
use latchkey_git::Signature;
use latchkey_git::import::{FileEdit, NewCommit};
use latchkey_identity::Timestamp;
use latchkey_identity::time::days;
use latchkey_store::Store;
use latchkey_store::devops::{Author, pull_requests, repositories};
use latchkey_web::App;

use super::history::{self, Written};
use super::organizations::{AtWork, BEACON, DRYDOCK, HARBOR, LIGHTHOUSE, SHORE, facts, project_id};
use super::people::{ANA, BEN, MAX};
use super::{SampleError, id};

/// The branch one starts at.
const MAIN: &str = "main";
/// The branch of the pull request.
const STEADY_LAMP: &str = "steady-lamp";
/// Commits are some hours apart: this many, so that the latest is from yesterday.
const HOURS_APART: i64 = 44;

/// A repository of the sample.
pub(crate) struct Sample {
    /// The organization it is in.
    pub(crate) organization: &'static str,
    /// The project it is in.
    pub(crate) project: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    commits: &'static [Written],
}

/// All of them.
pub(crate) const ALL: [Sample; 4] = [
    Sample { organization: HARBOR, project: LIGHTHOUSE, name: "lighthouse", commits: history::LIGHTHOUSE },
    Sample { organization: HARBOR, project: LIGHTHOUSE, name: "foghorn", commits: history::FOGHORN },
    Sample { organization: HARBOR, project: DRYDOCK, name: "drydock", commits: history::DRYDOCK },
    Sample { organization: SHORE, project: BEACON, name: "beacon", commits: history::BEACON },
];

impl Sample {
    /// Its id.
    pub(crate) fn id(&self) -> RepositoryId {
        RepositoryId(id(&format!("{} repository", self.name)))
    }
}

/// What was made on disk.
pub(crate) struct Imported {
    /// The names of the commits of the main branch, the oldest first.
    pub(crate) main: Vec<String>,
    /// The newest commit of the pull request's branch.
    steady_lamp: Option<String>,
    size: i64,
}

/// What was made on disk, by the name of the repository.
pub(crate) type Histories = BTreeMap<&'static str, Imported>;

/// Makes all repositories on disk, with their commits.
pub(crate) async fn import_all(app: &App, now: Timestamp) -> Result<Histories, SampleError> {
    let [lighthouse, foghorn, drydock, beacon] = &ALL;
    let (lighthouse, foghorn, drydock, beacon) = tokio::try_join!(
        import(app, lighthouse, now),
        import(app, foghorn, now),
        import(app, drydock, now),
        import(app, beacon, now)
    )?;
    Ok([lighthouse, foghorn, drydock, beacon].into_iter().collect())
}

async fn import(app: &App, sample: &Sample, now: Timestamp) -> Result<(&'static str, Imported), SampleError> {
    let repository = app.repositories.create(sample.id().0, MAIN).await?;
    let mut commits: Vec<NewCommit> = Vec::new();
    let count = i64::try_from(sample.commits.len()).unwrap_or(0);
    for (place, written) in (1..).zip(sample.commits) {
        let seconds = now.as_secs() - (count - place) * HOURS_APART * 3_600 - 86_400;
        commits.push(commit(written, MAIN, None, seconds));
    }
    let on_main = commits.len();
    if sample.name == LIGHTHOUSE {
        for (place, written) in (1..).zip(history::STEADY_LAMP) {
            let from = (place == 1).then_some(MAIN);
            commits.push(commit(written, STEADY_LAMP, from, now.as_secs() - 86_400 + place * 3_600));
        }
    }
    let made: Vec<String> = repository.import_commits(&commits).await?.iter().map(ToString::to_string).collect();
    let (main, branch) = made.split_at(on_main.min(made.len()));
    // Nobody is served yet: nobody waits for the disk.
    let size = i64::try_from(repository.size()?).unwrap_or(i64::MAX);
    Ok((sample.name, Imported { main: main.to_vec(), steady_lamp: branch.last().cloned(), size }))
}

fn commit(written: &Written, branch: &str, from: Option<&str>, seconds: i64) -> NewCommit {
    let author =
        Signature { name: written.by.name.to_owned(), email: written.by.email.to_owned(), seconds, offset_minutes: 0 };
    let file = |(path, content): &(&str, &str)| FileEdit::Write {
        path: (*path).to_owned(),
        content: content.as_bytes().to_vec(),
    };
    NewCommit {
        branch: branch.to_owned(),
        from: from.map(str::to_owned),
        merges: Vec::new(),
        author,
        message: written.message.to_owned(),
        files: written.files.iter().map(file).collect(),
    }
}

/// Keeps the repositories, and the pull request.
pub(crate) async fn keep(store: &Store, histories: &Histories, now: Timestamp) -> Result<(), SampleError> {
    for sample in &ALL {
        let organization = facts(store, sample.organization).await?;
        let imported = histories.get(sample.name).ok_or(SampleError::Missing("a repository"))?;
        let repository = Repository {
            id: sample.id(),
            project: project_id(sample.project),
            name: RepositoryName::parse(sample.name).map_err(|error| SampleError::Rule(error.to_string()))?,
            default_branch: Some(format!("refs/heads/{MAIN}")),
            size: imported.size,
            disabled: false,
            created_at: now - days(60),
        };
        let author = Author::person(organization.organization.owner, now);
        store.commit(repositories::create(&organization, &repository, &author)).await?;
    }
    let at_work = AtWork::of_owner(store, HARBOR, LIGHTHOUSE).await?;
    let access = at_work.may_in(LIGHTHOUSE, Action::WritePullRequests)?;
    let imported = histories.get(LIGHTHOUSE).ok_or(SampleError::Missing("a repository"))?;
    let proposed = PullRequest {
        id: 1,
        repository: access.repository(),
        status: PullRequestStatus::Active,
        merge_status: MergeStatus::Succeeded,
        title: "Hold the lamp steady in a northerly".to_owned(),
        description:
            "Averages the voltage over a second before it reacts. Mends #4, as far as it goes without the lens."
                .to_owned(),
        source_ref: format!("refs/heads/{STEADY_LAMP}"),
        target_ref: format!("refs/heads/{MAIN}"),
        source_commit: imported.steady_lamp.clone(),
        target_commit: imported.main.last().cloned(),
        created_by: BEN.person(),
        created_at: now - days(1),
        closed_at: None,
        draft: false,
        reviewers: vec![
            Reviewer { person: ANA.person(), vote: 0, required: true },
            Reviewer { person: MAX.person(), vote: 5, required: false },
        ],
    };
    store.commit(pull_requests::create(&access, &proposed)).await?;
    Ok(())
}
