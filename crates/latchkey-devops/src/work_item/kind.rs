//! The types of work items and the states they go through.

use crate::work_item::field::{FIELDS, Field};

/// A type of work items.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum WorkItemType {
    /// A large undertaking.
    Epic,
    /// A part of an undertaking that can be delivered.
    Feature,
    /// Something a person will be able to do.
    UserStory,
    /// A piece of work.
    Task,
    /// Something that is wrong.
    Bug,
    /// Something in the way.
    Issue,
}

/// What a state means, whatever it is called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StateCategory {
    /// Not begun.
    Proposed,
    /// Being worked on.
    InProgress,
    /// Done, and to be checked.
    Resolved,
    /// Done.
    Completed,
    /// Given up.
    Removed,
}

impl StateCategory {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proposed => "Proposed",
            Self::InProgress => "InProgress",
            Self::Resolved => "Resolved",
            Self::Completed => "Completed",
            Self::Removed => "Removed",
        }
    }
}

/// A state of a type of work items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// Its name.
    pub name: &'static str,
    /// Its colour, six hexadecimal digits.
    pub color: &'static str,
    /// What it means.
    pub category: StateCategory,
    /// The reason that is given for it unless the person gives another.
    pub reason: &'static str,
}

const NEW: State = State { name: "New", color: "b2b2b2", category: StateCategory::Proposed, reason: "New" };
const ACTIVE: State =
    State { name: "Active", color: "007acc", category: StateCategory::InProgress, reason: "Implementation started" };
const RESOLVED: State = State {
    name: "Resolved",
    color: "ff9d00",
    category: StateCategory::Resolved,
    reason: "Code complete and unit tests pass",
};
const CLOSED: State =
    State { name: "Closed", color: "339933", category: StateCategory::Completed, reason: "Acceptance tests pass" };
const REMOVED: State =
    State { name: "Removed", color: "ffffff", category: StateCategory::Removed, reason: "Removed from the backlog" };

const OF_STORIES: &[State] = &[NEW, ACTIVE, RESOLVED, CLOSED, REMOVED];
const OF_TASKS: &[State] =
    &[NEW, State { reason: "Work started", ..ACTIVE }, State { reason: "Completed", ..CLOSED }, REMOVED];
const OF_BUGS: &[State] = &[
    NEW,
    State { reason: "Approved", ..ACTIVE },
    State { reason: "Fixed", ..RESOLVED },
    State { reason: "Fixed and verified", ..CLOSED },
];
const OF_ISSUES: &[State] = &[State { reason: "New", ..ACTIVE }, State { reason: "Issue resolved", ..CLOSED }];

impl WorkItemType {
    /// Every type.
    pub const ALL: [Self; 6] = [Self::Epic, Self::Feature, Self::UserStory, Self::Task, Self::Bug, Self::Issue];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Epic => "Epic",
            Self::Feature => "Feature",
            Self::UserStory => "User Story",
            Self::Task => "Task",
            Self::Bug => "Bug",
            Self::Issue => "Issue",
        }
    }

    /// The name that programs know it by.
    pub fn reference_name(self) -> &'static str {
        match self {
            Self::Epic => "Microsoft.VSTS.WorkItemTypes.Epic",
            Self::Feature => "Microsoft.VSTS.WorkItemTypes.Feature",
            Self::UserStory => "Microsoft.VSTS.WorkItemTypes.UserStory",
            Self::Task => "Microsoft.VSTS.WorkItemTypes.Task",
            Self::Bug => "Microsoft.VSTS.WorkItemTypes.Bug",
            Self::Issue => "Microsoft.VSTS.WorkItemTypes.Issue",
        }
    }

    /// What it is for.
    pub fn description(self) -> &'static str {
        match self {
            Self::Epic => "A large undertaking that holds several features.",
            Self::Feature => "A part of an undertaking that can be delivered.",
            Self::UserStory => "Something that a person will be able to do.",
            Self::Task => "A piece of work.",
            Self::Bug => "Something that does not work as it should.",
            Self::Issue => "Something that stands in the way.",
        }
    }

    /// Its colour, six hexadecimal digits.
    pub fn color(self) -> &'static str {
        match self {
            Self::Epic => "ff7b00",
            Self::Feature => "773b93",
            Self::UserStory => "009ccc",
            Self::Task => "f2cb1d",
            Self::Bug => "cc293d",
            Self::Issue => "b4009e",
        }
    }

    /// The name of its icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Epic => "icon_crown",
            Self::Feature => "icon_trophy",
            Self::UserStory => "icon_book",
            Self::Task => "icon_clipboard",
            Self::Bug => "icon_insect",
            Self::Issue => "icon_traffic_cone",
        }
    }

    /// Its states; an item begins in the first.
    pub fn states(self) -> &'static [State] {
        match self {
            Self::Epic | Self::Feature | Self::UserStory => OF_STORIES,
            Self::Task => OF_TASKS,
            Self::Bug => OF_BUGS,
            Self::Issue => OF_ISSUES,
        }
    }

    /// Finds one of its states, in any case.
    pub fn state(self, name: &str) -> Option<&'static State> {
        self.states().iter().find(|state| state.name.eq_ignore_ascii_case(name.trim()))
    }

    /// The fields that items of this type have.
    pub fn fields(self) -> impl Iterator<Item = &'static Field> {
        FIELDS.iter().filter(move |field| field.belongs_to(self))
    }

    /// Finds a type by its name or reference name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name) || kind.reference_name().eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_found_by_its_name_in_any_case() {
        assert_eq!(WorkItemType::parse("user story"), Some(WorkItemType::UserStory));
        assert_eq!(WorkItemType::parse("Microsoft.VSTS.WorkItemTypes.Bug"), Some(WorkItemType::Bug));
        assert_eq!(WorkItemType::parse("Saga"), None);
    }

    #[test]
    fn every_type_begins_somewhere_and_can_be_completed() {
        for kind in WorkItemType::ALL {
            assert!(!kind.states().is_empty());
            assert!(kind.states().iter().any(|state| state.category == StateCategory::Completed), "{kind:?}");
        }
    }
}
