//! Updates of work items, as answers show them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::date::WireDate;
use crate::ids::ProjectId;
use crate::membership::People;
use crate::wire::Urls;
use crate::wire::identity::{IdentityRef, identity_of};
use crate::wire::work_item::{Relation, ShownValue, field_value, relation};
use crate::work_item;

/// What one revision changed.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// Its number, which is that of the revision.
    pub id: i64,
    /// The number of the work item.
    pub work_item_id: i64,
    /// The revision.
    pub rev: i64,
    /// Who made it.
    pub revised_by: IdentityRef,
    /// When it was made.
    pub revised_date: WireDate,
    /// The fields it changed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<&'static str, FieldUpdate>,
    /// The relations it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relations: Option<RelationUpdates>,
    /// Where it is.
    pub url: String,
}

/// What a field held before and holds since.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldUpdate {
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_value: Option<ShownValue>,
    /// Since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_value: Option<ShownValue>,
}

/// Which relations came and went.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RelationUpdates {
    /// Those that came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Relation>,
    /// Those that went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Relation>,
}

/// Shows what a revision changed.
pub fn update(urls: &Urls, project: ProjectId, people: &People, update: &work_item::Update) -> Update {
    let value = |value: &Option<work_item::FieldValue>| value.clone().map(|value| field_value(urls, people, value));
    let fields = update
        .fields
        .iter()
        .map(|change| (change.field, FieldUpdate { old_value: value(&change.old), new_value: value(&change.new) }));
    let shown = |relations: &[work_item::Relation]| relations.iter().map(|one| relation(urls, one)).collect::<Vec<_>>();
    let relations =
        RelationUpdates { added: shown(&update.relations_added), removed: shown(&update.relations_removed) };
    Update {
        id: update.rev,
        work_item_id: update.work_item,
        rev: update.rev,
        revised_by: identity_of(urls, people, update.revised_by),
        revised_date: WireDate(update.revised_at),
        fields: fields.collect(),
        relations: (!relations.added.is_empty() || !relations.removed.is_empty()).then_some(relations),
        url: format!("{}/updates/{}", urls.work_item(project, update.work_item), update.rev),
    }
}
