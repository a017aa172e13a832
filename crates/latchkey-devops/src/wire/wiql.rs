//! The answer to a query for work items: their numbers, and no more of them.

use serde::Serialize;

use crate::date::WireDate;
use crate::ids::ProjectId;
use crate::wiql::Query;
use crate::wire::Urls;
use crate::wire::work_item_type::field_url;
use crate::work_item::Field;
use latchkey_jose::Timestamp;

/// The answer to a query for work items.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItemQueryResult {
    /// What the query was for: work items, in a list.
    pub query_type: &'static str,
    /// What the answer holds: work items.
    pub query_result_type: &'static str,
    /// The moment as of which it is true.
    pub as_of: WireDate,
    /// The fields that were selected.
    pub columns: Vec<FieldReference>,
    /// By what it is ordered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort_columns: Vec<SortColumn>,
    /// The work items, in order.
    pub work_items: Vec<WorkItemReference>,
}

/// A field, and where it is.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldReference {
    /// The name that programs know it by.
    pub reference_name: &'static str,
    /// The name that people know it by.
    pub name: &'static str,
    /// Where it is.
    pub url: String,
}

/// By what an answer is ordered.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SortColumn {
    /// The field.
    pub field: FieldReference,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// A work item, and where it is.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct WorkItemReference {
    /// Its number.
    pub id: i64,
    /// Where it is.
    pub url: String,
}

/// Shows the answer to a query that was asked in a project or in the whole organization.
pub fn result(
    urls: &Urls,
    project: Option<ProjectId>,
    query: &Query,
    found: &[i64],
    now: Timestamp,
) -> WorkItemQueryResult {
    let reference = |field: &Field| FieldReference {
        reference_name: field.reference_name,
        name: field.name,
        url: field_url(urls, project, field),
    };
    let order = query.order().iter();
    WorkItemQueryResult {
        query_type: "flat",
        query_result_type: "workItem",
        as_of: WireDate(query.as_of().unwrap_or(now)),
        columns: query.columns().iter().map(|field| reference(field)).collect(),
        sort_columns: order.map(|by| SortColumn { field: reference(by.field), descending: by.descending }).collect(),
        work_items: found
            .iter()
            .map(|id| WorkItemReference { id: *id, url: urls.api(&format!("wit/workItems/{id}")) })
            .collect(),
    }
}
