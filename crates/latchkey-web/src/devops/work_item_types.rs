//! Types of work items, their states and fields.

use std::sync::Arc;

use latchkey_devops::error::DevOpsError;
use latchkey_devops::ids::ProjectId;
use latchkey_devops::wire;
use latchkey_devops::work_item::field::FIELDS;
use latchkey_devops::work_item::{Field, WorkItemType};
use latchkey_store::devops::OrganizationFacts;

use super::call::{Call, InProject};
use super::error::ApiError;
use super::table::Answer;

/// `GET /{organization}/{project}/_apis/wit/workItemTypes`.
pub(super) async fn list(call: Call) -> Answer {
    let inside = call.project().await?;
    let urls = call.urls(&inside.facts.organization);
    let types = WorkItemType::ALL.into_iter();
    call.list(types.map(|kind| wire::work_item_type::work_item_type(&urls, inside.project.id, kind)))
}

/// `GET /{organization}/{project}/_apis/wit/workItemTypes/{type}`.
pub(super) async fn read(call: Call) -> Answer {
    let inside = call.project().await?;
    let kind = named(&call, &inside)?;
    let urls = call.urls(&inside.facts.organization);
    call.json(&wire::work_item_type::work_item_type(&urls, inside.project.id, kind))
}

/// `GET /{organization}/{project}/_apis/wit/workItemTypes/{type}/states`.
pub(super) async fn states(call: Call) -> Answer {
    let inside = call.project().await?;
    let kind = named(&call, &inside)?;
    call.list(wire::work_item_type::states(kind))
}

/// `GET /{organization}/{project}/_apis/wit/workItemTypes/{type}/fields`.
pub(super) async fn fields_of_type(call: Call) -> Answer {
    let inside = call.project().await?;
    let kind = named(&call, &inside)?;
    let urls = call.urls(&inside.facts.organization);
    call.list(wire::work_item_type::work_item_type(&urls, inside.project.id, kind).fields)
}

/// `GET /{organization}/{project}/_apis/wit/workItemTypes/{type}/fields/{field}`.
pub(super) async fn field_of_type(call: Call) -> Answer {
    let inside = call.project().await?;
    let kind = named(&call, &inside)?;
    let wanted = field_named(&call)?;
    let urls = call.urls(&inside.facts.organization);
    let fields = wire::work_item_type::work_item_type(&urls, inside.project.id, kind).fields;
    let field = fields.into_iter().find(|field| field.reference_name == wanted.reference_name);
    call.json(&field.ok_or_else(|| no_field(&call))?)
}

/// `GET /{organization}[/{project}]/_apis/wit/fields`.
pub(super) async fn fields(call: Call) -> Answer {
    let (facts, project) = place(&call).await?;
    let urls = call.urls(&facts.organization);
    call.list(FIELDS.iter().map(|field| wire::work_item_type::field(&urls, project, field)))
}

/// `GET /{organization}[/{project}]/_apis/wit/fields/{field}`: by reference name or by name.
pub(super) async fn field(call: Call) -> Answer {
    let (facts, project) = place(&call).await?;
    let field = field_named(&call)?;
    call.json(&wire::work_item_type::field(&call.urls(&facts.organization), project, field))
}

/// The organization, and the project if the path names one. All of them have the same fields.
async fn place(call: &Call) -> Result<(Arc<OrganizationFacts>, Option<ProjectId>), ApiError> {
    if call.path.get("project").is_none() {
        return Ok((call.organization().await?.facts, None));
    }
    let inside = call.project().await?;
    Ok((inside.facts, Some(inside.project.id)))
}

fn named(call: &Call, inside: &InProject) -> Result<WorkItemType, ApiError> {
    let name = call.named("type");
    let absent = || DevOpsError::work_item_type_not_found(name, inside.project.name.as_str());
    Ok(WorkItemType::parse(name).ok_or_else(absent)?)
}

fn field_named(call: &Call) -> Result<&'static Field, ApiError> {
    Ok(Field::named(call.named("field")).ok_or_else(|| no_field(call))?)
}

fn no_field(call: &Call) -> DevOpsError {
    let shown: String = call.named("field").chars().filter(|c| !c.is_control()).take(120).collect();
    DevOpsError::not_found(format!("TF51535: Cannot find field {shown}."))
}
