//! Where the data is, and how it is opened.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;

use crate::engine::postgres::address::Address;
pub use crate::engine::postgres::address::AddressError;

/// `sqlite:latchkey.db`, or `postgres://user@host/name`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DatabaseUrl {
    /// A file, with the write-ahead log and the lock file beside it.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as a connection URL. Another machine is reached by TLS, unless `sslmode` says otherwise.
    Postgres(String),
}

/// Why an address is not that of a database.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotADatabase {
    /// It is neither of the two.
    #[error("expected `sqlite:` with a file name, or a `postgres://` address")]
    Neither,
    /// PostgreSQL cannot be reached by it, or not safely.
    #[error(transparent)]
    Postgres(#[from] AddressError),
}

impl FromStr for DatabaseUrl {
    type Err = NotADatabase;

    fn from_str(text: &str) -> Result<Self, NotADatabase> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let _: Address = text.parse()?;
            return Ok(Self::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err(NotADatabase::Neither),
        }
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = NotADatabase;

    fn try_from(text: String) -> Result<Self, NotADatabase> {
        text.parse()
    }
}

/// Shown without the password that an address may hold.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://[address]"),
        }
    }
}

/// How a database is opened. The default is a server that keeps its word.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Server or reader.
    pub role: Role,
    /// What an acknowledged commit has survived.
    pub durability: Durability,
    /// At most so many pages in a SQLite file. Tests fill a disk with it.
    pub max_pages: Option<u32>,
}

/// Who opens the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Role {
    /// A server, the only one on SQLite: brings the schema up to date, holds the lock, reads and writes.
    #[default]
    Server,
    /// A command that only looks (`latchkey audit verify`), while a server may be at work.
    Reader,
}

/// What an acknowledged commit has survived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Durability {
    /// It is on disk.
    #[default]
    Full,
    /// It is on its way to the disk and a power cut loses it. Only for tests that show that they would notice.
    Unsafe,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_file_or_a_server_and_nothing_else() {
        assert_eq!("sqlite:a/b.db".parse(), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        assert_eq!("postgres://l@h/d".parse(), Ok(DatabaseUrl::Postgres("postgres://l@h/d".into())));
        assert_eq!("mysql://h".parse::<DatabaseUrl>(), Err(NotADatabase::Neither));
        let open = "postgres://l@db.example.com/d?sslmode=prefer".parse::<DatabaseUrl>();
        assert_eq!(open, Err(NotADatabase::Postgres(AddressError::LeftToOthers)));
        assert_eq!("sqlite:".parse::<DatabaseUrl>(), Err(NotADatabase::Neither));
    }

    #[test]
    fn a_password_in_the_address_is_not_shown() {
        let shown = format!("{:?}", DatabaseUrl::Postgres("postgres://l:hunter2@h/d".into()));
        assert!(!shown.contains("hunter2"));
    }
}
