//! Places as people tick them: an organization with its projects, a project with its repositories.

use std::collections::BTreeSet;
use std::iter;

use uuid::Uuid;

use super::{Place, Places};

/// A place with what lies in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// The place.
    pub place: Place,
    /// What people call it.
    pub name: String,
    /// Whether all of it can be had, and not only what lies in it.
    pub whole: bool,
    /// What lies in it.
    pub inside: Vec<Branch>,
}

impl Branch {
    /// The id of the innermost thing that it is.
    pub fn id(&self) -> Uuid {
        let Place { organization, project, repository } = self.place;
        repository.or(project).unwrap_or(organization)
    }

    /// The ids of everything that can be ticked in it.
    pub fn ids(&self) -> Vec<Uuid> {
        iter::once(self.id()).chain(self.inside.iter().flat_map(Self::ids)).collect()
    }

    /// What is chosen of it by what is ticked: itself where everything in it is, and otherwise what is ticked inside.
    pub fn chosen(&self, ticked: &BTreeSet<Uuid>) -> Places {
        if !ticked.contains(&self.id()) {
            return Places::new();
        }
        let mut chosen = Places::new();
        let mut all = self.whole;
        for inside in &self.inside {
            let places = inside.chosen(ticked);
            all &= places.contains(&inside.place);
            chosen.extend(places);
        }
        if all {
            return [self.place].into();
        }
        let is_project = self.place.project.is_some() && self.place.repository.is_none();
        if is_project && chosen.is_empty() {
            chosen.insert(Place { repository: Some(Place::NO_REPOSITORY), ..self.place });
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HARBOR: Uuid = Uuid::from_u128(1);
    const LIGHTHOUSE: Uuid = Uuid::from_u128(2);
    const LAMP: Uuid = Uuid::from_u128(3);
    const TOWER: Uuid = Uuid::from_u128(4);

    fn place(project: Option<Uuid>, repository: Option<Uuid>) -> Place {
        Place { organization: HARBOR, project, repository }
    }

    fn branch(place: Place, whole: bool, inside: Vec<Branch>) -> Branch {
        Branch { place, name: String::new(), whole, inside }
    }

    /// A project with two repositories, in an organization.
    fn harbor(organization: bool, project: bool) -> Branch {
        let repository = |id| branch(place(Some(LIGHTHOUSE), Some(id)), true, vec![]);
        let project = branch(place(Some(LIGHTHOUSE), None), project, vec![repository(LAMP), repository(TOWER)]);
        branch(place(None, None), organization, vec![project])
    }

    fn chosen(branch: &Branch, ticked: &[Uuid]) -> Vec<(Option<Uuid>, Option<Uuid>)> {
        let places = branch.chosen(&ticked.iter().copied().collect());
        places.into_iter().map(|place| (place.project, place.repository)).collect()
    }

    #[test]
    fn what_is_ticked_is_what_is_chosen() {
        let (all, project) = ([HARBOR, LIGHTHOUSE, LAMP, TOWER], Some(LIGHTHOUSE));
        assert_eq!(chosen(&harbor(true, true), &all), [(None, None)]);
        assert_eq!(chosen(&harbor(true, true), &[HARBOR, LIGHTHOUSE, LAMP]), [(project, Some(LAMP))]);
        assert_eq!(chosen(&harbor(true, true), &[HARBOR, LIGHTHOUSE]), [(project, Some(Place::NO_REPOSITORY))]);
        assert_eq!(chosen(&harbor(true, true), &[HARBOR]), []);
        assert_eq!(chosen(&harbor(true, true), &all[1..]), [], "without its organization nothing in it is chosen");
    }

    #[test]
    fn parts_do_not_become_a_whole() {
        let (all, project) = ([HARBOR, LIGHTHOUSE, LAMP, TOWER], Some(LIGHTHOUSE));
        assert_eq!(chosen(&harbor(false, true), &all), [(project, None)]);
        assert_eq!(chosen(&harbor(false, false), &all), [(project, Some(LAMP)), (project, Some(TOWER))]);
        assert_eq!(chosen(&harbor(true, false), &all), [(project, Some(LAMP)), (project, Some(TOWER))]);
        let none = branch(place(None, None), false, vec![branch(place(project, None), false, vec![])]);
        assert_eq!(chosen(&none, &all), [(project, Some(Place::NO_REPOSITORY))]);
    }
}
