//! Notices on their way to the other nodes: one row for each change set that others have to hear of, written in its own transaction.
//!
//! Numbers of transactions are given when they begin, and their rows are seen when they commit, so a row may be seen after others with
//! higher numbers. Each reading therefore begins at the lowest number that was still open at the one before it, and passes over the rows that
//! it has had already. These statements use what only PostgreSQL has, so they are not in the catalogue.

use std::collections::HashMap;

use uuid::Uuid;

use crate::feed::Notice;

/// The most rows of one reading. Whoever is further behind forgets everything instead.
pub(super) const MOST_ROWS: usize = 20_000;

/// Writes the row of a change set.
pub(super) const TELL: &str = "INSERT INTO notice (node, number, xact, told)
     VALUES ($1, $2, CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), $3)";

/// The lowest number that is still open, and the rows from `$1` on. There is always a row of the first.
pub(super) const READ: &str =
    "SELECT CAST(CAST(pg_snapshot_xmin(s.moment) AS TEXT) AS BIGINT), n.xact, n.node, n.number, n.told
      FROM (SELECT pg_current_snapshot() AS moment) s
      LEFT JOIN (SELECT xact, node, number, told FROM notice WHERE xact >= $1 ORDER BY xact LIMIT $2) n ON TRUE";

/// Drops what every node has had.
pub(super) const FORGET: &str = "DELETE FROM notice WHERE xact < $1";

/// Drops rows of another history: those of a database that was brought here from elsewhere.
pub(super) const FORGET_STRANGE: &str = "DELETE FROM notice
     WHERE xact >= CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)";

/// Where nodes wake each other.
pub(super) const CHANNEL: &str = "latchkey_notices";

/// A row that tells of a change set.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) node: Uuid,
    pub(super) number: i64,
    pub(super) told: Vec<u8>,
}

/// A row as it was read.
#[derive(Debug)]
pub(super) struct ToldRow {
    pub(super) xact: i64,
    pub(super) row: Told,
}

/// What one reading brought.
#[derive(Debug)]
pub(super) struct Reading {
    /// The lowest number of a transaction that was open.
    pub(super) horizon: i64,
    pub(super) rows: Vec<ToldRow>,
}

/// How far a node has read.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    horizon: Option<i64>,
    /// What it has had from the horizon on, with the numbers of the transactions.
    had: HashMap<(Uuid, i64), i64>,
}

impl Cursor {
    /// Where the next reading begins. The first one brings nothing but the horizon.
    pub(super) fn from(&self) -> i64 {
        self.horizon.unwrap_or(i64::MAX)
    }

    /// The lowest number that was open when it read last.
    pub(super) const fn horizon(&self) -> Option<i64> {
        self.horizon
    }

    /// Takes what was read: the rows that are new. `None` if there is no telling what was missed.
    pub(super) fn advance(&mut self, reading: Reading) -> Option<Vec<Told>> {
        let Reading { horizon, rows } = reading;
        // Numbers only grow, unless this is another database than before.
        let same_history = self.horizon.is_none_or(|before| before <= horizon);
        let all = rows.len() < MOST_ROWS;
        self.horizon = Some(horizon);
        let mut new = Vec::new();
        for ToldRow { xact, row } in rows {
            let key = (row.node, row.number);
            let known = if xact >= horizon { self.had.insert(key, xact) } else { self.had.remove(&key) };
            if known.is_none() {
                new.push(row);
            }
        }
        // What is below the horizon is never read again.
        self.had.retain(|_, xact| *xact >= horizon);
        (same_history && all).then_some(new)
    }
}

/// Whether other nodes have to hear of it. What they keep of a token family may be behind: their rotations are guarded.
pub(super) const fn travels(notice: &Notice) -> bool {
    !matches!(notice, Notice::Rotation { .. })
}

/// Notices as one value of a row.
pub(super) fn write<'a>(notices: impl Iterator<Item = &'a Notice>) -> Vec<u8> {
    let mut out = Vec::new();
    for notice in notices {
        let mut id = |kind: u8, id: &Uuid| {
            out.push(kind);
            out.extend_from_slice(id.as_bytes());
        };
        match notice {
            Notice::Authorization(authorization) => id(1, authorization),
            Notice::TokenFamily(family) => id(2, family),
            Notice::Account(account) => id(3, account),
            Notice::Client(client) => id(4, client),
            Notice::Organization(organization) => id(5, organization),
            Notice::Session(session) => id(6, session),
            Notice::Browser(hash) => {
                out.push(7);
                out.extend_from_slice(hash);
            }
            Notice::WorkItem { organization, id: item } => {
                id(8, organization);
                out.extend_from_slice(&item.to_be_bytes());
            }
            Notice::Keys => out.push(9),
            Notice::Everything => out.push(10),
            Notice::Rotation { .. } => {}
        }
    }
    out
}

/// The notices of a row. `None` if some of it has no meaning to this version.
pub(super) fn read(mut bytes: &[u8]) -> Option<Vec<Notice>> {
    let mut notices = Vec::new();
    while let Some((kind, rest)) = bytes.split_first() {
        bytes = rest;
        notices.push(match kind {
            1 => Notice::Authorization(id(&mut bytes)?),
            2 => Notice::TokenFamily(id(&mut bytes)?),
            3 => Notice::Account(id(&mut bytes)?),
            4 => Notice::Client(id(&mut bytes)?),
            5 => Notice::Organization(id(&mut bytes)?),
            6 => Notice::Session(id(&mut bytes)?),
            7 => Notice::Browser(take(&mut bytes)?),
            8 => Notice::WorkItem { organization: id(&mut bytes)?, id: i64::from_be_bytes(take(&mut bytes)?) },
            9 => Notice::Keys,
            10 => Notice::Everything,
            _ => return None,
        });
    }
    Some(notices)
}

fn id(bytes: &mut &[u8]) -> Option<Uuid> {
    take(bytes).map(Uuid::from_bytes)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use latchkey_identity::Timestamp;

    use super::*;

    const NODE: Uuid = Uuid::from_u128(1);

    fn reading(horizon: i64, rows: &[(i64, i64)]) -> Reading {
        let row = |(xact, number): &(i64, i64)| ToldRow {
            xact: *xact,
            row: Told { node: NODE, number: *number, told: Vec::new() },
        };
        Reading { horizon, rows: rows.iter().map(row).collect() }
    }

    fn numbers(new: Option<Vec<Told>>) -> Option<Vec<i64>> {
        new.map(|rows| rows.iter().map(|row| row.number).collect())
    }

    #[test]
    fn a_row_that_is_seen_late_is_had_once_and_so_are_those_before_it() {
        let mut cursor = Cursor::default();
        assert_eq!(numbers(cursor.advance(reading(10, &[]))), Some(vec![]));
        // The transaction 10 is open.
        assert_eq!(cursor.from(), 10);
        assert_eq!(numbers(cursor.advance(reading(10, &[(11, 1), (12, 2)]))), Some(vec![1, 2]));
        assert_eq!(numbers(cursor.advance(reading(10, &[(11, 1), (12, 2), (13, 3)]))), Some(vec![3]));
        // It has committed.
        assert_eq!(cursor.from(), 10);
        assert_eq!(numbers(cursor.advance(reading(14, &[(10, 4), (11, 1), (12, 2), (13, 3)]))), Some(vec![4]));
        assert_eq!(cursor.from(), 14);
        assert!(cursor.had.is_empty(), "what can never be read again is not kept");
    }

    #[test]
    fn who_is_too_far_behind_or_at_another_database_knows_nothing() {
        let mut cursor = Cursor::default();
        cursor.advance(reading(10, &[]));
        assert!(cursor.advance(reading(9, &[])).is_none());
        let many: Vec<(i64, i64)> = (0..20_000).map(|number| (20 + number, number)).collect();
        assert!(cursor.advance(reading(30_000, &many)).is_none());
        assert_eq!(numbers(cursor.advance(reading(30_001, &[(30_000, 1)]))), Some(vec![1]));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let id = Uuid::from_u128(7);
        let all = [
            Notice::Authorization(id),
            Notice::TokenFamily(id),
            Notice::Account(id),
            Notice::Client(id),
            Notice::Organization(id),
            Notice::Session(id),
            Notice::Browser([3; 32]),
            Notice::WorkItem { organization: id, id: -5 },
            Notice::Keys,
            Notice::Everything,
        ];
        assert_eq!(read(&write(all.iter())), Some(all.to_vec()));
        assert_eq!(read(&[]), Some(vec![]));
        assert_eq!(read(&[200]), None, "of a later version");
        assert_eq!(read(&[1, 2, 3]), None);
    }

    #[test]
    fn a_rotation_stays_where_it_is() {
        let at = Timestamp::from_secs(1);
        let rotation = Notice::Rotation { family: NODE, next: 1, at, access_expires_at: at };
        assert!(!travels(&rotation) && travels(&Notice::Keys));
        assert!(write([rotation].iter()).is_empty());
    }
}
