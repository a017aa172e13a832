//! Notices on their way to the other nodes: one row for each change set that others have to hear of, written in its own transaction.
//!
//! Numbers of transactions are given when they begin, and their rows are seen when they commit, so a row may be seen after others with
//! higher numbers. Each reading therefore brings the rows of those transactions that the snapshot of the one before did not see, however long
//! one of them was open. These statements use what only PostgreSQL has, so they are not in the catalogue.

use uuid::Uuid;

use crate::feed::Notice;

/// The most rows of one reading. Whoever is further behind forgets everything instead.
pub(super) const MOST_ROWS: usize = 20_000;

/// Writes the row of a change set.
pub(super) const TELL: &str = "INSERT INTO notice (node, number, xact, told)
     VALUES ($1, $2, CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), $3)";

/// The snapshot that it reads by, the lowest number that is open in it, and the rows from `$1` on that the snapshot `$2` did not see. There is
/// always a row of the first two.
pub(super) const READ: &str =
    "SELECT CAST(s.moment AS TEXT), CAST(CAST(pg_snapshot_xmin(s.moment) AS TEXT) AS BIGINT), n.node, n.number, n.told
      FROM (SELECT pg_current_snapshot() AS moment) s
      LEFT JOIN (SELECT xact, node, number, told FROM notice
                  WHERE xact >= $1
                    AND NOT pg_visible_in_snapshot(CAST(CAST(xact AS TEXT) AS xid8), CAST(CAST($2 AS TEXT) AS pg_snapshot))
                  ORDER BY xact LIMIT $3) n ON TRUE
     ORDER BY n.xact";

/// Drops what every node has had.
pub(super) const FORGET: &str = "DELETE FROM notice WHERE xact < $1";

/// Drops rows of another history: those of a database that was brought here from elsewhere.
pub(super) const FORGET_STRANGE: &str = "DELETE FROM notice
     WHERE xact >= CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)";

/// Where nodes wake each other.
pub(super) const CHANNEL: &str = "latchkey_notices";

/// A row: what a change set tells.
#[derive(Debug)]
pub(super) struct NoticeRow {
    pub(super) node: Uuid,
    pub(super) number: i64,
    pub(super) told: Vec<u8>,
}

/// What one reading brought.
#[derive(Debug)]
pub(super) struct Reading {
    /// The snapshot that it was read by.
    pub(super) seen: String,
    /// The lowest number of a transaction that was open.
    pub(super) horizon: i64,
    pub(super) rows: Vec<NoticeRow>,
}

/// How far a node has read.
#[derive(Debug, Default)]
pub(super) struct Cursor(Option<(i64, String)>);

impl Cursor {
    /// Where the next reading begins, and the snapshot of the one before. The first one brings nothing but these.
    pub(super) fn from(&self) -> (i64, &str) {
        self.0.as_ref().map_or((i64::MAX, "1:1:"), |(horizon, seen)| (*horizon, seen))
    }

    /// The lowest number that was open when it read last.
    pub(super) fn horizon(&self) -> Option<i64> {
        self.0.as_ref().map(|(horizon, _)| *horizon)
    }

    /// Takes what was read. `None` if there is no telling what was missed.
    pub(super) fn advance(&mut self, reading: Reading) -> Option<Vec<NoticeRow>> {
        let Reading { seen, horizon, rows } = reading;
        // Numbers only grow, unless this is another database than before.
        let same_history = self.horizon().is_none_or(|before| before <= horizon);
        self.0 = Some((horizon, seen));
        (same_history && rows.len() < MOST_ROWS).then_some(rows)
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

    fn reading(horizon: i64, rows: usize) -> Reading {
        let row = |number| NoticeRow { node: NODE, number, told: Vec::new() };
        Reading { seen: format!("{horizon}:{horizon}:"), horizon, rows: (0..).map(row).take(rows).collect() }
    }

    #[test]
    fn each_reading_goes_on_from_what_the_one_before_saw() {
        let mut cursor = Cursor::default();
        assert_eq!((cursor.horizon(), cursor.from().0), (None, i64::MAX), "the first brings nothing");
        assert!(cursor.advance(reading(10, 0)).unwrap().is_empty());
        assert_eq!((cursor.horizon(), cursor.from()), (Some(10), (10, "10:10:")));
        assert_eq!(cursor.advance(reading(10, 2)).unwrap().len(), 2);
        assert_eq!(cursor.advance(reading(14, 1)).unwrap().len(), 1);
        assert_eq!(cursor.from(), (14, "14:14:"));
    }

    #[test]
    fn who_is_too_far_behind_or_at_another_database_knows_nothing() {
        let mut cursor = Cursor::default();
        cursor.advance(reading(10, 0));
        assert!(cursor.advance(reading(9, 0)).is_none());
        assert!(cursor.advance(reading(30_000, MOST_ROWS)).is_none());
        assert_eq!(cursor.advance(reading(30_001, 1)).unwrap().len(), 1);
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
