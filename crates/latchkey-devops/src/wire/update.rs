//! Updates of work items, as answers show them.

use serde::Serialize;

use crate::date::WireDate;
use crate::ids::ProjectId;
use crate::wire::identity::{Identities, IdentityRef};
use crate::wire::work_item::{Relation, ShownValue, field_value, relation};
use crate::wire::{Urls, as_object};
use crate::work_item;

/// What one revision changed.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Update<'a> {
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
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_object")]
    pub fields: Vec<(&'static str, FieldUpdate<'a>)>,
    /// The relations it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relations: Option<RelationUpdates>,
    /// Where it is.
    pub url: String,
}

/// What a field held before and holds since.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldUpdate<'a> {
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_value: Option<ShownValue<'a>>,
    /// Since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_value: Option<ShownValue<'a>>,
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
pub fn update<'a>(
    urls: &Urls,
    project: ProjectId,
    identities: &Identities,
    update: &'a work_item::Update,
) -> Update<'a> {
    let value = |value: &'a Option<work_item::FieldValue>| {
        value.as_ref().map(|value| field_value(identities, value.borrowed()))
    };
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
        revised_by: identities.of(update.revised_by),
        revised_date: WireDate(update.revised_at),
        fields: fields.collect(),
        relations: (!relations.added.is_empty() || !relations.removed.is_empty()).then_some(relations),
        url: format!("{}/updates/{}", urls.work_item(project, update.work_item), update.rev),
    }
}
