//! Work items, as answers show them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::date::WireDate;
use crate::project::Project;
use crate::wire::identity::{Identities, IdentityRef};
use crate::wire::work_item_type::type_url;
use crate::wire::{Links, Urls, as_object, links};
use crate::work_item::{self, FieldValue, Link, Shape};

/// A work item.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItem<'a> {
    /// Its number.
    pub id: i64,
    /// Its revision.
    pub rev: i64,
    /// Its fields by reference name.
    #[serde(serialize_with = "as_object")]
    pub fields: Vec<(&'static str, ShownValue<'a>)>,
    /// How its long texts are written, where that is not HTML.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub multiline_fields_format: BTreeMap<&'static str, &'static str>,
    /// Its relations, if they were asked for and it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relations: Option<Vec<Relation>>,
    /// Where its parts are, if that was asked for.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
    /// Where it is.
    pub url: String,
}

/// The value of a field.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum ShownValue<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number.
    Double(f64),
    /// A moment.
    Moment(WireDate),
    /// A person.
    Identity(IdentityRef),
}

/// A relation of a work item.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Relation {
    /// Which kind.
    pub rel: &'static str,
    /// Where it leads.
    pub url: String,
    /// What people say about it.
    pub attributes: Map<String, Value>,
}

/// Shows as much of a work item as was asked for.
pub fn work_item<'a>(
    urls: &Urls,
    project: &'a Project,
    identities: &Identities,
    item: &'a work_item::WorkItem,
    shape: &Shape,
) -> WorkItem<'a> {
    let url = urls.work_item(item.project, item.id);
    let fields = item.every_field(project.name.as_str()).filter(|(name, _)| shape.holds(name));
    WorkItem {
        id: item.id,
        rev: item.rev,
        fields: fields.map(|(name, value)| (name, field_value(identities, value))).collect(),
        multiline_fields_format: item.markdown_fields.iter().map(|name| (*name, "markdown")).collect(),
        relations: (shape.holds_relations() && !item.relations.is_empty())
            .then(|| item.relations.iter().map(|relation| self::relation(urls, relation)).collect()),
        links: shape.holds_links().then(|| {
            links([
                ("self", url.clone()),
                ("workItemUpdates", format!("{url}/updates")),
                ("workItemRevisions", format!("{url}/revisions")),
                ("workItemComments", format!("{url}/comments")),
                ("html", urls.project_page(project.name.as_str(), &format!("_workitems/edit/{}", item.id))),
                ("workItemType", type_url(urls, item.project, item.kind)),
                ("fields", urls.project_api(item.project, "wit/fields")),
            ])
        }),
        url,
    }
}

/// Shows a relation.
pub(super) fn relation(urls: &Urls, relation: &work_item::Relation) -> Relation {
    let mut attributes = Map::new();
    let url = match &relation.link {
        Link::WorkItem { kind, target } => {
            attributes.insert("isLocked".to_owned(), Value::Bool(false));
            attributes.insert("name".to_owned(), Value::from(kind.name()));
            urls.api(&format!("wit/workItems/{target}"))
        }
        Link::Hyperlink(url) | Link::Artifact(url) => url.clone(),
    };
    if let Some(name) = &relation.name {
        attributes.insert("name".to_owned(), Value::from(name.as_str()));
    }
    if let Some(comment) = &relation.comment {
        attributes.insert("comment".to_owned(), Value::from(comment.as_str()));
    }
    Relation { rel: relation.link.rel(), url, attributes }
}

/// Shows the value of a field.
pub(super) fn field_value<'a>(identities: &Identities, value: FieldValue<&'a str>) -> ShownValue<'a> {
    match value {
        FieldValue::Text(text) => ShownValue::Text(text),
        FieldValue::Integer(number) => ShownValue::Integer(number),
        FieldValue::Double(number) => ShownValue::Double(number),
        FieldValue::DateTime(moment) => ShownValue::Moment(WireDate(moment)),
        FieldValue::Identity(person) => ShownValue::Identity(identities.of(person)),
    }
}
