//! Pull requests, as answers show them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::date::WireDate;
use crate::project::Project;
use crate::pull_request::{self, MergeStatus, PullRequestStatus};
use crate::repository;
use crate::wire::Urls;
use crate::wire::identity::{Identities, IdentityRef};
use crate::wire::repository::{Repository, repository};

/// A pull request.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PullRequest {
    /// The repository it belongs to.
    pub repository: Repository,
    /// Its number.
    pub pull_request_id: i64,
    /// Its number, once more.
    pub code_review_id: i64,
    /// How it stands.
    pub status: PullRequestStatus,
    /// Who proposed it.
    pub created_by: IdentityRef,
    /// When it was proposed.
    pub creation_date: WireDate,
    /// When it was given up or merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_date: Option<WireDate>,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The branch that has the commits.
    pub source_ref_name: String,
    /// The branch that is to have them.
    pub target_ref_name: String,
    /// Whether its changes can be merged.
    pub merge_status: MergeStatus,
    /// Whether its author still works on it.
    pub is_draft: bool,
    /// The commit that the source branch is at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_merge_source_commit: Option<Value>,
    /// The commit that the target branch is at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_merge_target_commit: Option<Value>,
    /// Who was asked, and what they said.
    pub reviewers: Vec<Reviewer>,
    /// Its labels.
    pub labels: Vec<Value>,
    /// Where it is.
    pub url: String,
    /// Whether its changes are kept apart by iterations.
    pub supports_iterations: bool,
}

/// Somebody who was asked to review.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reviewer {
    /// Who.
    #[serde(flatten)]
    pub person: IdentityRef,
    /// What they said.
    pub vote: i64,
    /// Whether it cannot be merged without them.
    pub is_required: bool,
    /// Whether they will not answer.
    pub has_declined: bool,
    /// Whether somebody marked it for them.
    pub is_flagged: bool,
}

/// Shows a pull request of a repository.
pub fn pull_request(
    urls: &Urls,
    project: &Project,
    of: &repository::Repository,
    identities: &Identities,
    pull_request: &pull_request::PullRequest,
) -> PullRequest {
    let commit = |id: &Option<String>| {
        let url = |id: &str| urls.repository(project.id, of.id, &format!("commits/{id}"));
        id.as_deref().map(|id| json!({"commitId": id, "url": url(id)}))
    };
    PullRequest {
        repository: repository(urls, project, of),
        pull_request_id: pull_request.id,
        code_review_id: pull_request.id,
        status: pull_request.status,
        created_by: identities.of(pull_request.created_by),
        creation_date: WireDate(pull_request.created_at),
        closed_date: pull_request.closed_at.map(WireDate),
        title: pull_request.title.clone(),
        description: pull_request.description.clone(),
        source_ref_name: pull_request.source_ref.clone(),
        target_ref_name: pull_request.target_ref.clone(),
        merge_status: pull_request.merge_status,
        is_draft: pull_request.draft,
        last_merge_source_commit: commit(&pull_request.source_commit),
        last_merge_target_commit: commit(&pull_request.target_commit),
        reviewers: pull_request.reviewers.iter().map(|one| reviewer(identities, one)).collect(),
        labels: Vec::new(),
        url: urls.repository(project.id, of.id, &format!("pullRequests/{}", pull_request.id)),
        supports_iterations: false,
    }
}

/// Shows somebody who was asked to review.
pub fn reviewer(identities: &Identities, reviewer: &pull_request::Reviewer) -> Reviewer {
    Reviewer {
        person: identities.of(reviewer.person),
        vote: reviewer.vote,
        is_required: reviewer.required,
        has_declined: false,
        is_flagged: false,
    }
}
