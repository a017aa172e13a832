//! The Work Item Query Language: a question in text, whose answer is the numbers of work items in an order.
//!
//! [`Query::parse`] reads the text with everything that it names. [`Search`] looks at one item after the other, wherever they come from, and keeps
//! what was asked for. Nothing of a text ever becomes part of a statement of the database.
//!
//! Azure DevOps: *Work Item Query Language (WIQL) syntax reference*.

mod condition;
mod effort;
mod moment;
mod names;
mod operand;
mod parse;
mod phrase;
mod search;
#[cfg(test)]
mod tests;
mod token;

use latchkey_jose::Timestamp;

pub use search::{Look, Past, Search};

use crate::error::{DevOpsError, ErrorType, Shown};
use crate::ids::PersonId;
use crate::work_item::field::{self, Field, FieldType};
use condition::{Condition, Leaf};

/// The longest query, in characters: that of the original.
const LONGEST_QUERY: usize = 32_000;
/// How deep parentheses and NOT may lie in each other. People write three.
const MOST_DEPTH: usize = 32;
/// The most conditions of one query. The longest that editors of queries make have some dozens.
const MOST_CONDITIONS: usize = 300;
/// By how many fields an answer is ordered at the most. What it is ordered by is kept of each item.
const MOST_SORTED_BY: usize = 5;
/// The most work items of an answer: that of the original.
pub const MOST_RESULTS: usize = 20_000;
/// How many items and revisions one query looks at.
const MOST_LOOKED_AT: usize = 100_000;
/// What one query spends on comparing, in bytes of plain text: about a second's work.
const MOST_EFFORT: usize = 400_000_000;

/// What a query leans on beside its text.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// Who asks: `@Me`.
    pub me: PersonId,
    /// The moment: `@Today`. Days are those of UTC.
    pub now: Timestamp,
    /// The name of the project that the request is made in: `@Project`.
    pub project: Option<&'a str>,
    /// Whether moments are compared as moments. Otherwise only their days count.
    pub time_precision: bool,
}

/// By what an answer is ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SortColumn {
    /// The field.
    pub field: &'static Field,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// A question about work items.
#[derive(Debug)]
pub struct Query {
    columns: Vec<&'static Field>,
    condition: Condition,
    order: Vec<SortColumn>,
    as_of: Option<Timestamp>,
    /// How many of its conditions ask for any moment of the past.
    evers: usize,
    /// What moments are rounded down to, in microseconds.
    precision: i64,
}

impl Query {
    /// Reads a query.
    pub fn parse(text: &str, surroundings: &Surroundings) -> Result<Self, DevOpsError> {
        parse::query(text, surroundings)
    }

    /// The fields that it selects. The answer names them and does not hold them.
    pub fn columns(&self) -> &[&'static Field] {
        &self.columns
    }

    /// By what the answer is ordered, and then by number.
    pub fn order(&self) -> &[SortColumn] {
        &self.order
    }

    /// The moment as of which it asks, if that is not now.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }

    /// Whether an item of the project of this name may be in the answer, as far as the name tells.
    pub fn may_hold_in(&self, project: &str) -> bool {
        let by_name = |leaf: &Leaf| {
            let holds = leaf.test.by_project_alone(project).filter(|_| leaf.ever.is_none())?;
            Some(holds != leaf.negated)
        };
        self.condition.verdict(&mut |leaf| by_name(leaf)) != Some(false)
    }

    /// Whether it matters what people are called.
    fn names_people(&self) -> bool {
        let in_order = self.order.iter().any(|by| by.field.kind == FieldType::Identity);
        let mut in_condition = false;
        self.condition.each(&mut |leaf| in_condition |= leaf.test.names_people());
        in_order || in_condition
    }
}

/// A query that is not of the language, with the part of it that it is about. In the words and with the key of the original.
fn malformed(message: &str, cause: &str) -> DevOpsError {
    DevOpsError::bad_request(format!("{message} The error is caused by «{}».", Shown(cause.trim())))
}

/// A query of the language that is not answered here.
fn not_answered(message: impl Into<String>) -> DevOpsError {
    DevOpsError::new(ErrorType::WorkItemQuery, message)
}

/// The field of this name.
fn field_named(name: &str, cause: &str) -> Result<&'static Field, DevOpsError> {
    Field::named(name).ok_or_else(|| malformed("TF51005: The query references a field that does not exist.", cause))
}

/// Whether a field is the one that names the project.
fn is_project(field: &Field) -> bool {
    field.reference_name == field::TEAM_PROJECT
}
