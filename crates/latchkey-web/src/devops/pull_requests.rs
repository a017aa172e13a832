//! Pull requests, as far as they are read.

use latchkey_devops::error::DevOpsError;
use latchkey_devops::ids::PersonId;
use latchkey_devops::pull_request::{PullRequest, PullRequestStatus};
use latchkey_devops::repository::branch_ref;
use latchkey_devops::wire;
use latchkey_store::devops::pull_requests::PullRequestFilter;
use uuid::Uuid;

use super::call::{Call, InRepository};
use super::error::ApiError;
use super::people;
use super::table::Answer;

/// How many pull requests a page has at the most.
const PAGE: u32 = 1_000;

/// `GET .../git/repositories/{repository}/pullrequests`: newest first.
pub(super) async fn of_repository(call: Call) -> Answer {
    let filter = filter(&call)?;
    let inside = call.repository().await?;
    let found = call.app.store.pull_requests(&inside.access, &filter).await?;
    let urls = call.urls(&inside.facts.organization);
    let identities = people::identities(&call.app, &urls, found.iter().flat_map(mentioned)).await?;
    call.list(
        found
            .iter()
            .map(|one| wire::pull_request::pull_request(&urls, &inside.project, &inside.repository, &identities, one)),
    )
}

/// `GET /{organization}/{project}/_apis/git/pullrequests`: those of repositories that the caller can enter.
pub(super) async fn of_project(call: Call) -> Answer {
    let filter = filter(&call)?;
    let inside = call.project().await?;
    let unproven = call.app.store.pull_requests_of_project(&inside.access, &filter).await?;
    let project = inside.project.clone();
    let inside = inside.around(&call)?;
    let mut found = Vec::new();
    for one in unproven {
        let Some(repository) = inside.facts.repository_by_id(one.repository()) else { continue };
        let Ok(access) = call.enter_repository(&inside, &project, repository) else { continue };
        found.extend(one.prove(&access).map(|one| (one, repository)));
    }
    let urls = call.urls(&inside.facts.organization);
    let identities = people::identities(&call.app, &urls, found.iter().flat_map(|(one, _)| mentioned(one))).await?;
    call.list(
        found
            .iter()
            .map(|(one, repository)| wire::pull_request::pull_request(&urls, &project, repository, &identities, one)),
    )
}

/// `GET .../git/repositories/{repository}/pullrequests/{id}`.
pub(super) async fn read(call: Call) -> Answer {
    let id = call.number("id")?;
    let inside = call.repository().await?;
    let unproven = call.app.store.pull_request(inside.access.organization(), id).await?;
    let found = unproven.and_then(|one| one.prove(&inside.access));
    show(&call, &inside, &found.ok_or_else(|| absent(id))?).await
}

/// `GET /{organization}[/{project}]/_apis/git/pullrequests/{id}`.
pub(super) async fn read_by_number(call: Call) -> Answer {
    let id = call.number("id")?;
    let organization = call.on_the_way().await?;
    let unproven = call.app.store.pull_request(organization.access.organization(), id).await?;
    let unproven = unproven.ok_or_else(|| absent(id))?;
    let (project, repository) = (unproven.project(), unproven.repository());
    let asked = call.path.get("project").map(|name| organization.facts.project(name).map(|project| project.id));
    if asked.is_some_and(|asked| asked != Some(project)) {
        return Err(absent(id).into());
    }
    let inside = call.repository_found(&organization, repository).map_err(|refusal| refusal.missed_as(absent(id)))?;
    let inside = inside.ok_or_else(|| absent(id))?;
    let found = unproven.prove(&inside.access).ok_or_else(|| absent(id))?;
    show(&call, &inside, &found).await
}

async fn show(call: &Call, inside: &InRepository, found: &PullRequest) -> Answer {
    let urls = call.urls(&inside.facts.organization);
    let identities = people::identities(&call.app, &urls, mentioned(found)).await?;
    call.json(&wire::pull_request::pull_request(&urls, &inside.project, &inside.repository, &identities, found))
}

fn absent(id: i64) -> DevOpsError {
    DevOpsError::pull_request_not_found(&id.to_string())
}

fn mentioned(pull_request: &PullRequest) -> Vec<PersonId> {
    pull_request.reviewers.iter().map(|reviewer| reviewer.person).chain([pull_request.created_by]).collect()
}

fn filter(call: &Call) -> Result<PullRequestFilter, ApiError> {
    let given = |name: &str| call.query.any(&[&format!("searchCriteria.{name}"), name]);
    let status =
        match given("status") {
            None => Some(PullRequestStatus::Active),
            Some(text) if text.eq_ignore_ascii_case("all") || text == "4" => None,
            // Not set is as good as the default.
            Some(text) if text.eq_ignore_ascii_case("notSet") || text == "0" => Some(PullRequestStatus::Active),
            Some(text) => {
                let status = PullRequestStatus::parse(text);
                Some(status.ok_or_else(|| {
                    DevOpsError::bad_request("The status must be active, abandoned, completed or all.")
                })?)
            }
        };
    let created_by = given("creatorId").map(|text| {
        Uuid::try_parse(text).map(PersonId).map_err(|_| DevOpsError::bad_request("The creatorId must be an id."))
    });
    Ok(PullRequestFilter {
        status,
        created_by: created_by.transpose()?,
        source_ref: given("sourceRefName").map(branch_ref).transpose()?,
        target_ref: given("targetRefName").map(branch_ref).transpose()?,
        count: call.query.count(&["$top"], PAGE)?.unwrap_or(PullRequestFilter::default().count),
        skip: call.query.count(&["$skip"], u32::MAX)?.unwrap_or(0),
    })
}
