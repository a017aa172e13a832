//! Values in a form in which they are compared and ordered.

use std::cmp::Ordering;

use crate::work_item::{Field, FieldType, FieldValue};

use super::names::Names;

/// A value as it is compared: texts without their case, moments rounded down. The order is the one that answers have: nothing comes first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Operand {
    /// No value, or an empty text.
    Nothing,
    /// A number.
    Number(Number),
    /// A moment, in microseconds.
    Moment(i64),
    /// A text in lower case.
    Text(String),
}

/// A number that is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        // Both zeros are the same number.
        (self.0 + 0.0).total_cmp(&(other.0 + 0.0))
    }
}

impl Operand {
    /// A text.
    pub(super) fn text(text: &str) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(text.to_lowercase()) }
    }

    /// A path of areas or iterations, without a backslash at its ends.
    pub(super) fn path(text: &str) -> Self {
        Self::text(text.trim().trim_matches('\\'))
    }

    /// A moment, rounded down.
    pub(super) fn moment(micros: i64, precision: i64) -> Self {
        Self::Moment(micros.saturating_sub(micros.rem_euclid(precision)))
    }

    /// The value of a field. Somebody is the name they go by.
    pub(super) fn of(field: &Field, value: Option<FieldValue<&str>>, names: &Names, precision: i64) -> Self {
        match value {
            None => Self::Nothing,
            Some(FieldValue::Text(text)) if field.kind == FieldType::TreePath => Self::path(text),
            Some(FieldValue::Text(text)) => Self::text(text),
            // Numbers of items and revisions are far below what a double holds exactly.
            Some(FieldValue::Integer(number)) => Self::Number(Number(number as f64)),
            Some(FieldValue::Double(number)) => Self::Number(Number(number)),
            Some(FieldValue::DateTime(moment)) => Self::moment(moment.as_micros(), precision),
            Some(FieldValue::Identity(person)) => Self::Text(names.shown(person).to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_order_and_nothing_comes_first() {
        let number = |number| Operand::Number(Number(number));
        assert!(Operand::text("") < Operand::text("a") && Operand::text("a") < Operand::text("B"));
        assert!(number(-1.5) < number(2.0) && number(-0.0) == number(0.0));
        assert_eq!(Operand::moment(86_400_000_001, 86_400_000_000), Operand::Moment(86_400_000_000));
        assert_eq!(Operand::moment(-1, 86_400_000_000), Operand::Moment(-86_400_000_000));
        assert_eq!(Operand::path("\\Lighthouse\\Lamp\\"), Operand::text("lighthouse\\lamp"));
    }
}
