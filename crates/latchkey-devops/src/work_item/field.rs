//! The fields of work items and the values they hold.

mod value;

pub use value::{FieldValue, Fields};

pub(super) use value::{LONGEST_LINE, mentioned};

use crate::work_item::kind::WorkItemType;

macro_rules! field_names {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*
    };
}

field_names! {
    /// The number of the item.
    ID = "System.Id";
    /// Its revision.
    REV = "System.Rev";
    /// The name of its project.
    TEAM_PROJECT = "System.TeamProject";
    /// Its type.
    WORK_ITEM_TYPE = "System.WorkItemType";
    /// When it was made.
    CREATED_DATE = "System.CreatedDate";
    /// By whom it was made.
    CREATED_BY = "System.CreatedBy";
    /// When it was last changed.
    CHANGED_DATE = "System.ChangedDate";
    /// By whom it was last changed.
    CHANGED_BY = "System.ChangedBy";
    /// How many comments it has.
    COMMENT_COUNT = "System.CommentCount";
    /// The number of its parent.
    PARENT = "System.Parent";
    /// A comment to add with a change.
    HISTORY = "System.History";
    /// Its title.
    TITLE = "System.Title";
    /// Its state.
    STATE = "System.State";
    /// Why it is in its state.
    REASON = "System.Reason";
    /// Who works on it.
    ASSIGNED_TO = "System.AssignedTo";
    /// What it is about.
    DESCRIPTION = "System.Description";
    /// Its tags, as `a; b`.
    TAGS = "System.Tags";
    /// The area it belongs to.
    AREA_PATH = "System.AreaPath";
    /// The iteration it is planned for.
    ITERATION_PATH = "System.IterationPath";
    /// When its state last changed.
    STATE_CHANGE_DATE = "Microsoft.VSTS.Common.StateChangeDate";
    /// When work began.
    ACTIVATED_DATE = "Microsoft.VSTS.Common.ActivatedDate";
    /// Who began.
    ACTIVATED_BY = "Microsoft.VSTS.Common.ActivatedBy";
    /// When it was resolved.
    RESOLVED_DATE = "Microsoft.VSTS.Common.ResolvedDate";
    /// Who resolved it.
    RESOLVED_BY = "Microsoft.VSTS.Common.ResolvedBy";
    /// When it was closed.
    CLOSED_DATE = "Microsoft.VSTS.Common.ClosedDate";
    /// Who closed it.
    CLOSED_BY = "Microsoft.VSTS.Common.ClosedBy";
    /// How urgent it is, from 1 to 4.
    PRIORITY = "Microsoft.VSTS.Common.Priority";
}

/// The type of a field's values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FieldType {
    /// One line of text.
    String,
    /// Many lines of text, as HTML or Markdown.
    Html,
    /// A comment that rides along with a change.
    History,
    /// A path in the tree of areas or iterations.
    TreePath,
    /// Tags.
    Tags,
    /// A whole number.
    Integer,
    /// A number.
    Double,
    /// A moment.
    DateTime,
    /// A person.
    Identity,
}

impl FieldType {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Html => "html",
            Self::History => "history",
            Self::TreePath => "treePath",
            Self::Tags => "plainText",
            Self::Integer => "integer",
            Self::Double => "double",
            Self::DateTime => "dateTime",
            Self::Identity => "string",
        }
    }
}

/// A field that work items have.
#[derive(PartialEq, Eq, Debug)]
pub struct Field {
    /// The name that programs know it by.
    pub reference_name: &'static str,
    /// The name that people know it by.
    pub name: &'static str,
    /// The type of its values.
    pub kind: FieldType,
    /// Whether only the system writes it.
    pub read_only: bool,
    /// The texts it may hold, if they are few.
    pub allowed: &'static [&'static str],
    /// The types of items that have it; none named means all.
    pub types: &'static [WorkItemType],
}

impl Field {
    /// Whether items of a type have this field.
    pub fn belongs_to(&self, kind: WorkItemType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }

    /// Whether lists can be ordered by it. Nobody orders long texts.
    pub fn can_be_sorted_by(&self) -> bool {
        !matches!(self.kind, FieldType::Html | FieldType::History | FieldType::Tags)
    }

    /// Finds a field by its reference name, in any case.
    pub fn find(reference_name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.reference_name.eq_ignore_ascii_case(reference_name))
    }

    /// Finds a field by its reference name or by the name that people know it by, in any case.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::find(name).or_else(|| FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name)))
    }
}

const fn written(reference_name: &'static str, name: &'static str, kind: FieldType) -> Field {
    Field { reference_name, name, kind, read_only: false, allowed: &[], types: &[] }
}

const fn kept(reference_name: &'static str, name: &'static str, kind: FieldType) -> Field {
    Field { read_only: true, ..written(reference_name, name, kind) }
}

use FieldType as T;
use WorkItemType as W;

/// Every field.
pub const FIELDS: &[Field] = &[
    kept(ID, "ID", T::Integer),
    kept(REV, "Rev", T::Integer),
    kept(TEAM_PROJECT, "Team Project", T::String),
    kept(WORK_ITEM_TYPE, "Work Item Type", T::String),
    kept(CREATED_DATE, "Created Date", T::DateTime),
    kept(CREATED_BY, "Created By", T::Identity),
    kept(CHANGED_DATE, "Changed Date", T::DateTime),
    kept(CHANGED_BY, "Changed By", T::Identity),
    kept(COMMENT_COUNT, "Comment Count", T::Integer),
    kept(PARENT, "Parent", T::Integer),
    written(TITLE, "Title", T::String),
    written(STATE, "State", T::String),
    written(REASON, "Reason", T::String),
    written(ASSIGNED_TO, "Assigned To", T::Identity),
    written(DESCRIPTION, "Description", T::Html),
    written(HISTORY, "History", T::History),
    written(TAGS, "Tags", T::Tags),
    written(AREA_PATH, "Area Path", T::TreePath),
    written(ITERATION_PATH, "Iteration Path", T::TreePath),
    kept(STATE_CHANGE_DATE, "State Change Date", T::DateTime),
    kept(ACTIVATED_DATE, "Activated Date", T::DateTime),
    kept(ACTIVATED_BY, "Activated By", T::Identity),
    kept(RESOLVED_DATE, "Resolved Date", T::DateTime),
    kept(RESOLVED_BY, "Resolved By", T::Identity),
    kept(CLOSED_DATE, "Closed Date", T::DateTime),
    kept(CLOSED_BY, "Closed By", T::Identity),
    Field { allowed: &["1", "2", "3", "4"], ..written(PRIORITY, "Priority", T::Integer) },
    Field {
        allowed: &["1 - Critical", "2 - High", "3 - Medium", "4 - Low"],
        types: &[W::Bug],
        ..written("Microsoft.VSTS.Common.Severity", "Severity", T::String)
    },
    Field {
        allowed: &["Business", "Architectural"],
        types: &[W::Epic, W::Feature, W::UserStory, W::Bug],
        ..written("Microsoft.VSTS.Common.ValueArea", "Value Area", T::String)
    },
    Field {
        allowed: &["1 - High", "2 - Medium", "3 - Low"],
        types: &[W::Epic, W::Feature, W::UserStory],
        ..written("Microsoft.VSTS.Common.Risk", "Risk", T::String)
    },
    Field {
        allowed: &["Deployment", "Design", "Development", "Documentation", "Requirements", "Testing"],
        types: &[W::Task, W::Bug],
        ..written("Microsoft.VSTS.Common.Activity", "Activity", T::String)
    },
    Field {
        types: &[W::Epic, W::Feature, W::UserStory],
        ..written("Microsoft.VSTS.Common.AcceptanceCriteria", "Acceptance Criteria", T::Html)
    },
    Field {
        types: &[W::Epic, W::Feature],
        ..written("Microsoft.VSTS.Common.BusinessValue", "Business Value", T::Integer)
    },
    written("Microsoft.VSTS.Common.StackRank", "Stack Rank", T::Double),
    Field {
        types: &[W::UserStory, W::Bug],
        ..written("Microsoft.VSTS.Scheduling.StoryPoints", "Story Points", T::Double)
    },
    Field { types: &[W::Epic, W::Feature], ..written("Microsoft.VSTS.Scheduling.Effort", "Effort", T::Double) },
    Field {
        types: &[W::Task, W::Bug],
        ..written("Microsoft.VSTS.Scheduling.OriginalEstimate", "Original Estimate", T::Double)
    },
    Field {
        types: &[W::Task, W::Bug],
        ..written("Microsoft.VSTS.Scheduling.RemainingWork", "Remaining Work", T::Double)
    },
    Field {
        types: &[W::Task, W::Bug],
        ..written("Microsoft.VSTS.Scheduling.CompletedWork", "Completed Work", T::Double)
    },
    written("Microsoft.VSTS.Scheduling.StartDate", "Start Date", T::DateTime),
    written("Microsoft.VSTS.Scheduling.FinishDate", "Finish Date", T::DateTime),
    written("Microsoft.VSTS.Scheduling.TargetDate", "Target Date", T::DateTime),
    Field { types: &[W::Issue], ..written("Microsoft.VSTS.Scheduling.DueDate", "Due Date", T::DateTime) },
    Field { types: &[W::Bug], ..written("Microsoft.VSTS.TCM.ReproSteps", "Repro Steps", T::Html) },
    Field { types: &[W::Bug], ..written("Microsoft.VSTS.TCM.SystemInfo", "System Info", T::Html) },
    Field { types: &[W::Bug], ..written("Microsoft.VSTS.Build.FoundIn", "Found In", T::String) },
    Field { types: &[W::Bug], ..written("Microsoft.VSTS.Build.IntegrationBuild", "Integration Build", T::String) },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_in_any_case_and_named_once() {
        assert_eq!(Field::find("system.title").unwrap().reference_name, TITLE);
        assert!(Field::find("Custom.Mood").is_none());
        assert_eq!(Field::named("assigned to").unwrap().reference_name, ASSIGNED_TO);
        assert!(Field::find("Assigned To").is_none());
        for field in FIELDS {
            let same = |other: &&Field| other.reference_name.eq_ignore_ascii_case(field.reference_name);
            assert_eq!(FIELDS.iter().filter(same).count(), 1, "{}", field.reference_name);
        }
    }
}
