//! Tags of builds.

use latchkey_devops::build;
use latchkey_devops::build::Build;

use super::builds::{change_by, find};
use super::call::Call;
use super::payload::Payload;
use super::table::Answer;

/// `GET .../build/builds/{id}/tags`.
pub(super) async fn list(call: Call) -> Answer {
    let inside = call.project().await?;
    let build = find(&call, &inside.access).await?;
    show(&call, &build)
}

/// `PUT .../build/builds/{id}/tags/{tag}`. The tag is in the path; a body says nothing.
pub(super) async fn add(call: Call, _: Payload) -> Answer {
    let inside = call.project().await?;
    let (tag, by, now) = (call.named("tag"), call.person(), call.now);
    let build = change_by(&call, &inside.access, |build| build::add_tag(build, tag, by, now)).await?;
    show(&call, &build)
}

/// `DELETE .../build/builds/{id}/tags/{tag}`.
pub(super) async fn remove(call: Call) -> Answer {
    let inside = call.project().await?;
    let (tag, by, now) = (call.named("tag"), call.person(), call.now);
    let build = change_by(&call, &inside.access, |build| build::remove_tag(build, tag, by, now)).await?;
    show(&call, &build)
}

/// `POST` and `PATCH .../build/builds/{id}/tags`: an array of tags to add, or `{tagsToAdd, tagsToRemove}`.
pub(super) async fn change(call: Call, payload: Payload) -> Answer {
    let (call, body) = call.after(payload.json()).await?;
    let inside = call.project().await?;
    let (by, now) = (call.person(), call.now);
    let build = change_by(&call, &inside.access, |build| build::change_tags(build, &body, by, now)).await?;
    show(&call, &build)
}

fn show(call: &Call, build: &Build) -> Answer {
    call.list(&build.tags)
}
