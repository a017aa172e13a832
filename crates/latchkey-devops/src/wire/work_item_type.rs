//! Types of work items, their states and fields, as answers show them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::ids::ProjectId;
use crate::wire::{Urls, encoded};
use crate::work_item::{self, field::TITLE};

/// A type of work items.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItemType {
    /// Its name.
    pub name: &'static str,
    /// The name that programs know it by.
    pub reference_name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its colour.
    pub color: &'static str,
    /// Its icon.
    pub icon: Icon,
    /// That it can be used.
    pub is_disabled: bool,
    /// Its fields, as its form has them.
    pub field_instances: Vec<TypeField>,
    /// Its fields.
    pub fields: Vec<TypeField>,
    /// Its states.
    pub states: Vec<State>,
    /// From which state it can go to which.
    pub transitions: BTreeMap<&'static str, Vec<Transition>>,
    /// Where it is.
    pub url: String,
}

/// The icon of a type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Icon {
    /// Its name.
    pub id: &'static str,
    /// Where it is.
    pub url: String,
}

/// A state of a type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct State {
    /// Its name.
    pub name: &'static str,
    /// Its colour.
    pub color: &'static str,
    /// What it means.
    pub category: &'static str,
}

/// A step from a state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Transition {
    /// The state it leads to.
    pub to: &'static str,
    /// What happens by it: nothing beyond the step.
    pub actions: Option<()>,
}

/// A field, as a type has it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeField {
    /// The name that programs know it by.
    pub reference_name: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Where it is.
    pub url: String,
    /// Whether an item must have it.
    pub always_required: bool,
    /// The values it may hold, if they are few.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub allowed_values: &'static [&'static str],
}

/// A field in full.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// The name that programs know it by.
    pub reference_name: &'static str,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What has it.
    pub usage: &'static str,
    /// Whether only the system writes it.
    pub read_only: bool,
    /// Whether lists can be sorted by it.
    pub can_sort_by: bool,
    /// Whether lists can be filtered by it.
    pub is_queryable: bool,
    /// Whether it holds people.
    pub is_identity: bool,
    /// Whether it holds one of few values.
    pub is_picklist: bool,
    /// Which comparisons it takes.
    pub supported_operations: Vec<Value>,
    /// Where it is.
    pub url: String,
}

/// Shows a type.
pub fn work_item_type(urls: &Urls, project: ProjectId, kind: work_item::WorkItemType) -> WorkItemType {
    let fields: Vec<TypeField> = kind.fields().map(|field| type_field(urls, project, field)).collect();
    WorkItemType {
        name: kind.name(),
        reference_name: kind.reference_name(),
        description: kind.description(),
        color: kind.color(),
        icon: Icon {
            id: kind.icon(),
            url: urls.api(&format!("wit/workItemIcons/{}?color={}&v=2", kind.icon(), kind.color())),
        },
        is_disabled: false,
        field_instances: fields.clone(),
        fields,
        states: states(kind),
        transitions: transitions(kind),
        url: type_url(urls, project, kind),
    }
}

/// Where a type is.
pub(super) fn type_url(urls: &Urls, project: ProjectId, kind: work_item::WorkItemType) -> String {
    urls.project_api(project, &format!("wit/workItemTypes/{}", encoded(kind.name())))
}

/// Shows the states of a type.
pub fn states(kind: work_item::WorkItemType) -> Vec<State> {
    let shown =
        |state: &work_item::State| State { name: state.name, color: state.color, category: state.category.name() };
    kind.states().iter().map(shown).collect()
}

/// Any state leads to any other; a new item begins in the first.
fn transitions(kind: work_item::WorkItemType) -> BTreeMap<&'static str, Vec<Transition>> {
    let step = |state: &work_item::State| Transition { to: state.name, actions: None };
    let from = |state: &'static work_item::State| (state.name, kind.states().iter().map(step).collect());
    let begin = ("", kind.states().iter().take(1).map(step).collect());
    kind.states().iter().map(from).chain([begin]).collect()
}

fn type_field(urls: &Urls, project: ProjectId, field: &work_item::Field) -> TypeField {
    TypeField {
        reference_name: field.reference_name,
        name: field.name,
        url: field_url(urls, Some(project), field),
        always_required: field.reference_name == TITLE,
        allowed_values: field.allowed,
    }
}

/// Shows a field in full, as a project has it or the whole organization. What it takes is what queries take ([`crate::wiql`]).
pub fn field(urls: &Urls, project: Option<ProjectId>, field: &work_item::Field) -> Field {
    use work_item::FieldType;
    const EQUAL: [(&str, &str); 5] =
        [("Equals", "="), ("NotEquals", "<>"), ("In", "In"), ("NotIn", "Not In"), ("Ever", "Was Ever")];
    const ORDERED: [(&str, &str); 4] =
        [("GreaterThan", ">"), ("LessThan", "<"), ("GreaterThanEquals", ">="), ("LessThanEquals", "<=")];
    const CONTAINS: [(&str, &str); 2] = [("Contains", "Contains"), ("NotContains", "Does Not Contain")];
    const WORDS: [(&str, &str); 2] =
        [("ContainsWords", "Contains Words"), ("NotContainsWords", "Does Not Contain Words")];
    const UNDER: [(&str, &str); 2] = [("Under", "Under"), ("NotUnder", "Not Under")];
    const EMPTY: [(&str, &str); 2] = [("IsEmpty", "Is Empty"), ("IsNotEmpty", "Is Not Empty")];
    let comparisons: &[&[(&str, &str)]] = match field.kind {
        FieldType::History => &[],
        FieldType::Html => &[&CONTAINS, &WORDS, &EMPTY],
        FieldType::Tags => &[&CONTAINS, &EMPTY],
        FieldType::TreePath => &[&UNDER, &EQUAL, &EMPTY],
        FieldType::Identity => &[&EQUAL, &CONTAINS, &EMPTY],
        FieldType::String => &[&EQUAL, &ORDERED, &CONTAINS, &WORDS, &EMPTY],
        FieldType::Integer | FieldType::Double | FieldType::DateTime => &[&EQUAL, &ORDERED, &EMPTY],
    };
    let operation =
        |(name, symbol): &(&str, &str)| json!({"referenceName": format!("SupportedOperations.{name}"), "name": symbol});
    Field {
        name: field.name,
        reference_name: field.reference_name,
        kind: field.kind.name(),
        usage: "workItem",
        read_only: field.read_only,
        can_sort_by: field.can_be_sorted_by(),
        is_queryable: field.kind != FieldType::History,
        is_identity: field.kind == FieldType::Identity,
        is_picklist: !field.allowed.is_empty(),
        supported_operations: comparisons.iter().flat_map(|some| some.iter()).map(operation).collect(),
        url: field_url(urls, project, field),
    }
}

/// Where a field is, as a project has it or the whole organization.
pub(super) fn field_url(urls: &Urls, project: Option<ProjectId>, field: &work_item::Field) -> String {
    let path = ["wit/fields/", field.reference_name].concat();
    project.map_or_else(|| urls.api(&path), |project| urls.project_api(project, &path))
}
