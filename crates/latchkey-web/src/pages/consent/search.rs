//! Finding a project among many on the approval page. What is ticked stays so, seen or not.

use super::{Consent, OrganizationChoice, ProjectChoice};

/// What somebody looked for, and what there is.
pub struct Found {
    /// What they typed.
    pub text: String,
    /// How many projects are shown.
    pub shown: usize,
    /// How many are not shown.
    pub hidden: usize,
    /// How many of those are ticked.
    pub hidden_ticked: usize,
}

impl Consent {
    /// Whether there are more projects than are seen at once.
    pub(super) fn is_searchable(&self) -> bool {
        self.projects().count() > OrganizationChoice::MOST_PROJECTS
    }

    /// The same page with the projects alone that have `text` in their name, or in that of a repository. Without a word it is all of them.
    #[must_use]
    pub fn found(mut self, text: &str) -> Self {
        let wanted = text.trim().to_lowercase();
        let fits = |name: &str| name.to_lowercase().contains(&wanted);
        for project in self.organizations.iter_mut().flat_map(|organization| &mut organization.projects) {
            project.hidden = !fits(&project.name) && !project.repositories.iter().any(|one| fits(&one.name));
        }
        let count = |fits: fn(&ProjectChoice) -> bool| self.projects().filter(|project| fits(project)).count();
        let found = Found {
            text: text.trim().to_owned(),
            shown: count(|project| !project.hidden),
            hidden: count(|project| project.hidden),
            hidden_ticked: count(|project| project.hidden && project.ticked),
        };
        self.found = (!wanted.is_empty()).then_some(found);
        self
    }

    fn projects(&self) -> impl Iterator<Item = &ProjectChoice> {
        self.organizations.iter().flat_map(|organization| &organization.projects)
    }
}
