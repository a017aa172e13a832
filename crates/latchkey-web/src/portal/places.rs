//! The places of an authorization, by name.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_devops::ids::{OrganizationId, ProjectId, RepositoryId};
use latchkey_identity::authorization::Places;
use latchkey_store::devops::OrganizationFacts;
use latchkey_store::{Store, StoreError};
use uuid::Uuid;

/// What an authorization reaches in one organization: whole projects, or repositories of them. Empty: everything.
type Inside = BTreeMap<Uuid, BTreeSet<Uuid>>;

/// So many projects of an organization are named where there is little room.
const FEW: usize = 5;

/// A line for each organization, by name: `harbor: lighthouse, drydock`.
pub(super) async fn in_words(store: &Store, places: &Places) -> Result<Vec<String>, StoreError> {
    lines(store, places, usize::MAX).await
}

/// The same where there is little room: `harbor: charts, drydock, fog, gauge, lamp and 3 more`.
pub(super) async fn in_short(store: &Store, places: &Places) -> Result<Vec<String>, StoreError> {
    lines(store, places, FEW).await
}

async fn lines(store: &Store, places: &Places, most: usize) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for (organization, inside) in by_organization(places) {
        let facts = store.organization_by_id(OrganizationId(organization)).await?;
        lines.push(match &facts {
            Some(facts) => line(facts.organization.name.as_str(), &projects(facts, &inside), most),
            None => "An organization that is gone".to_owned(),
        });
    }
    lines.sort();
    Ok(lines)
}

/// The projects of one organization that an authorization reaches: `lighthouse`, `drydock`.
pub(super) fn inside(facts: &OrganizationFacts, places: &Places) -> Vec<String> {
    let inside = by_organization(places).remove(&facts.id().0).unwrap_or_default();
    let projects = projects(facts, &inside);
    if projects.is_empty() { vec!["every project that they reach".to_owned()] } else { projects }
}

fn line(organization: &str, projects: &[String], most: usize) -> String {
    let named = projects.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
    match projects.len() {
        0 => format!("{organization}: every project that you reach"),
        all if all > most => format!("{organization}: {named} and {} more", all - most),
        _ => format!("{organization}: {named}"),
    }
}

fn by_organization(places: &Places) -> BTreeMap<Uuid, Inside> {
    let mut organizations: BTreeMap<Uuid, Inside> = BTreeMap::new();
    for place in places {
        let inside = organizations.entry(place.organization).or_default();
        if let Some(project) = place.project {
            inside.entry(project).or_default().extend(place.repository);
        }
    }
    organizations
}

fn projects(facts: &OrganizationFacts, inside: &Inside) -> Vec<String> {
    let named = inside.iter().map(|(id, repositories)| {
        let project = facts.project_by_id(ProjectId(*id)).map_or("a project that is gone", |found| found.name.as_str());
        let name = |id: &Uuid| facts.repository_by_id(RepositoryId(*id)).map(|found| found.name.as_str());
        let named: Vec<&str> = repositories.iter().filter_map(name).collect();
        if repositories.is_empty() { project.to_owned() } else { with_repositories(project, &named) }
    });
    let mut named: Vec<String> = named.collect();
    named.sort();
    named
}

/// A project of which only these repositories are reached.
fn with_repositories(project: &str, repositories: &[&str]) -> String {
    match repositories {
        [] => format!("{project} (no repository)"),
        [one] => format!("{project} (only the repository {one})"),
        several => format!("{project} (only the repositories {})", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use latchkey_identity::authorization::Place;

    use super::*;

    #[test]
    fn a_line_names_an_organization_and_what_is_reached_in_it() {
        assert_eq!(line("harbor", &[], FEW), "harbor: every project that you reach");
        let projects = ["drydock".to_owned(), with_repositories("lighthouse", &["charts", "lamp"])];
        let told = "harbor: drydock, lighthouse (only the repositories charts, lamp)";
        assert_eq!(
            (line("harbor", &projects, usize::MAX).as_str(), line("harbor", &projects, 2).as_str()),
            (told, told)
        );
        assert_eq!(line("harbor", &projects, 1), "harbor: drydock and 1 more");
        assert_eq!(with_repositories("lighthouse", &[]), "lighthouse (no repository)");
    }

    #[test]
    fn places_gather_below_their_organizations() {
        let [harbor, shore, lighthouse, lamp] = [1, 2, 3, 4].map(Uuid::from_u128);
        let whole = |organization| Place { organization, project: None, repository: None };
        let places =
            Places::from([whole(shore), Place { project: Some(lighthouse), repository: Some(lamp), ..whole(harbor) }]);
        let gathered = by_organization(&places);
        assert_eq!(gathered.get(&shore), Some(&Inside::new()));
        assert_eq!(gathered.get(&harbor), Some(&Inside::from([(lighthouse, BTreeSet::from([lamp]))])));
    }
}
