//! Pull requests.

use latchkey_devops::access::{ProjectAccess, RepositoryAccess};
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId, RepositoryId};
use latchkey_devops::pull_request::{MergeStatus, PullRequest, PullRequestStatus, Reviewer};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::organizations::{Numbered, take_number};
use super::{Unproven, from_json, meaning, to_json};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::{Row, Value};

/// Pull requests of an organization, in the columns that [`read`] reads.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, project, repository, status, merge_status, title, description, source_ref, target_ref, source_commit,
                    target_commit, created_by, created_at, closed_at, draft, reviewers
               FROM pull_request WHERE organization = $1 AND ",
            $condition
        )
    };
}

const BY_ID: Sql = Sql::read("pull_requests.by_id", select!("id = $2"));

const OF_REPOSITORY: Sql = Sql::read(
    "pull_requests.of_repository",
    select!(
        "project = $2 AND repository = $9
        AND (CAST($3 AS TEXT) IS NULL OR status = $3)
        AND (CAST($4 AS BLOB) IS NULL OR created_by = $4)
        AND (CAST($5 AS TEXT) IS NULL OR source_ref = $5)
        AND (CAST($6 AS TEXT) IS NULL OR target_ref = $6)
      ORDER BY id DESC LIMIT $7 OFFSET $8"
    ),
);

const OF_PROJECT: Sql = Sql::read(
    "pull_requests.of_project",
    select!(
        "project = $2
        AND (CAST($3 AS TEXT) IS NULL OR status = $3)
        AND (CAST($4 AS BLOB) IS NULL OR created_by = $4)
        AND (CAST($5 AS TEXT) IS NULL OR source_ref = $5)
        AND (CAST($6 AS TEXT) IS NULL OR target_ref = $6)
      ORDER BY id DESC LIMIT $7 OFFSET $8"
    ),
);

/// Fails on the unique index when one is open between the same branches.
const CREATE: Sql = Sql::guarded(
    "pull_requests.create",
    "INSERT INTO pull_request (organization, project, repository, id, status, merge_status, title, description,
                               source_ref, target_ref, source_commit, target_commit, created_by, created_at, closed_at,
                               draft, reviewers)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
);

/// Keeps a pull request that was changed. Touches no row when it was changed meanwhile, and fails on the unique index when another one was
/// opened between the same branches.
const UPDATE: Sql = Sql::guarded(
    "pull_requests.update",
    "UPDATE pull_request
        SET status = $5, merge_status = $6, title = $7, description = $8, source_commit = $9, target_commit = $10,
            closed_at = $11, draft = $12, reviewers = $17
      WHERE organization = $1 AND id = $2 AND project = $3 AND repository = $4
        AND status = $13 AND title = $14 AND description = $15 AND draft = $16 AND reviewers = $18",
);

pub(crate) const ALL: &[&Sql] = &[&BY_ID, &OF_REPOSITORY, &OF_PROJECT, &CREATE, &UPDATE];

/// Which pull requests a list is about, newest first. What is not named does not matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PullRequestFilter {
    /// How they stand.
    pub status: Option<PullRequestStatus>,
    /// Who proposed them.
    pub created_by: Option<PersonId>,
    /// From which branch, as its ref.
    pub source_ref: Option<String>,
    /// To which branch, as its ref.
    pub target_ref: Option<String>,
    /// At most so many.
    pub count: u32,
    /// Behind so many.
    pub skip: u32,
}

impl Default for PullRequestFilter {
    fn default() -> Self {
        let status = Some(PullRequestStatus::Active);
        Self { status, created_by: None, source_ref: None, target_ref: None, count: 100, skip: 0 }
    }
}

impl PullRequestFilter {
    fn values(&self, organization: OrganizationId, project: ProjectId) -> Vec<Value> {
        vec![
            organization.into(),
            project.into(),
            self.status.map(PullRequestStatus::word).into(),
            self.created_by.into(),
            self.source_ref.as_ref().into(),
            self.target_ref.as_ref().into(),
            self.count.into(),
            self.skip.into(),
        ]
    }
}

/// Keeps a new pull request. Lost when another request took its number, or opened one between the same branches.
pub fn create(access: &RepositoryAccess, pull_request: &PullRequest) -> Changes {
    let mut changes = take_number(access.organization(), Numbered::PullRequest, pull_request.id);
    let values = vec![
        access.organization().into(),
        access.project().into(),
        access.repository().into(),
        pull_request.id.into(),
        pull_request.status.word().into(),
        pull_request.merge_status.word().into(),
        pull_request.title.as_str().into(),
        pull_request.description.as_str().into(),
        pull_request.source_ref.as_str().into(),
        pull_request.target_ref.as_str().into(),
        pull_request.source_commit.as_ref().into(),
        pull_request.target_commit.as_ref().into(),
        pull_request.created_by.into(),
        pull_request.created_at.into(),
        pull_request.closed_at.into(),
        pull_request.draft.into(),
        kept_reviewers(pull_request).into(),
    ];
    changes.write(&CREATE, values);
    changes
}

/// Keeps a pull request that was changed. Lost when somebody changed it meanwhile, or opened another one between the same branches.
pub fn update(access: &RepositoryAccess, before: &PullRequest, after: &PullRequest) -> Changes {
    let mut changes = Changes::none();
    if before == after {
        return changes;
    }
    let values = vec![
        access.organization().into(),
        before.id.into(),
        access.project().into(),
        access.repository().into(),
        after.status.word().into(),
        after.merge_status.word().into(),
        after.title.as_str().into(),
        after.description.as_str().into(),
        after.source_commit.as_ref().into(),
        after.target_commit.as_ref().into(),
        after.closed_at.into(),
        after.draft.into(),
        before.status.word().into(),
        before.title.as_str().into(),
        before.description.as_str().into(),
        before.draft.into(),
        kept_reviewers(after).into(),
        kept_reviewers(before).into(),
    ];
    changes.write(&UPDATE, values);
    changes
}

impl Store {
    /// A pull request by its number. It tells its repository, and comes out against the proof that its reader may enter.
    pub async fn pull_request(
        &self,
        organization: OrganizationId,
        id: i64,
    ) -> Result<Option<Unproven<PullRequest, RepositoryId>>, StoreError> {
        let row = self.read_one(&BY_ID, vec![organization.into(), id.into()]).await?;
        row.map(|row| unproven(organization, &row)).transpose()
    }

    /// The pull requests of a repository.
    pub async fn pull_requests(
        &self,
        access: &RepositoryAccess,
        filter: &PullRequestFilter,
    ) -> Result<Vec<PullRequest>, StoreError> {
        let mut values = filter.values(access.organization(), access.project());
        values.push(access.repository().into());
        self.read(&OF_REPOSITORY, values).await?.iter().map(read).collect()
    }

    /// The pull requests of a project. Each comes out against the proof that its reader may enter its repository.
    pub async fn pull_requests_of_project(
        &self,
        access: &ProjectAccess,
        filter: &PullRequestFilter,
    ) -> Result<Vec<Unproven<PullRequest, RepositoryId>>, StoreError> {
        let values = filter.values(access.organization(), access.project());
        self.read(&OF_PROJECT, values).await?.iter().map(|row| unproven(access.organization(), row)).collect()
    }
}

fn unproven(organization: OrganizationId, row: &Row) -> Result<Unproven<PullRequest, RepositoryId>, StoreError> {
    let pull_request = read(row)?;
    Ok(Unproven::in_repository(organization, ProjectId(row.uuid(1)?), pull_request.repository, pull_request))
}

fn read(row: &Row) -> Result<PullRequest, StoreError> {
    let reviewers: Vec<KeptReviewer> = from_json("reviewer", row.text(15)?)?;
    Ok(PullRequest {
        id: row.int(0)?,
        repository: RepositoryId(row.uuid(2)?),
        status: meaning("status", row.text(3)?, PullRequestStatus::parse(row.text(3)?))?,
        merge_status: meaning("merge status", row.text(4)?, MergeStatus::parse(row.text(4)?))?,
        title: row.text(5)?.to_owned(),
        description: row.text(6)?.to_owned(),
        source_ref: row.text(7)?.to_owned(),
        target_ref: row.text(8)?.to_owned(),
        source_commit: row.opt_text(9)?.map(str::to_owned),
        target_commit: row.opt_text(10)?.map(str::to_owned),
        created_by: PersonId(row.uuid(11)?),
        created_at: row.time(12)?,
        closed_at: row.opt_time(13)?,
        draft: row.bool(14)?,
        reviewers: reviewers.into_iter().map(Reviewer::from).collect(),
    })
}

fn kept_reviewers(pull_request: &PullRequest) -> String {
    to_json(&pull_request.reviewers.iter().map(KeptReviewer::from).collect::<Vec<_>>())
}

/// A reviewer as the database keeps them.
#[derive(Serialize, Deserialize)]
struct KeptReviewer {
    person: Uuid,
    vote: i64,
    required: bool,
}

impl From<&Reviewer> for KeptReviewer {
    fn from(reviewer: &Reviewer) -> Self {
        Self { person: reviewer.person.0, vote: reviewer.vote, required: reviewer.required }
    }
}

impl From<KeptReviewer> for Reviewer {
    fn from(kept: KeptReviewer) -> Self {
        Self { person: PersonId(kept.person), vote: kept.vote, required: kept.required }
    }
}
