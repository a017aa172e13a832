//! The conditions of a query: what stands behind WHERE.

use std::collections::BTreeSet;

use super::Reader;
use super::value::Value;
use crate::error::DevOpsError;
use crate::wiql::condition::{Check, Comparison, Condition, Leaf, Test};
use crate::wiql::names::name_of;
use crate::wiql::operand::Operand;
use crate::wiql::phrase::Phrase;
use crate::wiql::token::Token;
use crate::wiql::{MOST_CONDITIONS, MOST_DEPTH, field_named, malformed, not_answered};
use crate::work_item::{Field, FieldType};

/// The longest text that is looked for in others: that of the original.
const LONGEST_PART: usize = 4_000;
/// The most words that are looked for behind each other.
const MOST_WORDS: usize = 100;
/// The types of fields that are less or greater than a value.
const ORDERED: &[FieldType] = &[FieldType::String, FieldType::Integer, FieldType::Double, FieldType::DateTime];
/// The types of fields that are equal to a value.
const EQUAL: &[FieldType] = &[
    FieldType::String,
    FieldType::TreePath,
    FieldType::Identity,
    FieldType::Integer,
    FieldType::Double,
    FieldType::DateTime,
];

/// What stands behind the sign of a comparison.
enum Right<'a> {
    /// A value.
    Value(Value<'a>),
    /// The name of another field, and how it is written.
    Field(&'a str, &'a str),
}

impl Reader<'_> {
    /// Conditions with AND and OR between them. AND binds closer.
    pub(super) fn expression(&mut self) -> Result<Condition, DevOpsError> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(not_answered(format!("The conditions of a query are nested at most {MOST_DEPTH} deep.")));
        }
        let mut any = vec![self.conjunction()?];
        while self.take_word("OR") {
            any.push(self.conjunction()?);
        }
        self.depth -= 1;
        Ok(one_of(any, Condition::Any))
    }

    fn conjunction(&mut self) -> Result<Condition, DevOpsError> {
        let mut all = vec![self.term()?];
        while self.take_word("AND") {
            all.push(self.term()?);
        }
        Ok(one_of(all, Condition::All))
    }

    fn term(&mut self) -> Result<Condition, DevOpsError> {
        let mut negated = false;
        while self.take_word("NOT") {
            negated = !negated;
        }
        let condition = if self.take_sign("(") {
            let inside = self.expression()?;
            if !self.take_sign(")") {
                return Err(malformed("Expecting closing parenthesis.", self.cause()));
            }
            inside
        } else {
            let ever = self.take_word("EVER");
            self.condition(ever)?
        };
        Ok(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    /// A field, an operator and a value.
    fn condition(&mut self, ever: bool) -> Result<Condition, DevOpsError> {
        self.conditions += 1;
        if self.conditions > MOST_CONDITIONS {
            return Err(not_answered(format!("A query has at most {MOST_CONDITIONS} conditions.")));
        }
        let from = self.at;
        let (name, cause) = self.field_name()?;
        let field = field_named(name, cause)?;
        if field.kind == FieldType::History {
            return Err(not_answered("Comments (System.History) are not searched by queries here."));
        }
        let not = self.take_word("NOT");
        if self.take_word("WAS") && !self.is_word("EVER") {
            return Err(malformed("Expecting EVER.", self.cause()));
        }
        // `NOT EVER` denies that it ever was so; a NOT before another operator, or `<>`, belongs to what ever was.
        let ever_behind = self.take_word("EVER");
        let (turned, check) = self.check(field, from)?;
        let Some(check) = check else { return Ok(Condition::All(Vec::new())) };
        let ever = (ever || ever_behind).then_some(self.evers);
        self.evers += usize::from(ever.is_some());
        let leaf = Leaf { test: Test { field, check }, negated: turned != (not && !ever_behind), ever };
        let leaf = Condition::Leaf(leaf);
        Ok(if not && ever_behind { Condition::Not(Box::new(leaf)) } else { leaf })
    }

    /// What is asked of a field, and whether it is the other way round. Nothing if any value will do.
    fn check(&mut self, field: &'static Field, from: usize) -> Result<(bool, Option<Check>), DevOpsError> {
        if self.take_word("IS") {
            let not = self.take_word("NOT");
            return match self.take_word("EMPTY") {
                true => Ok((not, Some(Check::Empty))),
                false => Err(malformed("Expecting EMPTY.", self.cause())),
            };
        }
        if self.take_word("IN") {
            if self.is_word("GROUP") {
                return Err(not_answered(
                    "IN GROUP is not answered here: there are no groups of people or types to look in.",
                ));
            }
            return self.one_of(field, from).map(|check| (false, Some(check)));
        }
        if self.take_word("CONTAINS") {
            let by_words = self.take_word("WORDS");
            return self.contains(field, by_words, from).map(|check| (false, Some(check)));
        }
        if self.take_word("UNDER") {
            let value = self.value()?;
            self.only(field, &[FieldType::TreePath], from)?;
            return match self.operand(field, value, self.since(from))? {
                Operand::Text(path) => Ok((false, Some(Check::Under(path)))),
                _ => Err(malformed("Expecting a path.", self.since(from))),
            };
        }
        self.comparison(field, from)
    }

    fn comparison(&mut self, field: &'static Field, from: usize) -> Result<(bool, Option<Check>), DevOpsError> {
        let (comparison, turned) = match *self.token() {
            Token::Sign("=") => (Comparison::Equal, false),
            Token::Sign("<>") => (Comparison::Equal, true),
            Token::Sign("<") => (Comparison::Less, false),
            Token::Sign(">") => (Comparison::Greater, false),
            Token::Sign("<=") => (Comparison::LessOrEqual, false),
            Token::Sign(">=") => (Comparison::GreaterOrEqual, false),
            // `[System.AssignedTo] EVER 'Ana'` leaves the sign out.
            Token::Text(_) | Token::Macro(_) | Token::Number(_) if self.came_behind_ever() => {
                self.at = self.at.saturating_sub(1);
                (Comparison::Equal, false)
            }
            _ => return Err(malformed("Expecting comparison operator.", self.cause())),
        };
        self.at += 1;
        if matches!(self.token(), Token::Bracketed(name) if name.eq_ignore_ascii_case("any")) {
            self.at += 1;
            return Ok((false, None));
        }
        let right = match self.token() {
            Token::Bracketed(_) | Token::Word(_) => {
                self.field_name().map(|(name, written)| Right::Field(name, written))?
            }
            _ => Right::Value(self.value()?),
        };
        self.only(field, if comparison == Comparison::Equal { EQUAL } else { ORDERED }, from)?;
        let cause = self.since(from);
        let check = match right {
            Right::Value(value) => Check::Compares(comparison, self.operand(field, value, cause)?),
            Right::Field(name, written) => {
                let other = field_named(name, written)?;
                let numbers = |field: &Field| matches!(field.kind, FieldType::Integer | FieldType::Double);
                if other.kind != field.kind && !(numbers(field) && numbers(other)) {
                    return Err(malformed("The two fields hold values of different types.", cause));
                }
                Check::ComparesWith(comparison, other)
            }
        };
        Ok((turned, Some(check)))
    }

    fn came_behind_ever(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|before| self.tokens.get(before));
        matches!(before, Some((Token::Word(word), _)) if word.eq_ignore_ascii_case("EVER"))
    }

    fn one_of(&mut self, field: &Field, from: usize) -> Result<Check, DevOpsError> {
        if !self.take_sign("(") {
            return Err(malformed("Expecting opening parenthesis.", self.cause()));
        }
        self.only(field, EQUAL, from)?;
        let mut values = BTreeSet::new();
        loop {
            let begin = self.at;
            let value = self.value()?;
            values.insert(self.operand(field, value, self.since(begin))?);
            if self.take_sign(")") {
                return Ok(Check::OneOf(values));
            }
            if !self.take_sign(",") {
                return Err(malformed("Expecting closing parenthesis.", self.cause()));
            }
        }
    }

    fn contains(&mut self, field: &Field, by_words: bool, from: usize) -> Result<Check, DevOpsError> {
        let (Value::Text(text) | Value::Number(text)) = self.value()? else {
            return Err(malformed("Expecting a text.", self.since(from)));
        };
        let cause = self.since(from);
        if text.len() > LONGEST_PART {
            return Err(malformed(&format!("A text to look for has at most {LONGEST_PART} characters."), cause));
        }
        if by_words {
            self.only(field, &[FieldType::String, FieldType::Html], from)?;
            let phrase = Phrase::of(&text);
            return match phrase.len() {
                1..=MOST_WORDS => Ok(Check::Words(phrase)),
                _ => Err(malformed(&format!("Expecting one word at least, and {MOST_WORDS} at the most."), cause)),
            };
        }
        self.only(field, &[FieldType::String, FieldType::Identity, FieldType::Tags, FieldType::Html], from)?;
        let part = if field.kind == FieldType::Identity { name_of(&text) } else { text.trim().to_lowercase() };
        if part.is_empty() { Err(malformed("Expecting a text to look for.", cause)) } else { Ok(Check::Contains(part)) }
    }

    /// Only fields of these types take the operator.
    fn only(&self, field: &Field, types: &[FieldType], from: usize) -> Result<(), DevOpsError> {
        if types.contains(&field.kind) {
            return Ok(());
        }
        let kind = match field.kind {
            FieldType::TreePath => "tree path",
            FieldType::Tags => "tag",
            FieldType::Html => "long text",
            FieldType::Identity => "identity",
            other => other.name(),
        };
        Err(malformed(&format!("The specified operator cannot be used with {kind} fields."), self.since(from)))
    }
}

/// One condition as itself, several together.
fn one_of(mut conditions: Vec<Condition>, together: impl FnOnce(Vec<Condition>) -> Condition) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        last => {
            conditions.extend(last);
            together(conditions)
        }
    }
}
