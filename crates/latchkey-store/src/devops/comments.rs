//! Comments on work items.

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::ids::PersonId;
use latchkey_devops::work_item::{Comment, TextFormat};

use super::organizations::{Numbered, take_number};
use super::{meaning, work_items};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

const OF_WORK_ITEM: Sql = Sql::read(
    "comments.of_work_item",
    "SELECT work_item, id, version, body, format, created_by, created_at, modified_by, modified_at, deleted
       FROM work_item_comment
      WHERE organization = $1 AND project = $2 AND work_item = $3 AND id < $4 AND deleted = 0
      ORDER BY id DESC LIMIT $5",
);

const BY_ID: Sql = Sql::read(
    "comments.by_id",
    "SELECT work_item, id, version, body, format, created_by, created_at, modified_by, modified_at, deleted
       FROM work_item_comment WHERE organization = $1 AND project = $2 AND work_item = $3 AND id = $4",
);

const INSERT: Sql = Sql::guarded(
    "comments.insert",
    "INSERT INTO work_item_comment (organization, project, work_item, id, version, body, format, created_by, created_at,
                                    modified_by, modified_at, deleted)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);

/// Keeps the next version of a comment. Touches no row when it does not follow the present one.
const CHANGE: Sql = Sql::guarded(
    "comments.change",
    "UPDATE work_item_comment SET version = $5, body = $6, modified_by = $7, modified_at = $8, deleted = $9
      WHERE organization = $1 AND project = $2 AND work_item = $3 AND id = $4 AND version + 1 = $5",
);

pub(crate) const ALL: &[&Sql] = &[&OF_WORK_ITEM, &BY_ID, &INSERT, &CHANGE];

/// Keeps a new comment. Lost when another request took its number, or the work item is not in the project.
pub fn add(access: &ProjectAccess, comment: &Comment) -> Changes {
    let mut changes = insert(access, comment);
    count(&mut changes, access, comment.work_item, 1);
    changes
}

/// Keeps a comment that was edited or deleted. Lost when it was changed meanwhile.
pub fn change(access: &ProjectAccess, comment: &Comment) -> Changes {
    let mut changes = Changes::none();
    let values = vec![
        access.organization().into(),
        access.project().into(),
        comment.work_item.into(),
        comment.id.into(),
        comment.version.into(),
        comment.text.as_str().into(),
        comment.modified_by.into(),
        comment.modified_at.into(),
        comment.deleted.into(),
    ];
    changes.write(&CHANGE, values);
    if comment.deleted {
        count(&mut changes, access, comment.work_item, -1);
    }
    changes
}

/// The comment alone, for who counts it in the work item himself.
pub(super) fn insert(access: &ProjectAccess, comment: &Comment) -> Changes {
    let mut changes = take_number(access.organization(), Numbered::Comment, comment.id);
    let values = vec![
        access.organization().into(),
        access.project().into(),
        comment.work_item.into(),
        comment.id.into(),
        comment.version.into(),
        comment.text.as_str().into(),
        comment.format.name().into(),
        comment.created_by.into(),
        comment.created_at.into(),
        comment.modified_by.into(),
        comment.modified_at.into(),
        comment.deleted.into(),
    ];
    changes.write(&INSERT, values);
    changes
}

fn count(changes: &mut Changes, access: &ProjectAccess, work_item: i64, more: i64) {
    let values = vec![access.organization().into(), access.project().into(), work_item.into(), more.into()];
    changes
        .write(&work_items::COUNT_COMMENTS, values)
        .notice(work_items::changed_now(access.organization(), work_item));
}

impl Store {
    /// The comments on a work item, newest first: `count` of them, with numbers below `before`.
    pub async fn comments(
        &self,
        access: &ProjectAccess,
        work_item: i64,
        before: Option<i64>,
        count: u32,
    ) -> Result<Vec<Comment>, StoreError> {
        let values = vec![
            access.organization().into(),
            access.project().into(),
            work_item.into(),
            before.unwrap_or(i64::MAX).into(),
            count.into(),
        ];
        self.read(&OF_WORK_ITEM, values).await?.iter().map(read).collect()
    }

    /// A comment on a work item, even if it was deleted.
    pub async fn comment(
        &self,
        access: &ProjectAccess,
        work_item: i64,
        id: i64,
    ) -> Result<Option<Comment>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), work_item.into(), id.into()];
        self.read_one(&BY_ID, values).await?.as_ref().map(read).transpose()
    }
}

fn read(row: &Row) -> Result<Comment, StoreError> {
    Ok(Comment {
        work_item: row.int(0)?,
        id: row.int(1)?,
        version: row.int(2)?,
        text: row.text(3)?.to_owned(),
        format: meaning("format", row.text(4)?, TextFormat::parse(row.text(4)?))?,
        created_by: PersonId(row.uuid(5)?),
        created_at: row.time(6)?,
        modified_by: PersonId(row.uuid(7)?),
        modified_at: row.time(8)?,
        deleted: row.bool(9)?,
    })
}
