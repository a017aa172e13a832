//! What a revision changed.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_jose::Timestamp;

use crate::ids::PersonId;
use crate::work_item::field::FieldValue;
use crate::work_item::{Relation, WorkItem};

/// What one revision of a work item changed.
#[derive(Clone, PartialEq, Debug)]
pub struct Update {
    /// The number of the work item.
    pub work_item: i64,
    /// The revision, which also numbers the update.
    pub rev: i64,
    /// Who made it.
    pub revised_by: PersonId,
    /// When it was made.
    pub revised_at: Timestamp,
    /// The fields that changed.
    pub fields: Vec<FieldChange>,
    /// Relations that came.
    pub relations_added: Vec<Relation>,
    /// Relations that went.
    pub relations_removed: Vec<Relation>,
}

/// A field that a revision changed.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldChange {
    /// Its reference name.
    pub field: &'static str,
    /// What it held before, if anything.
    pub old: Option<FieldValue>,
    /// What it holds since, if anything.
    pub new: Option<FieldValue>,
}

impl Update {
    /// Compares a revision with the one before it, or with nothing if it is the first.
    pub fn between(old: Option<&WorkItem>, new: &WorkItem, project_name: &str) -> Self {
        let before: BTreeMap<_, _> = old.into_iter().flat_map(|item| item.every_field(project_name)).collect();
        let after: BTreeMap<_, _> = new.every_field(project_name).collect();
        let names: BTreeSet<&'static str> = before.keys().chain(after.keys()).copied().collect();
        let changed = names.into_iter().filter(|field| before.get(field) != after.get(field));
        let change = |field: &'static str| FieldChange {
            field,
            old: before.get(field).map(|value| value.into_owned()),
            new: after.get(field).map(|value| value.into_owned()),
        };
        let relations_before = old.map(|item| item.relations.as_slice()).unwrap_or_default();
        let without = |all: &[Relation], others: &[Relation]| {
            all.iter().filter(|relation| !others.contains(relation)).cloned().collect()
        };
        Self {
            work_item: new.id,
            rev: new.rev,
            revised_by: new.changed_by,
            revised_at: new.changed_at,
            fields: changed.map(change).collect(),
            relations_added: without(&new.relations, relations_before),
            relations_removed: without(relations_before, &new.relations),
        }
    }
}
