//! Comments on work items, as answers show them.

use serde::Serialize;

use crate::date::WireDate;
use crate::ids::ProjectId;
use crate::wire::Urls;
use crate::wire::identity::{Identities, IdentityRef};
use crate::work_item;

/// A comment.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// The number of the work item.
    pub work_item_id: i64,
    /// Its number.
    pub id: i64,
    /// How often it was written.
    pub version: i64,
    /// What it says.
    pub text: String,
    /// How it is written.
    pub format: &'static str,
    /// Who wrote it.
    pub created_by: IdentityRef,
    /// When it was written.
    pub created_date: WireDate,
    /// Who last changed it.
    pub modified_by: IdentityRef,
    /// When it was last changed.
    pub modified_date: WireDate,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Where it is.
    pub url: String,
}

/// The comments of a work item. This list has a shape of its own.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommentList {
    /// How many there are.
    pub total_count: i64,
    /// How many there are in this answer.
    pub count: usize,
    /// The comments of this page.
    pub comments: Vec<Comment>,
    /// Where the next page begins, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuation_token: Option<String>,
    /// The URL of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page: Option<String>,
}

/// Shows a comment.
pub fn comment(urls: &Urls, project: ProjectId, identities: &Identities, comment: &work_item::Comment) -> Comment {
    Comment {
        work_item_id: comment.work_item,
        id: comment.id,
        version: comment.version,
        text: comment.text.clone(),
        format: comment.format.name(),
        created_by: identities.of(comment.created_by),
        created_date: WireDate(comment.created_at),
        modified_by: identities.of(comment.modified_by),
        modified_date: WireDate(comment.modified_at),
        is_deleted: comment.deleted,
        url: format!("{}/comments/{}", urls.work_item(project, comment.work_item), comment.id),
    }
}

/// Shows a page of the comments of a work item. `next` is where the next page begins.
pub fn comment_list(
    urls: &Urls,
    project: ProjectId,
    identities: &Identities,
    work_item: i64,
    comments: &[work_item::Comment],
    total_count: i64,
    next: Option<String>,
) -> CommentList {
    let comments: Vec<Comment> = comments.iter().map(|one| comment(urls, project, identities, one)).collect();
    let page = |token: &String| {
        format!("{}/comments?continuationToken={}", urls.work_item(project, work_item), super::encoded(token))
    };
    CommentList {
        total_count,
        count: comments.len(),
        comments,
        next_page: next.as_ref().map(page),
        continuation_token: next,
    }
}
