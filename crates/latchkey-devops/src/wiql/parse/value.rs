//! Values of a query, and what they mean to a field.

use time::PrimitiveDateTime;

use super::Reader;
use crate::error::{DevOpsError, Shown};
use crate::wiql::moment::{self, OF_A_DAY, Unit, timestamp};
use crate::wiql::names::name_of;
use crate::wiql::operand::{Number, Operand};
use crate::wiql::token::Token;
use crate::wiql::{malformed, not_answered};
use crate::work_item::{Field, FieldType};

/// A value as it is written.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value<'a> {
    /// A text.
    Text(String),
    /// A number, as its digits.
    Number(String),
    /// A moment of a macro.
    Moment(PrimitiveDateTime),
    /// Who asks.
    Me,
    /// The project that the request is made in.
    Project(&'a str),
}

impl<'a> Reader<'a> {
    /// Reads a value.
    pub(super) fn value(&mut self) -> Result<Value<'a>, DevOpsError> {
        match self.token() {
            Token::Text(text) => {
                let text = text.clone();
                self.at += 1;
                Ok(Value::Text(text))
            }
            Token::Number(_) | Token::Sign("-" | "+") => self.number().map(Value::Number),
            Token::Macro(name) => {
                let name = *name;
                self.at += 1;
                self.a_macro(name)
            }
            _ => Err(malformed("Expecting constant value.", self.cause())),
        }
    }

    fn number(&mut self) -> Result<String, DevOpsError> {
        let from = self.at;
        let negative = self.take_sign("-");
        if !negative {
            self.take_sign("+");
        }
        let Token::Number(digits) = *self.token() else {
            return Err(malformed("Expecting a number.", self.cause()));
        };
        self.at += 1;
        let text = format!("{}{digits}", if negative { "-" } else { "" });
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(text),
            _ => Err(malformed("Expecting a number.", self.since(from))),
        }
    }

    fn a_macro(&mut self, name: &str) -> Result<Value<'a>, DevOpsError> {
        if name.eq_ignore_ascii_case("me") {
            return Ok(Value::Me);
        }
        if name.eq_ignore_ascii_case("project") {
            let missing = "The macro @Project needs a project in the address of the request.";
            return self.surroundings.project.map(Value::Project).ok_or_else(|| not_answered(missing));
        }
        let Some(unit) = Unit::of_macro(name) else {
            let message = format!("The macro @{} is not answered here.", Shown(name));
            return Err(not_answered(message));
        };
        let from = self.at.saturating_sub(1);
        let mut moment = Some(unit.beginning(self.surroundings.now));
        if self.take_sign("(") {
            let shift = match self.next() {
                Token::Text(text) => moment::shift(&text, unit),
                _ => None,
            };
            let closed = self.take_sign(")");
            moment = moment.zip(shift.filter(|_| closed)).and_then(|(moment, (unit, count))| unit.add(moment, count));
        }
        if matches!(self.token(), Token::Sign("-" | "+")) {
            let count = self.number()?.parse::<i32>().ok();
            moment = moment.zip(count).and_then(|(moment, count)| unit.add(moment, count));
        }
        let cause = self.since(from);
        moment.map(Value::Moment).ok_or_else(|| malformed("The macro does not lead to a date.", cause))
    }

    /// What a value means to a field. `cause` is the condition that it is part of.
    pub(super) fn operand(&self, field: &Field, value: Value, cause: &str) -> Result<Operand, DevOpsError> {
        let wrong =
            |what: &str| malformed(&format!("The value of the field {} must be {what}.", field.reference_name), cause);
        match (field.kind, value) {
            (_, Value::Text(text)) if text.trim().is_empty() => Ok(Operand::Nothing),
            (FieldType::TreePath, Value::Text(text)) => Ok(Operand::path(&text)),
            (FieldType::TreePath, Value::Project(name)) => Ok(Operand::path(name)),
            (FieldType::String | FieldType::Html | FieldType::Tags, Value::Text(text)) => {
                Ok(Operand::text(text.trim()))
            }
            (FieldType::String | FieldType::Html | FieldType::Tags, Value::Number(text)) => Ok(Operand::text(&text)),
            (FieldType::String, Value::Project(name)) => Ok(Operand::text(name)),
            (FieldType::Integer | FieldType::Double, Value::Number(text) | Value::Text(text)) => {
                let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
                number.map(|number| Operand::Number(Number(number))).ok_or_else(|| wrong("a number"))
            }
            (FieldType::DateTime, Value::Moment(moment)) => {
                let micros = timestamp(moment).ok_or_else(|| wrong("a date"))?.as_micros();
                Ok(Operand::moment(micros, self.precision()))
            }
            (FieldType::DateTime, Value::Text(text)) => {
                let moment = moment::literal(&text).ok_or_else(|| wrong("a date such as '2026-11-22'"))?;
                if moment::has_time(moment) && self.precision() == OF_A_DAY {
                    let message = "You cannot supply a time with the date when running a query using date precision.";
                    return Err(malformed(message, cause));
                }
                Ok(Operand::moment(moment.as_micros(), self.precision()))
            }
            (FieldType::Identity, Value::Me) => Ok(Operand::text(&self.surroundings.me.to_string())),
            (FieldType::Identity, Value::Text(text)) => Ok(Operand::Text(name_of(&text))),
            _ => Err(malformed("The value does not fit the field.", cause)),
        }
    }
}
