//! What a query asks of an item.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::is_project;
use super::names::Names;
use super::operand::Operand;
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
    /// How it comes out for an item. `effort` grows by what that took.
    pub(super) fn outcome(&self, seen: Seen, effort: &mut usize) -> bool {
        self.test.passes(seen, effort) != self.negated
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
    /// It holds these words behind each other, in lower case; the last one may only begin so.
    Words(Vec<String>, bool),
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

    /// Whether an item passes.
    fn passes(&self, seen: Seen, effort: &mut usize) -> bool {
        let value = seen.value(self.field);
        *effort += 1;
        if let Some(FieldValue::Text(text)) = value {
            let times = if let Check::Words(words, _) = &self.check { words.len() } else { 1 };
            *effort = effort.saturating_add(text.len().saturating_mul(times));
        }
        match &self.check {
            Check::Empty => is_no_value(value),
            Check::ComparesWith(comparison, other) => {
                let (left, right) = (seen.operand(self.field), seen.operand(other));
                left != Operand::Nothing && comparison.holds(&left, &right)
            }
            Check::Contains(part) => contains(self.field, value, part, seen.names),
            Check::Words(words, open_ended) => match value {
                Some(FieldValue::Text(text)) => has_words(text, words, *open_ended),
                _ => false,
            },
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
            text.split(';').any(|tag| tag.trim().to_lowercase() == part)
        }
        Some(FieldValue::Text(text)) => text.to_lowercase().contains(part),
        Some(FieldValue::Identity(person)) => names.any(person, |name| name.contains(part)),
        _ => false,
    }
}

/// Whether a text holds these words behind each other. Markup has no words.
fn has_words(text: &str, words: &[String], open_ended: bool) -> bool {
    let mut plain = String::with_capacity(text.len());
    let mut in_markup = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let begins = c == '<' && chars.peek().is_some_and(|next| next.is_ascii_alphabetic() || "/!".contains(*next));
        in_markup |= begins;
        plain.push(if in_markup { ' ' } else { c });
        in_markup &= c != '>';
    }
    let plain = self::words(&plain);
    plain.windows(words.len()).any(|window| {
        let last = words.len().saturating_sub(1);
        window.iter().zip(words).enumerate().all(|(place, (found, wanted))| {
            if open_ended && place == last { found.starts_with(wanted.as_str()) } else { found == wanted }
        })
    })
}

/// The words of a text, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}
