//! What a query asks of an item.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::effort::{self, Effort};
use super::is_project;
use super::names::Names;
use super::operand::Operand;
use super::phrase::{Phrase, same};
use crate::work_item::field::TAGS;
use crate::work_item::{Field, FieldType, FieldValue, WorkItem};

/// What a query asks of an item.
#[derive(Debug)]
pub(super) enum Condition {
    /// All of these.
    All(Vec<Condition>),
    /// One of these.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// One test of one field.
    Leaf(Leaf),
}

/// One test, of the present or of any moment of the past.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) test: Test,
    /// Whether it asks for the contrary.
    pub(super) negated: bool,
    /// The place of the test among those that ask for any moment of the past, if it is one.
    pub(super) ever: Option<usize>,
}

impl Leaf {
    /// How it comes out for an item. Nothing if that takes more than is left.
    pub(super) fn outcome(&self, seen: Seen, effort: &mut Effort) -> Option<bool> {
        effort.spend(self.test.cost(seen))?;
        Some(self.test.passes(seen) != self.negated)
    }
}

/// One test of one field.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) field: &'static Field,
    pub(super) check: Check,
}

/// What is asked of a field.
#[derive(Debug)]
pub(super) enum Check {
    /// How it compares with a value.
    Compares(Comparison, Operand),
    /// How it compares with another field of the item.
    ComparesWith(Comparison, &'static Field),
    /// It is one of these.
    OneOf(BTreeSet<Operand>),
    /// It holds this text, in lower case; of tags, it is one of them.
    Contains(String),
    /// It holds these words behind each other.
    Words(Phrase),
    /// It is this path, in lower case, or below it.
    Under(String),
    /// It has no value.
    Empty,
}

/// How two values compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparison {
    Equal,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

impl Comparison {
    fn fits(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::Greater => ordering.is_gt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    /// Whether two values compare so. Nothing is neither less nor greater than anything.
    fn holds(self, left: &Operand, right: &Operand) -> bool {
        let nothing = *left == Operand::Nothing || *right == Operand::Nothing;
        (self == Self::Equal || !nothing) && self.fits(left.cmp(right))
    }
}

impl Condition {
    /// Whether it holds, if its tests come out like this. Nothing while a test is open on which it hangs.
    pub(super) fn verdict(&self, outcome: &mut dyn FnMut(&Leaf) -> Option<bool>) -> Option<bool> {
        let (parts, deciding) = match self {
            Self::All(parts) => (parts, false),
            Self::Any(parts) => (parts, true),
            Self::Not(part) => return part.verdict(outcome).map(|holds| !holds),
            Self::Leaf(leaf) => return outcome(leaf),
        };
        let mut open = false;
        for part in parts {
            match part.verdict(outcome) {
                Some(holds) if holds == deciding => return Some(deciding),
                Some(_) => {}
                None => open = true,
            }
        }
        (!open).then_some(!deciding)
    }

    /// Every test of it.
    pub(super) fn each(&self, see: &mut dyn FnMut(&Leaf)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each(see)),
            Self::Not(part) => part.each(see),
            Self::Leaf(leaf) => see(leaf),
        }
    }
}

/// An item with what is known about it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) item: &'a WorkItem,
    pub(super) project: &'a str,
    pub(super) names: &'a Names,
    pub(super) precision: i64,
}

impl<'a> Seen<'a> {
    /// The value of a field.
    fn value(&self, field: &Field) -> Option<FieldValue<&'a str>> {
        self.item.every_field(self.project).find(|(name, _)| *name == field.reference_name).map(|(_, value)| value)
    }

    /// What it takes to look a field up: those that are there are passed one after the other.
    fn look(&self) -> usize {
        effort::OF_A_LOOK + self.item.fields.iter().count() + self.item.relations.len()
    }

    /// What it takes to get the value of a field as it is compared.
    pub(super) fn cost(&self, field: &Field) -> usize {
        self.look() + of_value(self.value(field))
    }

    /// The value of a field as it is compared.
    pub(super) fn operand(&self, field: &Field) -> Operand {
        Operand::of(field, self.value(field), self.names, self.precision)
    }
}

impl Test {
    /// How it comes out for every item of the project of this name, if nothing else is asked.
    pub(super) fn by_project_alone(&self, project: &str) -> Option<bool> {
        if !is_project(self.field) {
            return None;
        }
        let project = || Operand::text(project);
        match &self.check {
            Check::Compares(comparison, with) => Some(comparison.holds(&project(), with)),
            Check::OneOf(values) => Some(values.contains(&project())),
            _ => None,
        }
    }

    /// Whether it matters what people are called.
    pub(super) fn names_people(&self) -> bool {
        self.field.kind == FieldType::Identity && !matches!(self.check, Check::Empty)
    }

    /// What it takes to find that out, at the most: fields that are passed on the way, bytes that are looked at, and what is compared with them.
    fn cost(&self, seen: Seen) -> usize {
        let value = seen.value(self.field);
        let of_value = of_value(value);
        match &self.check {
            Check::Empty => seen.look(),
            Check::ComparesWith(_, other) => 2 * seen.look() + of_value.max(seen.cost(self.field) + seen.cost(other)),
            Check::OneOf(values) => seen.look() + of_value.saturating_mul(1 + values.len().max(1).ilog2() as usize),
            Check::Words(phrase) => seen.look() + phrase.len() + of_value.saturating_mul(3),
            Check::Contains(_) if self.field.reference_name == TAGS => seen.look() + of_value.saturating_mul(2),
            Check::Compares(..) | Check::Contains(_) | Check::Under(_) => seen.look() + of_value,
        }
    }

    /// Whether an item passes.
    fn passes(&self, seen: Seen) -> bool {
        let value = seen.value(self.field);
        match &self.check {
            Check::Empty => is_no_value(value),
            Check::ComparesWith(comparison, other) => match (value, seen.value(other)) {
                // Namesakes are not the same. Only that is asked of two people.
                (Some(FieldValue::Identity(left)), Some(FieldValue::Identity(right))) => {
                    comparison.fits(left.cmp(&right))
                }
                _ => {
                    let (left, right) = (seen.operand(self.field), seen.operand(other));
                    left != Operand::Nothing && comparison.holds(&left, &right)
                }
            },
            Check::Contains(part) => contains(self.field, value, part, seen.names),
            Check::Words(phrase) => matches!(value, Some(FieldValue::Text(text)) if phrase.is_in(text)),
            Check::Under(path) => match seen.operand(self.field) {
                Operand::Text(text) => {
                    text.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'))
                }
                _ => false,
            },
            Check::Compares(comparison, with) => match value {
                Some(FieldValue::Identity(person)) => match with {
                    Operand::Text(name) => seen.names.any(person, |known| known == name),
                    _ => false,
                },
                value => comparison.holds(&Operand::of(self.field, value, seen.names, seen.precision), with),
            },
            Check::OneOf(values) => match value {
                Some(FieldValue::Identity(person)) => {
                    seen.names.any(person, |known| values.contains(&Operand::Text(known.to_owned())))
                }
                value => values.contains(&Operand::of(self.field, value, seen.names, seen.precision)),
            },
        }
    }
}

fn is_no_value(value: Option<FieldValue<&str>>) -> bool {
    matches!(value, None | Some(FieldValue::Text("")))
}

/// Whether a value holds a text. A tag is found whole.
fn contains(field: &Field, value: Option<FieldValue<&str>>, part: &str, names: &Names) -> bool {
    match value {
        Some(FieldValue::Text(text)) if field.reference_name == TAGS => {
            text.split(';').any(|tag| same(tag.trim(), part))
        }
        Some(FieldValue::Text(text)) => text.to_lowercase().contains(part),
        Some(FieldValue::Identity(person)) => names.any_spoken(person, |name| name.contains(part)),
        _ => false,
    }
}

/// What it takes to compare a value.
fn of_value(value: Option<FieldValue<&str>>) -> usize {
    match value {
        Some(FieldValue::Text(text)) => effort::of_text(text),
        Some(FieldValue::Identity(_)) => effort::OF_NAMES,
        _ => 1,
    }
}
