//! Pull requests: read, proposed, changed, given up, taken up again.

use http::StatusCode;
use latchkey_devops::error::DevOpsError;
use latchkey_devops::ids::PersonId;
use latchkey_devops::pull_request::{self, Branches, NewPullRequest, PullRequest, PullRequestPatch, PullRequestStatus};
use latchkey_devops::repository::branch_ref;
use latchkey_devops::wire;
use latchkey_git::ObjectId;
use latchkey_store::devops::organizations::Numbered;
use latchkey_store::devops::pull_requests::{self as kept, PullRequestFilter};
use latchkey_store::{Changes, StoreError};
use uuid::Uuid;

use super::call::{Call, InRepository};
use super::error::ApiError;
use super::payload::Payload;
use super::people;
use super::refs::places;
use super::repositories::{browse, on_disk};
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
    let found = found(&call, &inside, id).await?;
    show(&call, &inside, &found.ok_or_else(|| absent(id))?).await
}

/// A pull request of a repository.
pub(super) async fn found(call: &Call, inside: &InRepository, id: i64) -> Result<Option<PullRequest>, StoreError> {
    let unproven = call.app.store.pull_request(inside.access.organization(), id).await?;
    Ok(unproven.and_then(|one| one.prove(&inside.access)))
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

/// `POST .../git/repositories/{repository}/pullrequests`.
pub(super) async fn create(call: Call, payload: Payload) -> Answer {
    let (call, body) = call.after(payload.json()).await?;
    let new = NewPullRequest::read(&body)?;
    let inside = call.repository().await?;
    for (person, _) in &new.reviewers {
        if call.app.store.member(inside.access.organization(), *person).await?.is_none() {
            let message = "Each of the reviewers must be a member of the organization.";
            return Err(DevOpsError::bad_request(message).into());
        }
    }
    let branches = branches(&call, &inside, &new.source_ref, &new.target_ref).await?;
    call.still(&inside).await?;
    let (store, access) = (&call.app.store, &inside.access);
    let proposed = store
        .decide(|| async {
            let same = store.pull_requests(access, &between(&new.source_ref, &new.target_ref)).await?;
            let id = store.next_number(access.organization(), Numbered::PullRequest).await?;
            let (by, now, repository) = (call.person(), call.now, access.repository());
            let proposed = pull_request::propose(id, repository, &new, &branches, same.first(), by, now);
            let changes = proposed.as_ref().map(|one| kept::create(access, one)).unwrap_or_default();
            Ok((proposed, changes))
        })
        .await?;
    let mut response = show(&call, &inside, &proposed?).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `PATCH .../git/repositories/{repository}/pullrequests/{id}`.
pub(super) async fn update(call: Call, payload: Payload) -> Answer {
    let id = call.number("id")?;
    let (call, body) = call.after(payload.json()).await?;
    let patch = PullRequestPatch::read(&body)?;
    let inside = call.repository().await?;
    let (store, access) = (&call.app.store, &inside.access);
    let present = found(&call, &inside, id).await?.ok_or_else(|| absent(id))?;
    let branches = branches_for(&call, &inside, &present, &patch).await?;
    call.still(&inside).await?;
    let updated = store
        .decide(|| async {
            let Some(found) = found(&call, &inside, id).await? else { return Ok((Err(absent(id)), Changes::none())) };
            let same = store.pull_requests(access, &between(&found.source_ref, &found.target_ref)).await?;
            let updated = pull_request::update(&found, &patch, branches.as_ref(), same.first(), call.now);
            let changes = updated.as_ref().map(|next| kept::update(access, &found, next)).unwrap_or_default();
            Ok((updated, changes))
        })
        .await?;
    show(&call, &inside, &updated?).await
}

/// Those that are open from one branch to another.
fn between(source: &str, target: &str) -> PullRequestFilter {
    let (source_ref, target_ref) = (Some(source.to_owned()), Some(target.to_owned()));
    PullRequestFilter { source_ref, target_ref, count: 1, ..PullRequestFilter::default() }
}

/// Where the branches of a pull request are that will be open, between which it stays. Nothing of one that will not be.
async fn branches_for(
    call: &Call,
    inside: &InRepository,
    present: &PullRequest,
    patch: &PullRequestPatch,
) -> Result<Option<Branches>, ApiError> {
    on_disk(&call.app, inside).await?;
    if patch.status.unwrap_or(present.status) != PullRequestStatus::Active {
        return Ok(None);
    }
    match branches(call, inside, &present.source_ref, &present.target_ref).await {
        Ok(branches) => Ok(Some(branches)),
        Err(error) => unless_open(present.status, error).map(|()| None),
    }
}

/// Where git cannot tell how branches lie to each other, because they are too far apart or it is busy, one that is open keeps what is known of it.
/// One that is taken up again has to wait.
fn unless_open(status: PullRequestStatus, error: ApiError) -> Result<(), ApiError> {
    match error {
        ApiError::Refused(_) | ApiError::Unavailable(_) if status == PullRequestStatus::Active => Ok(()),
        error => Err(error),
    }
}

/// Where two branches are, and whether git merges them by itself, if it can tell.
async fn branches(call: &Call, inside: &InRepository, source: &str, target: &str) -> Result<Branches, ApiError> {
    let places = places(call, inside).await?;
    let place = |name: &str| places.iter().find(|(found, _)| found == name).map(|(_, place)| *place);
    let (source, target) = (place(source), place(target));
    let merges = match (source, target) {
        (Some(source), Some(target)) => merge(call, inside, source, target).await?,
        _ => Some(false),
    };
    let told = |place: Option<ObjectId>| place.map(|place| place.to_string());
    Ok(Branches { source: told(source), target: told(target), merges })
}

async fn merge(
    call: &Call,
    inside: &InRepository,
    source: ObjectId,
    target: ObjectId,
) -> Result<Option<bool>, ApiError> {
    let apart = browse(&call.app, inside, move |browse| browse.divergence(target, source)).await?;
    if apart.common.is_some() && (apart.ahead == 0 || apart.behind == 0) {
        return Ok(Some(true));
    }
    Ok(on_disk(&call.app, inside).await?.merges(call.person().0, target, source).await?)
}

async fn show(call: &Call, inside: &InRepository, found: &PullRequest) -> Answer {
    let urls = call.urls(&inside.facts.organization);
    let identities = people::identities(&call.app, &urls, mentioned(found)).await?;
    call.json(&wire::pull_request::pull_request(&urls, &inside.project, &inside.repository, &identities, found))
}

pub(super) fn absent(id: i64) -> DevOpsError {
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

#[cfg(test)]
mod tests {
    use super::super::error::unreadable;
    use super::*;
    use latchkey_git::{BrowseError, GitError};

    #[test]
    fn what_git_cannot_tell_keeps_nobody_from_changing_what_is_open() {
        use PullRequestStatus::{Abandoned, Active};
        let too_far_back = || unreadable("lamp", BrowseError::TooFarBack("main".into()));
        for error in [too_far_back, || GitError::ShareTaken.into(), || GitError::TimedOut.into()] {
            assert!(unless_open(Active, error()).is_ok());
            assert!(unless_open(Abandoned, error()).is_err());
        }
        assert!(unless_open(Active, ApiError::Bug("broken".into())).is_err());
    }
}
