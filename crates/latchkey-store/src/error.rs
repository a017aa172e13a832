//! What can go wrong with a database, told by what its reader can do about it.

use std::path::PathBuf;

/// Why a statement gave no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be used at this moment: full disk, locked, gone, out of contention's bound. Answer 503.
    /// When it comes from a commit, nobody knows whether the commit took place, so it never counts as done.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The statement itself is wrong or breaks a constraint: a bug.
    #[error("statement `{statement}` failed: {reason}")]
    Statement {
        /// The statement's name in the catalogue.
        statement: &'static str,
        /// What the database said.
        reason: String,
    },
    /// A row does not hold what its reader takes it for: a bug.
    #[error("column {column} holds {found} where {expected} is read")]
    Column {
        /// Position in the row.
        column: usize,
        /// What the reader asked for.
        expected: &'static str,
        /// What the row holds.
        found: &'static str,
    },
    /// A stored value has no meaning to this version: a bug, or a row written by hand.
    #[error("the database holds a {what} that means nothing: {found}")]
    Meaningless {
        /// Our word for the thing.
        what: &'static str,
        /// What is stored.
        found: String,
    },
}

impl StoreError {
    /// Whether trying again later may help (503), or someone must mend the code (500).
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Why a change set was not committed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommitError {
    /// A guarded statement found nothing to change: another request was first. Nothing of the set stays; decide again.
    #[error("a guard found nothing to change: another request was first")]
    Lost,
    /// The database failed. Never success: after a lost answer nobody knows whether the set was committed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be reached or used.
    #[error("cannot open the database: {0}")]
    Unreachable(String),
    /// One server per SQLite database: another one is at work on it.
    #[error("another Latchkey server is using {0}: stop it first, or give this one a database of its own")]
    InUse(String),
    /// Several servers share a PostgreSQL database, and one of them does not let others come.
    #[error("another Latchkey server holds {0}: it is of another version, or is bringing the database up to date")]
    KeptOut(String),
    /// The schema was written by a later version.
    #[error(
        "the database has schema {found} but this Latchkey knows schemas up to {known}: start the newer Latchkey that wrote it"
    )]
    NewerSchema {
        /// The version found in the database.
        found: i64,
        /// The latest version this binary has.
        known: i64,
    },
    /// A reader does not change the schema; the server brings it up to date when it starts.
    #[error(
        "the database has schema {found} but this Latchkey reads schema {known}: start the server once to bring it up to date"
    )]
    OlderSchema {
        /// The version found in the database.
        found: i64,
        /// The latest version this binary has.
        known: i64,
    },
    /// A migration did not run; the database is as it was before.
    #[error("migration {version} ({name}) failed, and the database is as it was before: {reason}")]
    Migration {
        /// Its number.
        version: i64,
        /// Its name.
        name: &'static str,
        /// What the database said.
        reason: String,
    },
    /// The folder or the lock file cannot be made.
    #[error("cannot write beside the database, at {path}: {reason}")]
    Folder {
        /// Where.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}
