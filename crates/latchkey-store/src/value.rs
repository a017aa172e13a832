//! What goes into a statement and what comes out of one: three kinds of value and nothing, the same on both engines.

use latchkey_jose::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;

/// A value of a column or a parameter. UUIDs and hashes are blobs, moments and booleans are integers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// SQL's `NULL`.
    Null,
    /// `INTEGER`: numbers, moments in microseconds, booleans as 0 and 1.
    Int(i64),
    /// `TEXT`. PostgreSQL cannot hold the character U+0000: parsers refuse it at the edge.
    Text(String),
    /// `BLOB`: UUIDs, hashes, sealed secrets.
    Blob(Vec<u8>),
}

impl Value {
    /// What to call this kind of value in an error.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "INTEGER",
            Self::Text(_) => "TEXT",
            Self::Blob(_) => "BLOB",
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.as_micros())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Blob(value.as_bytes().to_vec())
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of a result. Columns are taken by position, in the order the statement names them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    values: Vec<Value>,
}

impl Row {
    pub(crate) const fn new(values: Vec<Value>) -> Self {
        Self { values }
    }

    /// What it holds: a key that another statement takes.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// An integer.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| self.mismatch(column, "INTEGER"))
    }

    /// An integer, or nothing.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.values.get(column) {
            Some(Value::Int(value)) => Ok(Some(*value)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.mismatch(column, "INTEGER")),
        }
    }

    /// A truth: anything but 0.
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// A moment.
    pub fn time(&self, column: usize) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp::from_micros)
    }

    /// A moment, or nothing.
    pub fn opt_time(&self, column: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.opt_int(column)?.map(Timestamp::from_micros))
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.opt_text(column)?.ok_or_else(|| self.mismatch(column, "TEXT"))
    }

    /// A text, or nothing.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.values.get(column) {
            Some(Value::Text(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.mismatch(column, "TEXT")),
        }
    }

    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<&[u8], StoreError> {
        self.opt_blob(column)?.ok_or_else(|| self.mismatch(column, "BLOB"))
    }

    /// Bytes, or nothing.
    pub fn opt_blob(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.values.get(column) {
            Some(Value::Blob(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.mismatch(column, "BLOB")),
        }
    }

    /// Exactly `N` bytes: a hash, a seed.
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        self.blob(column)?.try_into().map_err(|_| self.mismatch(column, "BLOB of the right length"))
    }

    /// Exactly `N` bytes, or nothing.
    pub fn opt_array<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>, StoreError> {
        self.opt_blob(column)?
            .map(|bytes| bytes.try_into().map_err(|_| self.mismatch(column, "BLOB of the right length")))
            .transpose()
    }

    /// A UUID.
    pub fn uuid(&self, column: usize) -> Result<Uuid, StoreError> {
        self.array(column).map(Uuid::from_bytes)
    }

    /// A UUID, or nothing.
    pub fn opt_uuid(&self, column: usize) -> Result<Option<Uuid>, StoreError> {
        Ok(self.opt_array(column)?.map(Uuid::from_bytes))
    }

    fn mismatch(&self, column: usize, expected: &'static str) -> StoreError {
        StoreError::Column { column, expected, found: self.values.get(column).map_or("no such column", Value::kind) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_row() -> Row {
        Row::new(vec![Value::Int(7), Value::Null, "x".into(), Uuid::from_u128(9).into()])
    }

    #[test]
    fn a_column_is_read_as_what_it_holds() {
        let row = a_row();
        assert_eq!(row.int(0), Ok(7));
        assert_eq!(row.bool(0), Ok(true));
        assert_eq!(row.time(0), Ok(Timestamp::from_micros(7)));
        assert_eq!(row.opt_text(1), Ok(None));
        assert_eq!(row.text(2), Ok("x"));
        assert_eq!(row.uuid(3), Ok(Uuid::from_u128(9)));
    }

    #[test]
    fn a_column_of_another_kind_is_an_error_and_not_a_guess() {
        let row = a_row();
        assert_eq!(row.int(2), Err(StoreError::Column { column: 2, expected: "INTEGER", found: "TEXT" }));
        assert_eq!(row.int(1), Err(StoreError::Column { column: 1, expected: "INTEGER", found: "NULL" }));
        assert!(row.text(9).is_err());
        assert!(row.array::<32>(3).is_err());
    }

    #[test]
    fn nothing_becomes_null() {
        assert_eq!(Value::from(None::<Uuid>), Value::Null);
        assert_eq!(Value::from(Some(true)), Value::Int(1));
    }
}
