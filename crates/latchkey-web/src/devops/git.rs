//! Git over HTTP: clone, fetch, push. What goes wrong is plain text, which git prints at the other end.

use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use latchkey_devops::access::Action;
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_git::limits::MAX_FETCH_REQUEST_BYTES;
use latchkey_git::{Encoding, RefChange, RefCommand, RefOutcome, Service};
use latchkey_store::devops::repositories as kept;

use super::call::{Call, InRepository};
use super::error::ApiError;
use super::payload::Payload;
use super::refs::may_move;
use super::repositories::on_disk;
use super::room::room;
use super::table::Answer;
use super::visit::Visit;
use crate::app::App;

const GIT_PROTOCOL: HeaderName = HeaderName::from_static("git-protocol");

/// `GET .../_git/{repository}/info/refs?service=`: what there is to fetch, or to push to.
pub(super) async fn advertise(call: Call) -> Answer {
    let service = call.query.get("service").and_then(Service::named);
    let service = service.ok_or_else(|| {
        DevOpsError::bad_request("This server speaks git's smart protocol only: use git 1.6.6 or later.")
    })?;
    let action = match service {
        Service::UploadPack => Action::ReadCode,
        Service::ReceivePack => Action::WriteCode,
    };
    let inside = enter(&call, action).await?;
    let repository = on_disk(&call.app, &inside).await?;
    let advertisement = repository.advertise(call.person().0, service, call.header(GIT_PROTOCOL)).await?;
    Ok(reply(&format!("application/x-{}-advertisement", service.name()), advertisement))
}

/// `POST .../_git/{repository}/info/lfs/objects/batch`: for whoever asks, without a look at the repository. Git LFS prints the message; of
/// any other answer it says that there is no such repository.
pub(super) async fn no_large_files(_: Visit) -> Answer {
    const MESSAGE: &str =
        r#"{"message":"This server keeps no large files for Git LFS. Files of a repository are kept in git itself."}"#;
    let mut response = reply("application/vnd.git-lfs+json", MESSAGE.as_bytes().to_vec());
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}

/// `POST .../_git/{repository}/git-upload-pack`: clone and fetch. It ends with what it began under.
pub(super) async fn upload_pack(call: Call, payload: Payload) -> Answer {
    let inside = enter(&call, Action::ReadCode).await?;
    must_be(&payload, "application/x-git-upload-pack-request")?;
    let encoding = encoding(&call)?;
    let repository = on_disk(&call.app, &inside).await?;
    let pack = repository.upload_pack(call.person().0, payload.stream(), encoding, call.header(GIT_PROTOCOL)).await?;
    call.still(&inside).await?;
    Ok(reply("application/x-git-upload-pack-result", call.body_while_allowed(inside, pack)))
}

/// `POST .../_git/{repository}/git-receive-pack`: push. Asked again when the objects are there and the references are about to
/// move: the push began under a token and rights that may have ended since.
pub(super) async fn receive_pack(call: Call, payload: Payload) -> Answer {
    let inside = enter(&call, Action::WriteCode).await?;
    must_be(&payload, "application/x-git-receive-pack-request")?;
    let encoding = encoding(&call)?;
    let repository = on_disk(&call.app, &inside).await?;
    let push = {
        let (call, inside) = (&call, &inside);
        let ask = |commands: Vec<RefCommand>| async move {
            may_move(call, inside, &commands).await.map_err(|refusal| refusal.to_string())
        };
        match encoding {
            Encoding::Identity => repository.receive_pack(call.person().0, payload.stream(), ask).await?,
            // git never packs a push. JGit packs a small one.
            Encoding::Gzip => {
                // As it came and as it was are in memory together.
                let _room = room(&call.app, 2 * MAX_FETCH_REQUEST_BYTES)?;
                let whole = repository.unpacked(payload.stream()).await?;
                repository.receive_pack(call.person().0, whole.as_slice(), ask).await?
            }
        }
    };
    note_push(&call.app, &inside, &repository, &push.outcomes).await;
    Ok(reply("application/x-git-receive-pack-result", push.answer))
}

/// Into the repository that the path names, with or without `.git` at its end. Without a project it is that of the same name.
async fn enter(call: &Call, action: Action) -> Result<InRepository, ApiError> {
    let name = call.named("repository");
    let short = name.strip_suffix(".git").filter(|short| !short.is_empty());
    let project = call.path.get("project");
    let entered = call.repository_named(Some(project.unwrap_or(name)), name, action).await;
    match (entered, short) {
        (Err(error), Some(short))
            if error.refused().is_some_and(|error| error.kind == ErrorType::RepositoryNotFound) =>
        {
            call.repository_named(Some(project.unwrap_or(short)), short, action).await
        }
        (entered, _) => entered,
    }
}

/// How the request is packed.
fn encoding(call: &Call) -> Result<Encoding, ApiError> {
    match call.header(CONTENT_ENCODING) {
        None | Some("identity") => Ok(Encoding::Identity),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some(_) => Err(unsupported("The Content-Encoding must be gzip, or none.")),
    }
}

fn must_be(payload: &Payload, media_type: &str) -> Result<(), ApiError> {
    if payload.is(media_type) { Ok(()) } else { Err(unsupported(&format!("The Content-Type must be {media_type}."))) }
}

fn unsupported(message: &str) -> ApiError {
    DevOpsError::new(ErrorType::ContentTypeNotSupported, message).into()
}

fn reply(content_type: &str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Notes how large the repository is now, and which branch one starts at if there was none before. The references have moved
/// already; what cannot be noted now is noted with the next push.
pub(super) async fn note_push(
    app: &App,
    inside: &InRepository,
    repository: &latchkey_git::Repository,
    outcomes: &[RefOutcome],
) {
    if !outcomes.iter().any(|outcome| outcome.result.is_ok()) {
        return;
    }
    let noted = async {
        let default_branch = match inside.repository.default_branch {
            Some(_) => None,
            None => first_branch(repository, outcomes).await?,
        };
        let on_disk = repository.clone();
        let size = tokio::task::spawn_blocking(move || on_disk.size()).await;
        let size = size.map_err(std::io::Error::other).and_then(|size| size);
        let size = size.map_err(|error| ApiError::Bug(format!("a repository cannot be measured: {error}")))?;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let changes = kept::note_push(&inside.access, default_branch.as_deref(), size);
        app.store.commit(changes).await.map_err(|error| ApiError::Unavailable(error.to_string()))
    };
    if let Err(error) = noted.await {
        tracing::warn!(repository = %inside.repository.id, ?error, "a push was not noted");
    }
}

/// The branch that one starts at after the first push: that which the repository was made with, or else the first that came.
async fn first_branch(
    repository: &latchkey_git::Repository,
    outcomes: &[RefOutcome],
) -> Result<Option<String>, ApiError> {
    let created: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.result == Ok(RefChange::Create))
        .filter_map(|outcome| outcome.update.name.strip_prefix("refs/heads/"))
        .collect();
    let Some(first) = created.first() else { return Ok(None) };
    let on_disk = repository.clone();
    let reading = tokio::task::spawn_blocking(move || on_disk.browse()?.default_branch());
    let read = reading.await.map_err(|error| ApiError::Bug(error.to_string()))?;
    let made_with = read.map_err(|error| ApiError::Bug(error.to_string()))?;
    let made_with = made_with.as_deref().and_then(|name| name.strip_prefix("refs/heads/"));
    if let Some(same) = made_with.filter(|name| created.contains(name)) {
        return Ok(Some(format!("refs/heads/{same}")));
    }
    repository.set_default_branch(first).await?;
    Ok(Some(format!("refs/heads/{first}")))
}
