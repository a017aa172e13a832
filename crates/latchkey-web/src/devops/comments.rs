//! Comments on work items.

use latchkey_devops::error::DevOpsError;
use latchkey_devops::wire;
use latchkey_devops::work_item::comment::CommentText;
use latchkey_devops::work_item::{Comment, TextFormat};
use latchkey_identity::Timestamp;
use latchkey_store::devops::comments as kept;
use latchkey_store::devops::organizations::Numbered;

use super::answer::no_content;
use super::call::Call;
use super::error::ApiError;
use super::payload::Payload;
use super::people;
use super::table::Answer;
use super::work_items::{Found, find};

/// How many comments a page has at the most.
const PAGE: u32 = 200;

/// `GET /{organization}/{project}/_apis/wit/workItems/{id}/comments`: newest first.
pub(super) async fn list(call: Call) -> Answer {
    let top = call.query.count(&["$top"], PAGE)?.unwrap_or(PAGE).max(1);
    let found = find(&call, call.number("id")?).await?;
    let name = format!("comments of {} in {}", found.item.id, found.access.organization());
    let before: Option<i64> = call.continuation(&name)?.and_then(|position| position.parse().ok());
    // One more, to know whether there is a next page.
    let mut comments = call.app.store.comments(&found.access, found.item.id, before, top + 1).await?;
    let more = comments.len() > top as usize;
    comments.truncate(top as usize);
    let next = comments.last().filter(|_| more).map(|last| call.continue_at(&name, &last.id.to_string()));
    let urls = call.urls(&found.inside.facts.organization);
    let identities = people::identities(&call.app, &urls, comments.iter().flat_map(mentioned)).await?;
    let (project, total) = (found.project.id, found.item.comment_count);
    call.json(&wire::comment::comment_list(&urls, project, &identities, found.item.id, &comments, total, next))
}

/// `GET /{organization}/{project}/_apis/wit/workItems/{id}/comments/{comment}`.
pub(super) async fn read(call: Call) -> Answer {
    let id = call.number("comment")?;
    let found = find(&call, call.number("id")?).await?;
    let comment = call.app.store.comment(&found.access, found.item.id, id).await?;
    let visible = comment.filter(|comment| !comment.deleted || call.query.flag("includeDeleted"));
    let comment = visible.ok_or_else(|| DevOpsError::comment_not_found(id, found.item.id))?;
    show(&call, &found, &comment).await
}

/// `POST /{organization}/{project}/_apis/wit/workItems/{id}/comments`.
pub(super) async fn create(call: Call, payload: Payload) -> Answer {
    let format = match call.query.get("format") {
        Some(text) => {
            TextFormat::parse(text).ok_or_else(|| DevOpsError::bad_request("The format must be markdown or html."))?
        }
        None => TextFormat::default(),
    };
    let (call, body) = call.after(payload.json()).await?;
    let text = CommentText::read(&body)?;
    let found = find(&call, call.number("id")?).await?;
    let store = &call.app.store;
    let comment = store
        .decide(|| async {
            let id = store.next_number(found.access.organization(), Numbered::Comment).await?;
            let comment = Comment::write(id, found.item.id, text.clone(), format, call.person(), call.now);
            let changes = kept::add(&found.access, &comment);
            Ok((comment, changes))
        })
        .await?;
    show(&call, &found, &comment).await
}

/// `PATCH /{organization}/{project}/_apis/wit/workItems/{id}/comments/{comment}`.
pub(super) async fn update(call: Call, payload: Payload) -> Answer {
    let (call, body) = call.after(payload.json()).await?;
    let text = CommentText::read(&body)?;
    let found = find(&call, call.number("id")?).await?;
    let comment = change(&call, &found, |comment, now| comment.edit(text.clone(), call.person(), now)).await?;
    show(&call, &found, &comment).await
}

/// `DELETE /{organization}/{project}/_apis/wit/workItems/{id}/comments/{comment}`.
pub(super) async fn delete(call: Call) -> Answer {
    let found = find(&call, call.number("id")?).await?;
    change(&call, &found, |comment, now| comment.delete(call.person(), now)).await?;
    Ok(no_content())
}

async fn change(
    call: &Call,
    found: &Found,
    rule: impl Fn(&Comment, Timestamp) -> Result<Comment, DevOpsError>,
) -> Result<Comment, ApiError> {
    let (id, work_item) = (call.number("comment")?, found.item.id);
    let changed = call
        .app
        .store
        .decide(|| async {
            let present = call.app.store.comment(&found.access, work_item, id).await?;
            let absent = || DevOpsError::comment_not_found(id, work_item);
            let changed = present.ok_or_else(absent).and_then(|present| rule(&present, call.now));
            let changes = changed.as_ref().map(|next| kept::change(&found.access, next)).unwrap_or_default();
            Ok((changed, changes))
        })
        .await?;
    Ok(changed?)
}

async fn show(call: &Call, found: &Found, comment: &Comment) -> Answer {
    let urls = call.urls(&found.inside.facts.organization);
    let identities = people::identities(&call.app, &urls, mentioned(comment)).await?;
    call.json(&wire::comment::comment(&urls, found.project.id, &identities, comment))
}

fn mentioned(comment: &Comment) -> [latchkey_devops::ids::PersonId; 2] {
    [comment.created_by, comment.modified_by]
}
