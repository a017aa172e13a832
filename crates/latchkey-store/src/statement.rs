//! A statement is a constant with a name; a change set is what one decision wants to be true, all of it or nothing.

use crate::audit::AuditEvent;
use crate::feed::Notice;
use crate::outbox::Letter;
use crate::value::Value;

/// One SQL statement, written once for both engines.
///
/// Placeholders are `$1`, `$2`, ... in any order. Of the dialects, only what both understand.
/// `INTEGER` and `BLOB` are the words for types, also in a `CAST`; PostgreSQL is told `BIGINT` and `BYTEA`.
/// A sum needs `CAST(sum(..) AS INTEGER)`, because PostgreSQL widens it.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    name: &'static str,
    text: &'static str,
    kind: Kind,
    reach: Reach,
}

/// What a statement promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Reads rows, by an index.
    Read,
    /// Changes any number of rows, none included.
    Write,
    /// Changes at least one row, or the whole change set is undone. A `UNIQUE` violation counts as having changed none. One that reads
    /// (`FOR SHARE`, `FOR UPDATE`) finds at least one row, which stays as it is until the commit.
    Guarded,
    /// May walk a whole table: bulk deletes of what has expired, and what is read once at start.
    Sweep,
}

/// What keeps a statement from the rows of others. Whatever reaches beyond one tenant says why, beside its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// It names the tenant or the organization that it acts in.
    Named,
    /// One row, or what hangs below it, by an id or a hash that nobody guesses; an app's id is public. The row says which tenant it is of, and
    /// the rule compares it.
    Key,
    /// What belongs to one person, browser or app, in whatever tenant.
    Owner,
    /// The server itself: the schema, its keys, what is due or has run out, wherever.
    Server,
}

impl Sql {
    /// A statement that reads rows, by an index.
    pub const fn read(name: &'static str, text: &'static str) -> Self {
        Self { name, text, kind: Kind::Read, reach: Reach::Named }
    }

    /// A statement that changes any number of rows.
    pub const fn write(name: &'static str, text: &'static str) -> Self {
        Self { name, text, kind: Kind::Write, reach: Reach::Named }
    }

    /// A statement that must change at least one row: everything that may happen only once. With `SELECT .. FOR SHARE` or `FOR UPDATE`, one
    /// that must find a row: what has to be true still when the change set counts.
    pub const fn guarded(name: &'static str, text: &'static str) -> Self {
        Self { name, text, kind: Kind::Guarded, reach: Reach::Named }
    }

    /// A statement, reading or writing, that is allowed to walk a whole table.
    pub const fn sweep(name: &'static str, text: &'static str) -> Self {
        Self { name, text, kind: Kind::Sweep, reach: Reach::Named }
    }

    /// The same, by a key that finds a row in whatever tenant.
    pub const fn by_key(self) -> Self {
        Self { reach: Reach::Key, ..self }
    }

    /// The same, of one owner in whatever tenant.
    pub const fn by_owner(self) -> Self {
        Self { reach: Reach::Owner, ..self }
    }

    /// The same, for the server itself.
    pub const fn of_server(self) -> Self {
        Self { reach: Reach::Server, ..self }
    }

    /// What keeps it from the rows of others.
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// Its name: unique in the catalogue, `file.verb` by custom.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its text, with `$n` placeholders.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// What it promises.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What the caches of prepared statements go by. A text is never moved or freed, so its place in memory tells it from
    /// every other at the price of comparing two numbers.
    pub(crate) fn key(&self) -> (usize, usize) {
        (self.text.as_ptr().addr(), self.text.len())
    }
}

/// A statement with its values.
#[derive(Clone, Debug)]
pub struct Write {
    /// The statement.
    pub sql: &'static Sql,
    /// One value for each placeholder.
    pub values: Vec<Value>,
}

/// What one decision changes: committed as a whole or not at all, in this order.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The statements.
    pub writes: Vec<Write>,
    /// What goes on record, in the same transaction.
    pub events: Vec<AuditEvent>,
    /// Who must hear of it, after the commit and before its caller is answered.
    pub notices: Vec<Notice>,
    /// Who is told by mail, where mail is configured.
    pub letters: Vec<Letter>,
}

impl Changes {
    /// No change at all.
    pub const fn none() -> Self {
        Self { writes: Vec::new(), events: Vec::new(), notices: Vec::new(), letters: Vec::new() }
    }

    /// Adds a statement.
    pub fn write(&mut self, sql: &'static Sql, values: Vec<Value>) -> &mut Self {
        self.writes.push(Write { sql, values });
        self
    }

    /// Adds an event to the record.
    pub fn event(&mut self, event: AuditEvent) -> &mut Self {
        self.events.push(event);
        self
    }

    /// Adds a notice for the caches.
    pub fn notice(&mut self, notice: Notice) -> &mut Self {
        self.notices.push(notice);
        self
    }

    /// Adds a mail, which leaves if this is committed.
    pub fn letter(&mut self, letter: Letter) -> &mut Self {
        self.letters.push(letter);
        self
    }

    /// Adds everything of another set, behind what is here.
    pub fn append(&mut self, mut other: Self) -> &mut Self {
        self.writes.append(&mut other.writes);
        self.events.append(&mut other.events);
        self.notices.append(&mut other.notices);
        self.letters.append(&mut other.letters);
        self
    }

    /// Whether there is nothing to commit and nobody to tell. Mail tells of something else that is committed, never of itself.
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.events.is_empty() && self.notices.is_empty()
    }
}
