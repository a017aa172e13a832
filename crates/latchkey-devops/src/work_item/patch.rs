//! JSON Patch, as far as work items take it. [RFC 6902]
//!
//! Only paths of fields, relations and the revision are known; everything else is refused while the patch is read, before
//! any item is looked at. Clients write `op` in any case, and one of them as a number.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::{DevOpsError, ErrorType, Shown};
use crate::work_item::comment::TextFormat;
use crate::work_item::field::{Field, FieldType, mentioned};
use crate::work_item::relation::{Link, Relation};

/// The most operations of one patch.
const MOST_OPERATIONS: usize = 200;

/// A change that somebody asks for.
#[derive(Clone, PartialEq, Debug)]
pub struct Patch(Vec<Operation>);

/// One step of a change.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Operation {
    /// Set a field, as `add` and `replace` do.
    SetField(&'static Field, Value),
    /// Clear a field.
    ClearField(&'static Field),
    /// Copy a field's value to another, and clear the first when it is a move.
    CopyField { from: &'static Field, to: &'static Field, clear: bool },
    /// Go on only if a field has this value.
    TestField(&'static Field, Value),
    /// Go on only if the item is at this revision.
    TestRev(i64),
    /// Add a relation.
    AddRelation(Relation),
    /// Put a relation in the place of another.
    ReplaceRelation(usize, Relation),
    /// Remove a relation.
    RemoveRelation(usize),
    /// Say how a field's text is written.
    SetFormat(&'static Field, TextFormat),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

#[derive(Clone, Copy)]
enum Path {
    Field(&'static Field),
    Format(&'static Field),
    NewRelation,
    Relation(usize),
    Rev,
    Id,
}

impl Patch {
    /// Reads a patch document.
    pub fn parse(document: &Value) -> Result<Self, DevOpsError> {
        let Value::Array(operations) = document else {
            return Err(DevOpsError::bad_request(
                "You must pass a valid patch document in the body of the request: an array of operations.",
            ));
        };
        if operations.len() > MOST_OPERATIONS {
            return Err(DevOpsError::bad_request(format!(
                "A patch document has at most {MOST_OPERATIONS} operations."
            )));
        }
        let mut read = Vec::with_capacity(operations.len());
        for (index, operation) in operations.iter().enumerate() {
            read.extend(parse_operation(index, operation)?);
        }
        Ok(Self(read))
    }

    /// A patch that sets fields: for our own pages and sample data. Names that are no fields are left out.
    pub fn of_fields<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        let set = |(name, value)| Some(Operation::SetField(Field::find(name)?, value));
        Self(fields.into_iter().filter_map(set).collect())
    }

    /// The same patch, with a link added to its end.
    #[must_use]
    pub fn with_link(mut self, link: Link) -> Self {
        self.0.push(Operation::AddRelation(Relation { link, comment: None, name: None }));
        self
    }

    /// The steps, in order.
    pub(super) fn operations(&self) -> &[Operation] {
        &self.0
    }

    /// How the patch names people, to be looked up before it is applied.
    pub fn people(&self) -> BTreeSet<&str> {
        let named = self.0.iter().filter_map(|operation| match operation {
            Operation::SetField(field, value) | Operation::TestField(field, value)
                if field.kind == FieldType::Identity =>
            {
                mentioned(value)
            }
            _ => None,
        });
        named.filter(|text| !text.trim().is_empty()).collect()
    }

    /// The work items that the patch links to, to be looked up before it is applied.
    pub fn linked_work_items(&self) -> BTreeSet<i64> {
        let linked = |operation: &Operation| match operation {
            Operation::AddRelation(relation) | Operation::ReplaceRelation(_, relation) => match relation.link {
                Link::WorkItem { target, .. } => Some(target),
                _ => None,
            },
            _ => None,
        };
        self.0.iter().filter_map(linked).collect()
    }
}

fn parse_operation(index: usize, operation: &Value) -> Result<Option<Operation>, DevOpsError> {
    let path_text = operation
        .get("path")
        .and_then(Value::as_str)
        .ok_or_else(|| failed(index, "it needs a path, such as /fields/System.Title"))?;
    let op = operation
        .get("op")
        .and_then(parse_op)
        .ok_or_else(|| failed(index, "op must be add, replace, remove, test, copy or move"))?;
    let value = operation.get("value").unwrap_or(&Value::Null);
    let path = parse_path(index, path_text)?;
    match (op, path) {
        (Op::Test, Path::Rev) => match number(value) {
            Some(rev) => Ok(Some(Operation::TestRev(rev))),
            None => Err(failed(index, "the value of /rev must be a revision number")),
        },
        // Clients number the items of a batch below zero; the number means nothing outside of it.
        (Op::Add, Path::Id) if number(value).is_some_and(|id| id < 0) => Ok(None),
        (_, Path::Rev | Path::Id) => Err(failed(index, "/rev can be tested only, and /id is given by the server")),

        (Op::Test, Path::Field(field)) => Ok(Some(Operation::TestField(field, value.clone()))),
        (_, Path::Field(field)) if field.read_only => Err(read_only(field)),
        (Op::Add | Op::Replace, Path::Field(field)) => Ok(Some(Operation::SetField(field, value.clone()))),
        (Op::Remove, Path::Field(field)) => Ok(Some(Operation::ClearField(field))),
        (Op::Copy | Op::Move, Path::Field(to)) => {
            let from = operation.get("from").and_then(Value::as_str).ok_or_else(|| failed(index, "it needs from"))?;
            let Path::Field(from) = parse_path(index, from)? else {
                return Err(failed(index, "from must be a field"));
            };
            let clear = op == Op::Move;
            if clear && from.read_only {
                return Err(read_only(from));
            }
            if from.kind != to.kind {
                return Err(failed(index, "from and path must be fields of the same type"));
            }
            Ok(Some(Operation::CopyField { from, to, clear }))
        }

        (Op::Add, Path::NewRelation) => Ok(Some(Operation::AddRelation(Relation::read(value)?))),
        (Op::Remove, Path::Relation(place)) => Ok(Some(Operation::RemoveRelation(place))),
        (Op::Replace, Path::Relation(place)) => Ok(Some(Operation::ReplaceRelation(place, Relation::read(value)?))),
        (_, Path::NewRelation | Path::Relation(_)) => {
            Err(failed(index, "relations are added at /relations/-, and replaced or removed at /relations/{index}"))
        }

        (Op::Add | Op::Replace, Path::Format(field)) => match value.as_str().and_then(TextFormat::parse) {
            Some(format) => Ok(Some(Operation::SetFormat(field, format))),
            None => Err(failed(index, "the format of a field is Markdown or Html")),
        },
        (_, Path::Format(_)) => Err(failed(index, "the format of a field can be added or replaced only")),
    }
}

fn parse_op(op: &Value) -> Option<Op> {
    match op {
        Value::String(word) => match word.to_ascii_lowercase().as_str() {
            "add" => Some(Op::Add),
            "remove" => Some(Op::Remove),
            "replace" => Some(Op::Replace),
            "move" => Some(Op::Move),
            "copy" => Some(Op::Copy),
            "test" => Some(Op::Test),
            _ => None,
        },
        Value::Number(number) => match number.as_u64()? {
            0 => Some(Op::Add),
            1 => Some(Op::Remove),
            2 => Some(Op::Replace),
            3 => Some(Op::Move),
            4 => Some(Op::Copy),
            5 => Some(Op::Test),
            _ => None,
        },
        _ => None,
    }
}

fn parse_path(index: usize, path: &str) -> Result<Path, DevOpsError> {
    let unknown = || failed(index, &format!("the path {} is not one of a work item", Shown(path)));
    let mut parts = path.strip_prefix('/').unwrap_or(path).splitn(2, '/');
    let head = parts.next().unwrap_or_default();
    let rest = parts.next();
    match (head.to_ascii_lowercase().as_str(), rest) {
        ("fields", Some(name)) => field(name).map(Path::Field),
        ("multilinefieldsformat", Some(name)) => {
            let field = field(name)?;
            if field.kind == FieldType::Html { Ok(Path::Format(field)) } else { Err(unknown()) }
        }
        ("relations", Some("-")) => Ok(Path::NewRelation),
        ("relations", Some(place)) => place.parse().map(Path::Relation).map_err(|_| unknown()),
        ("rev", None) => Ok(Path::Rev),
        ("id", None) => Ok(Path::Id),
        _ => Err(unknown()),
    }
}

fn field(name: &str) -> Result<&'static Field, DevOpsError> {
    // A path escapes `~` and `/`. [RFC 6901 §3]
    let name = name.replace("~1", "/").replace("~0", "~");
    Field::find(&name).ok_or_else(|| DevOpsError::field_not_found(&name))
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn read_only(field: &Field) -> DevOpsError {
    DevOpsError::rule(format!(
        "TF401320: Rule Error for field {}. The field {} is read-only.",
        field.name, field.reference_name
    ))
}

fn failed(index: usize, why: &str) -> DevOpsError {
    DevOpsError::new(ErrorType::PatchOperationFailed, format!("VS403647: Operation {index} cannot be done: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind(operation: Value) -> ErrorType {
        Patch::parse(&json!([operation])).unwrap_err().kind
    }

    #[test]
    fn operations_are_read_in_any_case_and_as_numbers() {
        for op in [json!("add"), json!("Add"), json!("ADD"), json!(0), json!("replace"), json!(2)] {
            let patch = Patch::parse(&json!([{"op": op, "path": "/fields/system.title", "value": "Lamp"}])).unwrap();
            let title = Field::find("System.Title").unwrap();
            assert_eq!(patch.operations(), [Operation::SetField(title, json!("Lamp"))]);
        }
    }

    #[test]
    fn only_the_paths_of_a_work_item_are_known() {
        for path in [
            "",
            "/",
            "/fields",
            "/rev/x",
            "/relations",
            "/relations/-1",
            "/relations/x",
            "/__proto__",
            "/id/1",
            "/comments/-",
        ] {
            let operation = json!({"op": "add", "path": path, "value": 1});
            assert_eq!(kind(operation), ErrorType::PatchOperationFailed, "{path}");
        }
        assert_eq!(kind(json!({"op": "add", "path": "/fields/Made.Up", "value": 1})), ErrorType::InvalidPatchField);
        assert_eq!(
            kind(json!({"op": "add", "path": "/multilineFieldsFormat/System.Title", "value": "Markdown"})),
            ErrorType::PatchOperationFailed
        );
    }

    #[test]
    fn system_fields_are_read_only_for_every_operation() {
        for field in [
            "System.Id",
            "System.Rev",
            "System.CreatedBy",
            "System.ChangedDate",
            "System.TeamProject",
            "System.WorkItemType",
        ] {
            let path = format!("/fields/{field}");
            for op in ["add", "replace", "remove"] {
                assert_eq!(
                    kind(json!({"op": op, "path": path, "value": 1})),
                    ErrorType::RuleValidation,
                    "{op} {field}"
                );
            }
            let copy = json!({"op": "copy", "from": "/fields/System.Title", "path": path});
            assert_eq!(kind(copy), ErrorType::RuleValidation);
        }
        let steal = json!({"op": "move", "from": "/fields/System.CreatedBy", "path": "/fields/System.AssignedTo"});
        assert_eq!(kind(steal), ErrorType::RuleValidation);
    }

    #[test]
    fn a_patch_has_at_most_200_operations() {
        let operation = json!({"op": "test", "path": "/rev", "value": 1});
        assert!(Patch::parse(&Value::Array(vec![operation.clone(); 200])).is_ok());
        assert_eq!(Patch::parse(&Value::Array(vec![operation; 201])).unwrap_err().status(), 400);
    }

    #[test]
    fn a_document_that_is_no_patch_is_refused_and_never_panics() {
        for document in [json!(null), json!({}), json!("x"), json!(1)] {
            assert_eq!(Patch::parse(&document).unwrap_err().status(), 400);
        }
        for operation in [json!(null), json!([]), json!({}), json!({"op": "add"}), json!({"op": 9, "path": "/rev"})] {
            assert_eq!(kind(operation), ErrorType::PatchOperationFailed);
        }
    }

    #[test]
    fn a_patch_tells_beforehand_whom_and_what_it_speaks_of() {
        let patch = Patch::parse(&json!([
            {"op": "add", "path": "/fields/System.AssignedTo", "value": {"uniqueName": "ana@harbor.test"}},
            {"op": "add", "path": "/id", "value": -1},
            {"op": "add", "path": "/id", "value": "-2"},
            {"op": "add", "path": "/relations/-", "value": {"rel": "System.LinkTypes.Related", "url": "x/_apis/wit/workitems/7"}},
        ]))
        .unwrap();
        assert_eq!(patch.people(), ["ana@harbor.test"].into());
        assert_eq!(patch.linked_work_items(), [7].into());
        assert_eq!(patch.operations().len(), 2);
    }
}
