//! Where clients find things: they know ids, and make URLs from the templates here. Generated from the route table.

use latchkey_devops::error::DevOpsError;
use serde::Serialize;
use serde_json::{Value, json};

use super::routes::TABLE;
use super::table::{Answer, Located, Resource};
use super::visit::Visit;

/// A resource as clients look for it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    id: &'static str,
    area: &'static str,
    resource_name: &'static str,
    route_template: &'static str,
    resource_version: u32,
    min_version: &'static str,
    max_version: &'static str,
    released_version: &'static str,
}

impl From<Resource> for Location {
    fn from(resource: Resource) -> Self {
        Self {
            id: resource.id,
            area: resource.area,
            resource_name: resource.name,
            route_template: resource.template,
            resource_version: resource.version,
            min_version: "1.0",
            max_version: "7.2",
            released_version: "7.1",
        }
    }
}

/// `OPTIONS /_apis[/{area}]`: what is there without an organization.
pub(super) async fn at_root(visit: Visit) -> Answer {
    list(&visit, |located| located.at_root)
}

/// `OPTIONS /{organization}/_apis[/{area}]`. The answer is the same for every organization, and for none.
pub(super) async fn in_organization(visit: Visit) -> Answer {
    list(&visit, |located| located.in_organization)
}

fn list(visit: &Visit, is_there: fn(&Located) -> bool) -> Answer {
    let area = visit.path.get("area");
    let of_area = |located: &&Located| area.is_none_or(|area| located.resource.area.eq_ignore_ascii_case(area));
    let located = TABLE.resources().iter().filter(|located| is_there(located)).filter(of_area);
    visit.list(located.map(|located| Location::from(located.resource)))
}

/// `GET [/{organization}]/_apis/resourceAreas`: everything is at the URL that the client has. A list with gaps would have
/// clients look elsewhere, and take the credential along.
pub(super) async fn areas(visit: Visit) -> Answer {
    visit.json(&json!({"count": 0, "value": Value::Null}))
}

/// `GET /{organization}/_apis/resourceAreas/{area}`.
pub(super) async fn area(_: Visit) -> Answer {
    Err(DevOpsError::not_found("This server keeps no resource areas: everything is at the organization's own URL.")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_and_accounts_are_there_without_an_organization_and_projects_are_not() {
        let at_root: Vec<&str> =
            TABLE.resources().iter().filter(|located| located.at_root).map(|located| located.resource.name).collect();
        assert_eq!(at_root, ["ResourceAreas", "Profiles", "Accounts"]);
        assert!(TABLE.resources().iter().all(|located| located.in_organization));
    }

    #[test]
    fn a_template_leads_to_a_route() {
        for located in TABLE.resources() {
            let mut path = located.resource.template.replace("{area}", located.resource.area);
            path = path.replace("{resource}", located.resource.name);
            // What stands at the end can be left out by clients, unless the route needs it.
            let whole = path.split('/').map(|segment| if segment.contains('{') { "1" } else { segment });
            let whole: Vec<&str> = whole.collect();
            let found = |segments: &[&str]| TABLE.find(&format!("/harbor/{}", segments.join("/"))).is_ok();
            let without_last = whole.split_last().map_or(&whole[..], |(_, rest)| rest);
            let typed = located.resource.template.ends_with("${type}");
            assert!(found(&whole) || found(without_last) || typed, "{path}");
        }
    }
}
