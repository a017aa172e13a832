//! Work items: what there is to do, with its history.
//!
//! A change comes as a [`Patch`], and [`create`] or [`update`] turn it into the next revision or say which rule it
//! breaks. Nothing of an item changes in any other way.

pub mod comment;
mod edit;
pub mod field;
pub mod history;
pub mod kind;
pub mod patch;
pub mod relation;
pub mod selection;

use std::collections::BTreeSet;

use latchkey_jose::Timestamp;

pub use comment::{Comment, TextFormat};
pub use edit::{Revision, Surroundings, create, update};
pub use field::{Field, FieldType, FieldValue, Fields};
pub use history::{FieldChange, Update};
pub use kind::{State, StateCategory, WorkItemType};
pub use patch::Patch;
pub use relation::{Link, LinkType, Relation};
pub use selection::{Expand, Selection, Shape};

use crate::ids::{PersonId, ProjectId};

/// A work item as of one revision.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkItem {
    /// Its number, unique in the organization.
    pub id: i64,
    /// Its revision, counted from 1.
    pub rev: i64,
    /// The project it belongs to.
    pub project: ProjectId,
    /// What kind of thing it is.
    pub kind: WorkItemType,
    /// What people wrote, and the moments that follow from its states. What the system alone knows is beside it.
    pub fields: Fields,
    /// Links to other items and to the world.
    pub relations: Vec<Relation>,
    /// The reference names of the fields that are written in Markdown.
    pub markdown_fields: BTreeSet<&'static str>,
    /// How many comments it has.
    pub comment_count: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom it was made.
    pub created_by: PersonId,
    /// When this revision was made.
    pub changed_at: Timestamp,
    /// By whom this revision was made.
    pub changed_by: PersonId,
}

impl WorkItem {
    /// The text of a field, or nothing.
    pub fn text(&self, field: &str) -> &str {
        match self.fields.value(field) {
            Some(FieldValue::Text(text)) => text,
            _ => "",
        }
    }

    /// The number of its parent, if it has one.
    pub fn parent(&self) -> Option<i64> {
        self.relations.iter().find_map(|relation| match relation.link {
            Link::WorkItem { kind: LinkType::Parent, target } => Some(target),
            _ => None,
        })
    }

    /// Every field with its value, those included that only the system writes, by reference name.
    pub fn every_field<'a>(
        &'a self,
        project_name: &'a str,
    ) -> impl Iterator<Item = (&'static str, FieldValue<&'a str>)> {
        let of_the_system = [
            (field::ID, FieldValue::Integer(self.id)),
            (field::REV, FieldValue::Integer(self.rev)),
            (field::TEAM_PROJECT, FieldValue::Text(project_name)),
            (field::WORK_ITEM_TYPE, FieldValue::Text(self.kind.name())),
            (field::CREATED_DATE, FieldValue::DateTime(self.created_at)),
            (field::CREATED_BY, FieldValue::Identity(self.created_by)),
            (field::CHANGED_DATE, FieldValue::DateTime(self.changed_at)),
            (field::CHANGED_BY, FieldValue::Identity(self.changed_by)),
            (field::COMMENT_COUNT, FieldValue::Integer(self.comment_count)),
        ];
        let parent = self.parent().map(|parent| (field::PARENT, FieldValue::Integer(parent)));
        let written = self.fields.iter().map(|(name, value)| (name, value.borrowed()));
        of_the_system.into_iter().chain(parent).chain(written)
    }

    /// Everybody whom the item speaks of.
    pub fn people(&self) -> BTreeSet<PersonId> {
        let mentioned = self.fields.iter().filter_map(|(_, value)| match value {
            FieldValue::Identity(person) => Some(*person),
            _ => None,
        });
        mentioned.chain([self.created_by, self.changed_by]).collect()
    }
}
