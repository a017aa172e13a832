//! Work items and their revisions.

mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::ids::{AppId, OrganizationId, PersonId, ProjectId};
use latchkey_devops::work_item::{
    Comment, Field, FieldValue, Fields, Link, LinkType, Relation, Revision, TextFormat, WorkItem, WorkItemType,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use walk::{Step, Unread, Walked};

use super::organizations::{Numbered, take_number};
use super::{Through, Unproven, comments, from_json, meaning, to_json};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};
use crate::value::{Row, Value};

/// Items with texts of so many bytes and so many relations at the most are kept in memory.
const SMALL_TEXTS: usize = 4_096;
const SMALL_RELATIONS: usize = 20;

/// How many items one statement reads.
pub const AT_ONCE: usize = 40;

/// Work items of an organization or their revisions, in the columns that [`read`] reads.
macro_rules! select {
    ($table:literal, $condition:literal) => {
        concat!(
            "SELECT id, project, rev, kind, fields, relations, markdown_fields, comment_count, created_at, created_by,
                    changed_at, changed_by
               FROM ",
            $table,
            " WHERE organization = $1 AND ",
            $condition
        )
    };
}

const BY_ID: Sql = Sql::read("work_items.by_id", select!("work_item", "id = $2"));

const BY_IDS: Sql = Sql::read(
    "work_items.by_ids",
    select!(
        "work_item",
        "id IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41)"
    ),
);

const OF_PROJECT: Sql = Sql::read(
    "work_items.of_project",
    select!("work_item", "project = $2 ORDER BY changed_at DESC, id DESC LIMIT $3 OFFSET $4"),
);

const REVISIONS: Sql = Sql::read(
    "work_items.revisions",
    select!("work_item_revision", "project = $2 AND id = $3 AND rev > $4 ORDER BY rev LIMIT $5"),
);

const REVISION: Sql =
    Sql::read("work_items.revision", select!("work_item_revision", "project = $2 AND id = $3 AND rev = $4"));

/// Through which apps its revisions came: those of them that came through one.
const REVISIONS_THROUGH: Sql = Sql::read(
    "work_items.revisions_through",
    "SELECT rev, client FROM work_item_revision
      WHERE organization = $1 AND project = $2 AND id = $3 AND client IS NOT NULL LIMIT $4",
);

const UNDER_AUTHORIZATION: Sql = Sql::read(
    "work_items.under_authorization",
    select!("work_item_revision", "authorization_id = $2 ORDER BY changed_at DESC LIMIT $3"),
);

const CREATE: Sql = Sql::guarded(
    "work_items.create",
    "INSERT INTO work_item (organization, project, id, rev, kind, fields, relations, markdown_fields, comment_count,
                            created_at, created_by, changed_at, changed_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);

/// Makes a revision the present one. Touches no row when it does not follow the present one.
const UPDATE: Sql = Sql::guarded(
    "work_items.update",
    "UPDATE work_item
        SET rev = $4, kind = $5, fields = $6, relations = $7, markdown_fields = $8, comment_count = $9,
            changed_at = $10, changed_by = $11
      WHERE organization = $1 AND project = $2 AND id = $3 AND rev + 1 = $4",
);

const KEEP_REVISION: Sql = Sql::write(
    "work_items.keep_revision",
    "INSERT INTO work_item_revision (organization, project, id, rev, kind, fields, relations, markdown_fields,
                                     comment_count, created_at, created_by, changed_at, changed_by, client,
                                     authorization_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
);

/// Counts comments that came or went. Touches no row when there is no such item in the project.
pub(super) const COUNT_COMMENTS: Sql = Sql::guarded(
    "work_items.count_comments",
    "UPDATE work_item SET comment_count = comment_count + $4 WHERE organization = $1 AND project = $2 AND id = $3",
);

pub(crate) const ALL: &[&Sql] = &[
    &BY_ID,
    &BY_IDS,
    &OF_PROJECT,
    &walk::AHEAD,
    &walk::AHEAD_AS_OF,
    &walk::AHEAD_OF_SEVERAL,
    &walk::TEXTS,
    &walk::TEXTS_NOW,
    &REVISIONS,
    &REVISION,
    &REVISIONS_THROUGH,
    &UNDER_AUTHORIZATION,
    &CREATE,
    &UPDATE,
    &KEEP_REVISION,
    &COUNT_COMMENTS,
];

/// Keeps a revision that a rule made: a new item under the number it was given, or the next revision of one. Lost when
/// another request took the number or changed the item. `comment` is the number of the comment that rides along, if one
/// does.
pub fn keep(access: &ProjectAccess, revision: &Revision, comment: Option<i64>) -> Changes {
    keep_through(access, revision, comment, None)
}

/// The same, with the app through which it came.
pub fn keep_through(
    access: &ProjectAccess,
    revision: &Revision,
    comment: Option<i64>,
    through: Option<Through>,
) -> Changes {
    let item = &revision.item;
    let (organization, project) = (access.organization(), access.project());
    let mut changes =
        if item.rev == 1 { take_number(organization, Numbered::WorkItem, item.id) } else { Changes::none() };
    let place: [Value; 2] = [organization.into(), project.into()];
    let state: [Value; 7] = [
        item.id.into(),
        item.rev.into(),
        item.kind.name().into(),
        item.fields.to_json().into(),
        to_json(&item.relations.iter().map(KeptRelation::from).collect::<Vec<_>>()).into(),
        to_json(&item.markdown_fields).into(),
        item.comment_count.into(),
    ];
    let created: [Value; 2] = [item.created_at.into(), item.created_by.into()];
    let changed: [Value; 2] = [item.changed_at.into(), item.changed_by.into()];
    let whole = [&place[..], &state[..], &created[..], &changed[..]].concat();
    changes.notice(changed_now(organization, item.id));
    if item.rev == 1 {
        changes.write(&CREATE, whole.clone());
    } else {
        changes.write(&UPDATE, [&place[..], &state[..], &changed[..]].concat());
    }
    let through: [Value; 2] =
        [through.map(|through| through.app).into(), through.map(|through| through.authorization).into()];
    changes.write(&KEEP_REVISION, [&whole[..], &through[..]].concat());
    if let (Some(text), Some(id)) = (&revision.comment, comment) {
        let format = TextFormat::default();
        let comment = Comment::write(id, item.id, text.clone(), format, item.changed_by, item.changed_at);
        // The item's own count has it already.
        changes.append(comments::insert(access, &comment));
    }
    changes
}

/// A work item is not any more what it was.
pub(super) fn changed_now(organization: OrganizationId, id: i64) -> Notice {
    Notice::WorkItem { organization: organization.0, id }
}

/// Whether a work item is small enough to be kept in memory.
fn is_small(item: &WorkItem) -> bool {
    let texts = item.fields.iter().map(|(_, value)| match value {
        FieldValue::Text(text) => text.len(),
        _ => 0,
    });
    texts.sum::<usize>() <= SMALL_TEXTS && item.relations.len() <= SMALL_RELATIONS
}

impl Store {
    /// A work item as it is now. It tells its project, and comes out against the proof that its reader may enter there.
    pub async fn work_item(
        &self,
        organization: OrganizationId,
        id: i64,
    ) -> Result<Option<Unproven<Arc<WorkItem>>>, StoreError> {
        let (remembered, key) = (&self.devops.work_items, (organization, id));
        if let Some(item) = remembered.get(&key) {
            return Ok(Some(Unproven::in_project(organization, item.project, item)));
        }
        let before = remembered.before_load(&key);
        let Some(row) = self.read_one(&BY_ID, vec![organization.into(), id.into()]).await? else { return Ok(None) };
        let item = Arc::new(read(&row)?);
        if is_small(&item) {
            remembered.keep(key, Arc::clone(&item), before);
        }
        Ok(Some(Unproven::in_project(organization, item.project, item)))
    }

    /// Those of these work items that there are, in the order asked for.
    pub async fn work_items(
        &self,
        organization: OrganizationId,
        ids: &[i64],
    ) -> Result<Vec<Unproven<WorkItem>>, StoreError> {
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(AT_ONCE) {
            // The places that are left over ask for the last one again.
            let padded = chunk.iter().chain(std::iter::repeat_n(chunk.last().unwrap_or(&0), AT_ONCE));
            let values = std::iter::once(organization.into()).chain(padded.take(AT_ONCE).map(|id| (*id).into()));
            for row in self.read(&BY_IDS, values.collect()).await? {
                found.insert(row.int(0)?, unproven(organization, &row)?);
            }
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// The work items of a project, newest changed first.
    pub async fn work_items_of_project(
        &self,
        access: &ProjectAccess,
        count: u32,
        skip: u32,
    ) -> Result<Vec<WorkItem>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), count.into(), skip.into()];
        self.read(&OF_PROJECT, values).await?.iter().map(read).collect()
    }

    /// The revisions of a work item behind revision `after`, oldest first: all of them behind 0.
    pub async fn revisions(
        &self,
        access: &ProjectAccess,
        id: i64,
        after: i64,
        count: u32,
    ) -> Result<Vec<WorkItem>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), id.into(), after.into(), count.into()];
        self.read(&REVISIONS, values).await?.iter().map(read).collect()
    }

    /// The apps through which revisions of a work item came, by revision.
    pub async fn revisions_through(
        &self,
        access: &ProjectAccess,
        id: i64,
        count: u32,
    ) -> Result<BTreeMap<i64, AppId>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), id.into(), count.into()];
        let rows = self.read(&REVISIONS_THROUGH, values).await?;
        rows.iter().map(|row| Ok((row.int(0)?, AppId(row.uuid(1)?)))).collect()
    }

    /// The revisions that came under an authorization, newest first.
    pub async fn revisions_under(
        &self,
        organization: OrganizationId,
        authorization: Uuid,
        count: u32,
    ) -> Result<Vec<Unproven<WorkItem>>, StoreError> {
        let values = vec![organization.into(), authorization.into(), count.into()];
        let rows = self.read(&UNDER_AUTHORIZATION, values).await?;
        rows.iter().map(|row| unproven(organization, row)).collect()
    }

    /// One revision of a work item.
    pub async fn revision(&self, access: &ProjectAccess, id: i64, rev: i64) -> Result<Option<WorkItem>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), id.into(), rev.into()];
        self.read_one(&REVISION, values).await?.as_ref().map(read).transpose()
    }
}

fn unproven(organization: OrganizationId, row: &Row) -> Result<Unproven<WorkItem>, StoreError> {
    let item = read(row)?;
    Ok(Unproven::in_project(organization, item.project, item))
}

fn read(row: &Row) -> Result<WorkItem, StoreError> {
    let relations: Vec<KeptRelation> = from_json("relation", row.text(5)?)?;
    let markdown: BTreeSet<String> = from_json("field", row.text(6)?)?;
    Ok(WorkItem {
        id: row.int(0)?,
        project: ProjectId(row.uuid(1)?),
        rev: row.int(2)?,
        kind: meaning("work item type", row.text(3)?, WorkItemType::parse(row.text(3)?))?,
        fields: meaning("field", row.text(4)?, Fields::from_json(row.text(4)?))?,
        relations: relations.into_iter().map(KeptRelation::relation).collect::<Result<_, _>>()?,
        markdown_fields: markdown.iter().filter_map(|name| Some(Field::find(name)?.reference_name)).collect(),
        comment_count: row.int(7)?,
        created_at: row.time(8)?,
        created_by: PersonId(row.uuid(9)?),
        changed_at: row.time(10)?,
        changed_by: PersonId(row.uuid(11)?),
    })
}

/// A relation as the database keeps it.
#[derive(Serialize, Deserialize)]
struct KeptRelation {
    rel: String,
    #[serde(flatten)]
    to: Target,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Target {
    WorkItem(i64),
    Page(String),
    Artifact(String),
}

impl From<&Relation> for KeptRelation {
    fn from(relation: &Relation) -> Self {
        let to = match &relation.link {
            Link::WorkItem { target, .. } => Target::WorkItem(*target),
            Link::Hyperlink(url) => Target::Page(url.clone()),
            Link::Artifact(url) => Target::Artifact(url.clone()),
        };
        let rel = relation.link.rel().to_owned();
        Self { rel, to, comment: relation.comment.clone(), name: relation.name.clone() }
    }
}

impl KeptRelation {
    fn relation(self) -> Result<Relation, StoreError> {
        let link = match self.to {
            Target::WorkItem(target) => {
                Link::WorkItem { kind: meaning("link", &self.rel, LinkType::from_rel(&self.rel))?, target }
            }
            Target::Page(url) => Link::Hyperlink(url),
            Target::Artifact(url) => Link::Artifact(url),
        };
        Ok(Relation { link, comment: self.comment, name: self.name })
    }
}
