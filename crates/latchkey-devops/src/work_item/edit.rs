//! Making and changing work items.

use std::collections::BTreeSet;

use latchkey_jose::Timestamp;
use serde_json::Value;

use crate::date;
use crate::error::{DevOpsError, ErrorType, Shown};
use crate::ids::PersonId;
use crate::membership::People;
use crate::project::Project;
use crate::work_item::comment::CommentText;
use crate::work_item::field::{self, Field, FieldValue, Fields, LONGEST_LINE};
use crate::work_item::kind::{State, StateCategory};
use crate::work_item::patch::Operation;
use crate::work_item::{FieldChange, Link, LinkType, Patch, Relation, TextFormat, Update, WorkItem, WorkItemType};

/// The most relations of one item.
const MOST_RELATIONS: usize = 1_000;
/// The deepest area or iteration.
const DEEPEST_PATH: usize = 14;

/// What a change of a work item leans on.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The project of the item.
    pub project: &'a Project,
    /// The people whom the patch may mean: those it names, as far as they belong to the organization.
    pub people: &'a People,
    /// The items that the patch may link to: those it names, as far as the caller can reach them.
    pub reachable_items: &'a BTreeSet<i64>,
}

/// The next revision of a work item, ready to be kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Revision {
    /// The item as of this revision.
    pub item: WorkItem,
    /// What the revision changed. The other end of every link that came or went changes with it.
    pub update: Update,
    /// A comment that rides along.
    pub comment: Option<CommentText>,
}

/// Makes a work item from a patch, under the number that the store has for it.
pub fn create(
    id: i64,
    kind: WorkItemType,
    patch: &Patch,
    surroundings: Surroundings,
    by: PersonId,
    now: Timestamp,
) -> Result<Revision, DevOpsError> {
    let root = surroundings.project.name.as_str();
    let mut fields = Fields::default();
    fields.set(field::AREA_PATH, Some(FieldValue::Text(root.to_owned())));
    fields.set(field::ITERATION_PATH, Some(FieldValue::Text(root.to_owned())));
    fields.set(field::PRIORITY, Some(FieldValue::Integer(2)));
    if let Some(first) = kind.states().first() {
        fields.set(field::STATE, Some(FieldValue::Text(first.name.to_owned())));
    }
    let blank = WorkItem {
        id,
        rev: 0,
        project: surroundings.project.id,
        kind,
        fields,
        relations: Vec::new(),
        markdown_fields: BTreeSet::new(),
        comment_count: 0,
        created_at: now,
        created_by: by,
        changed_at: now,
        changed_by: by,
    };
    let mut draft = Draft::of(&blank, surroundings);
    draft.apply(patch)?;
    draft.finish(None, by, now)
}

/// Changes a work item by a patch.
///
/// `test /rev` holds the change to the revision that its author saw. Without it the patch applies to the present one; the
/// store still keeps the revision only if nobody was faster.
pub fn update(
    current: &WorkItem,
    patch: &Patch,
    surroundings: Surroundings,
    by: PersonId,
    now: Timestamp,
) -> Result<Revision, DevOpsError> {
    let mut draft = Draft::of(current, surroundings);
    draft.apply(patch)?;
    draft.finish(Some(current), by, now)
}

struct Draft<'a> {
    item: WorkItem,
    comment: Option<CommentText>,
    reason_given: bool,
    surroundings: Surroundings<'a>,
}

impl<'a> Draft<'a> {
    fn of(item: &WorkItem, surroundings: Surroundings<'a>) -> Self {
        Self { item: item.clone(), comment: None, reason_given: false, surroundings }
    }

    fn apply(&mut self, patch: &Patch) -> Result<(), DevOpsError> {
        for operation in patch.operations() {
            match operation {
                Operation::SetField(field, value) => {
                    let value = field.read(value, self.surroundings.people)?;
                    self.set(field, value)?;
                }
                Operation::ClearField(field) => self.set(field, None)?,
                Operation::CopyField { from, to, clear } => {
                    let value = self.item.fields.value(from.reference_name).cloned();
                    self.set(to, value)?;
                    if *clear && from != to {
                        self.set(from, None)?;
                    }
                }
                Operation::TestField(field, expected) => self.test(field, expected)?,
                Operation::TestRev(rev) if *rev == self.item.rev => {}
                Operation::TestRev(rev) => {
                    return Err(test_failed("/rev", &self.item.rev.to_string(), &rev.to_string()));
                }
                Operation::AddRelation(relation) => self.add_relation(relation)?,
                Operation::ReplaceRelation(place, relation) => {
                    self.remove_relation(*place)?;
                    self.add_relation(relation)?;
                }
                Operation::RemoveRelation(place) => self.remove_relation(*place)?,
                Operation::SetFormat(field, TextFormat::Markdown) => {
                    self.item.markdown_fields.insert(field.reference_name);
                }
                Operation::SetFormat(field, TextFormat::Html) => {
                    self.item.markdown_fields.remove(field.reference_name);
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, field: &'static Field, value: Option<FieldValue>) -> Result<(), DevOpsError> {
        if !field.belongs_to(self.item.kind) {
            return Err(DevOpsError::new(
                ErrorType::InvalidPatchField,
                format!(
                    "TF51535: Cannot find field {} in work item type {}.",
                    field.reference_name,
                    self.item.kind.name()
                ),
            ));
        }
        let value = match (field.reference_name, value) {
            (field::STATE, value) => Some(FieldValue::Text(self.state(value)?.name.to_owned())),
            (field::REASON, value) => {
                self.reason_given = value.is_some();
                value
            }
            (field::AREA_PATH | field::ITERATION_PATH, value) => Some(FieldValue::Text(self.path(field, value)?)),
            (field::HISTORY, value) => {
                if let Some(FieldValue::Text(text)) = value {
                    self.comment = Some(CommentText::new(&text)?);
                }
                return Ok(());
            }
            (_, value) => value,
        };
        self.item.fields.set(field.reference_name, value);
        Ok(())
    }

    fn state(&self, value: Option<FieldValue>) -> Result<&'static State, DevOpsError> {
        let kind = self.item.kind;
        let name = match value {
            Some(FieldValue::Text(name)) => name,
            _ => String::new(),
        };
        kind.state(&name).ok_or_else(|| {
            let states: Vec<&str> = kind.states().iter().map(|state| state.name).collect();
            DevOpsError::rule(format!(
                "TF401320: Rule Error for field State. The value '{}' is not in the list of supported values of {}: {}.",
                Shown(&name),
                kind.name(),
                states.join(", ")
            ))
        })
    }

    /// An area or iteration below the project, which is spelled as the project is.
    fn path(&self, field: &Field, value: Option<FieldValue>) -> Result<String, DevOpsError> {
        let root = self.surroundings.project.name.as_str();
        let Some(FieldValue::Text(path)) = value else { return Ok(root.to_owned()) };
        let wrong = |why: &str| {
            DevOpsError::rule(format!(
                "TF401347: Invalid tree name given for work item {}, field '{}': {why}.",
                self.item.id, field.reference_name
            ))
        };
        let mut parts = path.trim_matches('\\').split('\\').map(str::trim);
        if !parts.next().is_some_and(|first| first.eq_ignore_ascii_case(root)) {
            return Err(wrong("it must begin with the name of the project"));
        }
        let mut whole = root.to_owned();
        for (depth, part) in parts.enumerate() {
            if part.is_empty() || depth + 1 >= DEEPEST_PATH {
                return Err(wrong("it has an empty part, or too many"));
            }
            whole.push('\\');
            whole.push_str(part);
        }
        if whole.chars().count() > LONGEST_LINE { Err(wrong("it is too long")) } else { Ok(whole) }
    }

    fn test(&self, field: &'static Field, expected: &Value) -> Result<(), DevOpsError> {
        let project_name = self.surroundings.project.name.as_str();
        let present = self.item.every_field(project_name).find(|(name, _)| *name == field.reference_name);
        let present = present.map(|(_, value)| value);
        // What cannot be read as a value of this field cannot be equal to one.
        let expected_value = field.read(expected, self.surroundings.people).ok();
        let same = |expected: Option<FieldValue>| match (expected, present) {
            // Answers tell moments to the millisecond.
            (Some(FieldValue::DateTime(expected)), Some(FieldValue::DateTime(present))) => {
                date::format(expected) == date::format(present)
            }
            (expected, present) => expected.as_ref().map(FieldValue::borrowed) == present,
        };
        if expected_value.is_some_and(same) {
            return Ok(());
        }
        let path = format!("/fields/{}", field.reference_name);
        let said = match present {
            Some(FieldValue::Text(text)) => text.to_owned(),
            Some(FieldValue::Integer(number)) => number.to_string(),
            Some(FieldValue::Double(number)) => number.to_string(),
            Some(FieldValue::DateTime(moment)) => date::format(moment),
            Some(FieldValue::Identity(person)) => person.to_string(),
            None => String::new(),
        };
        let expected = expected.as_str().map_or_else(|| expected.to_string(), str::to_owned);
        Err(test_failed(&path, &said, &expected))
    }

    fn add_relation(&mut self, relation: &Relation) -> Result<(), DevOpsError> {
        let failed = |why: String| DevOpsError::new(ErrorType::PatchOperationFailed, why);
        if let Link::WorkItem { kind, target } = relation.link {
            if target == self.item.id {
                return Err(failed(format!("TF201035: Work item {target} cannot be linked to itself.")));
            }
            if !self.surroundings.reachable_items.contains(&target) {
                return Err(DevOpsError::work_item_not_found(target));
            }
            if kind == LinkType::Parent && self.item.parent().is_some_and(|parent| parent != target) {
                return Err(failed("TF201036: A work item has one parent at most; remove the other first.".to_owned()));
            }
        }
        if self.item.relations.iter().any(|present| present.link == relation.link) {
            return Err(failed("VS402625: The relation already exists.".to_owned()));
        }
        if self.item.relations.len() >= MOST_RELATIONS {
            return Err(failed(format!("VS403357: A work item has at most {MOST_RELATIONS} relations.")));
        }
        self.item.relations.push(relation.clone());
        Ok(())
    }

    fn remove_relation(&mut self, place: usize) -> Result<(), DevOpsError> {
        if place >= self.item.relations.len() {
            let message = format!("VS403648: There is no relation at index {place}.");
            return Err(DevOpsError::new(ErrorType::PatchOperationFailed, message));
        }
        self.item.relations.remove(place);
        Ok(())
    }

    fn finish(mut self, before: Option<&WorkItem>, by: PersonId, now: Timestamp) -> Result<Revision, DevOpsError> {
        if self.item.text(field::TITLE).is_empty() {
            return Err(DevOpsError::rule("TF401320: Rule Error for field Title. Error code: Required, InvalidEmpty."));
        }
        self.follow_state(before, by, now);
        let project_name = self.surroundings.project.name.as_str();
        let item = WorkItem {
            rev: self.item.rev.saturating_add(1),
            changed_at: now,
            changed_by: by,
            comment_count: self.item.comment_count.saturating_add(i64::from(self.comment.is_some())),
            ..self.item
        };
        let mut update = Update::between(before, &item, project_name);
        if let Some(comment) = &self.comment {
            let new = Some(FieldValue::Text(comment.as_str().to_owned()));
            update.fields.push(FieldChange { field: field::HISTORY, old: None, new });
        }
        Ok(Revision { item, update, comment: self.comment })
    }

    /// Sets what follows from a new state: its reason, and the moments and people of its category.
    fn follow_state(&mut self, before: Option<&WorkItem>, by: PersonId, now: Timestamp) {
        let state = self.item.kind.state(self.item.text(field::STATE));
        let earlier = before.and_then(|item| item.kind.state(item.text(field::STATE)));
        let Some(state) = state.filter(|state| Some(*state) != earlier) else { return };
        let fields = &mut self.item.fields;
        if !self.reason_given {
            fields.set(field::REASON, Some(FieldValue::Text(state.reason.to_owned())));
        }
        fields.set(field::STATE_CHANGE_DATE, Some(FieldValue::DateTime(now)));
        let reached = [
            (StateCategory::InProgress, field::ACTIVATED_DATE, field::ACTIVATED_BY),
            (StateCategory::Resolved, field::RESOLVED_DATE, field::RESOLVED_BY),
            (StateCategory::Completed, field::CLOSED_DATE, field::CLOSED_BY),
        ];
        for (category, date, person) in reached {
            if state.category == category {
                fields.set(date, Some(FieldValue::DateTime(now)));
                fields.set(person, Some(FieldValue::Identity(by)));
            } else if state.category < category {
                // Who takes an item up again undoes that it was done.
                fields.set(date, None);
                fields.set(person, None);
            }
        }
    }
}

fn test_failed(path: &str, present: &str, expected: &str) -> DevOpsError {
    DevOpsError::new(
        ErrorType::TestPatchFailed,
        format!(
            "VS403351: Test Operation for path {path} failed, value {} was not equal to test value {}.",
            Shown(present),
            Shown(expected)
        ),
    )
}

#[cfg(test)]
mod tests;
