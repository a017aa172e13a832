//! Pushes that come as JSON, from clients that have no git.

use http::StatusCode;
use latchkey_devops::commit::{Commit, Signature};
use latchkey_devops::date::WireDate;
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_devops::push::{NewChange, NewCommit, NewPush};
use latchkey_devops::refs::RefUpdateStatus;
use latchkey_devops::wire;
use latchkey_devops::wire::push::{Push, PushedRef};
use latchkey_git::commit_push::{WantedChange, WantedCommit};
use latchkey_git::limits::ASKING_TIME;
use latchkey_git::{CommitPush, CommitsPushed, ObjectId, RefCommand, RefName, RefOutcome, Version};
use tokio::time::timeout;

use super::call::{Call, InRepository};
use super::error::ApiError;
use super::git::note_push;
use super::payload::Payload;
use super::people;
use super::refs::{Refused, may_move, places, status};
use super::repositories::{browse, on_disk};
use super::room::GrowingRoom;
use super::table::Answer;

/// Bytes of the body. What is larger is for git.
const MOST_BYTES: usize = 8 << 20;

/// `POST /{organization}[/{project}]/_apis/git/repositories/{repository}/pushes`: makes commits and moves a branch to the last of them.
/// Decided again when the branch is about to move, as a push by git is.
pub(super) async fn create(call: Call, payload: Payload) -> Answer {
    let inside = call.repository().await?;
    // Who sends slowly takes no more room than for what has come.
    let mut room = GrowingRoom::of(&call.app);
    let mut bytes = 0;
    let hold = |so_far: u64| {
        bytes = so_far;
        room.hold(so_far)
    };
    let body = timeout(ASKING_TIME, payload.large_json(MOST_BYTES, hold)).await;
    let body = body.map_err(|_| DevOpsError::bad_request("The body took too long."))??;
    // It is in memory as it came, as texts, as files and as a pack.
    room.hold(4 * bytes)?;
    let push = NewPush::read(&body)?;
    drop(body);
    let start = Start::of(&call, &inside, &push).await?;
    let author = author(&call);
    let name = push.ref_name;
    // Files are there once; only what the commits say is kept for the answer.
    let messages: Vec<String> = push.commits.iter().map(|commit| commit.comment.clone()).collect();
    let wanted = CommitPush {
        name: name.clone(),
        old: start.old,
        base: start.base,
        author: author.clone(),
        commits: push.commits.into_iter().map(wanted).collect(),
    };
    let repository = on_disk(&call.app, &inside).await?;
    let room = room.take();
    let CommitsPushed { commits, moves } = {
        let (call, inside) = (&call, &inside);
        let ask = |commands: Vec<RefCommand>| async move { may_move(call, inside, &commands).await };
        repository.push_commits(call.person().0, wanted, room, ask).await?
    };
    match moves.refused {
        None => {}
        Some(Refused::Error(error)) => return Err(error),
        Some(Refused::Force(sentence)) => return Err(DevOpsError::new(ErrorType::GitNeedsPermission, sentence).into()),
    }
    for outcome in &moves.outcomes {
        if let Err(reason) = &outcome.result {
            return Err(not_moved(&call, &inside, outcome, reason).await);
        }
    }
    note_push(&call.app, &inside, &repository, &moves.outcomes).await;
    show(&call, &inside, name, start.old, &author, messages, &commits).await
}

/// Where a push starts.
struct Start {
    /// Where the ref is; [`ObjectId::ZERO`] if it is new.
    old: ObjectId,
    /// The commit that the first one follows.
    base: Option<ObjectId>,
}

impl Start {
    async fn of(call: &Call, inside: &InRepository, push: &NewPush) -> Result<Self, ApiError> {
        let name = RefName::to_move(&push.ref_name)?;
        let believed = id(&push.old_object_id)?;
        let place = places(call, inside).await?.into_iter().find(|(found, _)| *found == name.as_str());
        let place = place.map_or(ObjectId::ZERO, |(_, place)| place);
        if !place.is_zero() && place != believed {
            return Err(DevOpsError::reference_moved(name.as_str()).into());
        }
        let mut commits = push.commits.iter();
        let first = commits.next().map(|commit| commit.parents.as_slice()).unwrap_or_default();
        let start = match first {
            // A new ref may start at a commit that another one has.
            [] => (!believed.is_zero()).then_some(believed),
            [parent] if believed.is_zero() || *parent == push.old_object_id => Some(id(parent)?),
            _ => return Err(only_on_top()),
        };
        if commits.any(|commit| !commit.parents.is_empty()) {
            return Err(only_on_top());
        }
        let base = match start {
            Some(start) => Some(browse(&call.app, inside, move |it| it.resolve(&Version::Commit(start))).await?),
            None => None,
        };
        Ok(Self { old: place, base })
    }
}

fn only_on_top() -> ApiError {
    DevOpsError::bad_request("A push makes commits on top of each other; use git for merges.").into()
}

fn id(text: &str) -> Result<ObjectId, ApiError> {
    Ok(text.parse::<ObjectId>()?)
}

/// Whoever asks made the commits, whatever the request says of their authors.
fn author(call: &Call) -> latchkey_git::Signature {
    let person = people::seen_holder(&call.identified.holder);
    let plain = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect();
        text.trim().to_owned()
    };
    let name = Some(plain(&person.display_name)).filter(|name| !name.is_empty());
    latchkey_git::Signature {
        name: name.unwrap_or_else(|| person.id.to_string()),
        email: plain(&person.unique_name),
        seconds: call.now.as_secs(),
        offset_minutes: 0,
    }
}

fn wanted(commit: NewCommit) -> WantedCommit {
    let change = |change: NewChange| match change {
        NewChange::Add { path, content } => WantedChange::Add { path, content },
        NewChange::Edit { path, content } => WantedChange::Edit { path, content },
        NewChange::Delete { path } => WantedChange::Delete { path },
        NewChange::Rename { from, to, content } => WantedChange::Rename { from, to, content },
    };
    WantedCommit { message: commit.comment, changes: commit.changes.into_iter().map(change).collect() }
}

/// Why a ref was not moved.
async fn not_moved(call: &Call, inside: &InRepository, outcome: &RefOutcome, reason: &str) -> ApiError {
    let places = match places(call, inside).await {
        Ok(places) => places,
        Err(error) => return error,
    };
    let kind = match status(outcome, false, &places) {
        RefUpdateStatus::StaleOldObjectId => return DevOpsError::reference_moved(&outcome.update.name).into(),
        RefUpdateStatus::RefNameConflict => ErrorType::NameConflict,
        _ => ErrorType::BadRequest,
    };
    DevOpsError::new(kind, format!("The push was refused: {reason}.")).into()
}

async fn show(
    call: &Call,
    inside: &InRepository,
    name: String,
    old: ObjectId,
    author: &latchkey_git::Signature,
    messages: Vec<String>,
    made: &[ObjectId],
) -> Answer {
    let urls = call.urls(&inside.facts.organization);
    let identities = people::identities(&call.app, &urls, [call.person()]).await?;
    let signature = Signature { name: author.name.clone(), email: author.email.clone(), at: call.now.floor_to_secs() };
    let commit = |(message, id): (String, &ObjectId)| Commit {
        id: id.to_string(),
        tree: String::new(),
        author: signature.clone(),
        committer: signature.clone(),
        message,
        parents: Vec::new(),
    };
    let (project, repository) = (&inside.project, &inside.repository);
    let commits = messages.into_iter().zip(made).map(commit);
    let mut response = call.json(&Push {
        date: WireDate(call.now),
        pushed_by: identities.of(call.person()),
        commits: commits.map(|one| wire::commit::commit_in_list(&urls, project, repository, &one)).collect(),
        ref_updates: vec![PushedRef {
            repository_id: repository.id,
            name,
            old_object_id: old.to_string(),
            new_object_id: made.last().copied().unwrap_or(ObjectId::ZERO).to_string(),
        }],
        repository: wire::repository::repository(&urls, project, repository),
    })?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}
