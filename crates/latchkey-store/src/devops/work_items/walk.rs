//! Ways through the work items of a project and through their past. What lies ahead is found without its texts, which may be large; they are
//! read as far as there is room for them.

use std::collections::VecDeque;

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::work_item::WorkItem;
use latchkey_jose::Timestamp;

use super::{AT_ONCE, read};
use crate::Store;
use crate::error::StoreError;
use crate::statement::Sql;
use crate::value::{Row, Value};

/// The bytes of what is read at once, as the database keeps it, unless it is one revision alone: the largest have some MiB.
const ROOM: i64 = 1 << 20;

/// How far a walk through the work items of a project has come. It begins before all of them. An item that changes meanwhile comes again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Step {
    changed_at: Timestamp,
    id: i64,
}

impl Default for Step {
    fn default() -> Self {
        Self { changed_at: Timestamp::from_micros(i64::MIN), id: i64::MIN }
    }
}

/// Where a step of a walk led.
#[derive(Debug)]
pub struct Walked {
    /// The items on the way.
    pub unread: Unread,
    /// How many more there were that did not exist at the moment asked for.
    pub not_there_yet: usize,
    /// Where it goes on, if it has not come to the end.
    pub next: Option<Step>,
}

/// Revisions that were found and not read yet. They never change, so they are as large as they were.
#[derive(Debug)]
pub struct Unread {
    texts: &'static Sql,
    ahead: VecDeque<Ahead>,
}

/// A revision, before it is read.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    id: i64,
    rev: i64,
    bytes: i64,
}

/// The bytes of what may be large. Neither database reads it for that.
macro_rules! bytes {
    () => {
        "CAST(octet_length(fields) + octet_length(relations) + octet_length(markdown_fields) AS INTEGER)"
    };
}

/// The next items, without their texts.
pub(super) const AHEAD: Sql = Sql::read(
    "work_items.ahead",
    concat!(
        "SELECT changed_at, id, rev, ",
        bytes!(),
        " AS bytes
           FROM work_item
          WHERE organization = $1 AND project = $2 AND (changed_at, id) > ($3, $4)
          ORDER BY changed_at, id LIMIT $5"
    ),
);

/// The same as of a moment, in no order. Items that were not there yet are walked over too, so that a step is as long as it says; they have no
/// revision. Of the others it is the last before the first that came later. Clocks that disagree may have dated one before that one later
/// than the moment, too; those are stepped back over.
pub(super) const AHEAD_AS_OF: Sql = Sql::read(
    "work_items.ahead_as_of",
    concat!(
        "WITH item AS (
            SELECT organization, id, changed_at, rev FROM work_item
             WHERE organization = $1 AND project = $2 AND (changed_at, id) > ($3, $4)
             ORDER BY changed_at, id LIMIT $6)
     SELECT item.changed_at, item.id, seen.rev, ",
        bytes!(),
        " AS bytes
       FROM item
       LEFT JOIN work_item_revision AS seen
         ON seen.organization = item.organization AND seen.id = item.id AND seen.rev = (
            SELECT past.rev FROM work_item_revision AS past
             WHERE past.organization = item.organization AND past.id = item.id AND past.changed_at <= $5
                   AND past.rev < coalesce((
                       SELECT later.rev FROM work_item_revision AS later
                        WHERE later.organization = item.organization AND later.id = item.id AND later.changed_at > $5
                        ORDER BY later.changed_at, later.rev LIMIT 1), item.rev + 1)
             ORDER BY past.rev DESC LIMIT 1)"
    ),
);

/// Some revisions of several items, without their texts.
pub(super) const AHEAD_OF_SEVERAL: Sql = Sql::read(
    "work_items.ahead_of_several",
    concat!(
        "SELECT id, rev, ",
        bytes!(),
        " AS bytes
           FROM work_item_revision
          WHERE organization = $1 AND project = $2 AND rev > $3 AND rev <= $4
            AND id IN ($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
                    $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44)"
    ),
);

/// Revisions by number and revision, in the columns that [`read`] reads.
macro_rules! texts {
    ($comment_count:literal, $and:literal) => {
        concat!(
            "WITH asked AS (
            VALUES (CAST($3 AS INTEGER), CAST($4 AS INTEGER)), ($5, $6), ($7, $8), ($9, $10), ($11, $12), ($13, $14), ($15, $16),
                ($17, $18), ($19, $20), ($21, $22), ($23, $24), ($25, $26), ($27, $28), ($29, $30), ($31, $32), ($33, $34),
                ($35, $36), ($37, $38), ($39, $40), ($41, $42), ($43, $44), ($45, $46), ($47, $48), ($49, $50), ($51, $52),
                ($53, $54), ($55, $56), ($57, $58), ($59, $60), ($61, $62), ($63, $64), ($65, $66), ($67, $68), ($69, $70),
                ($71, $72), ($73, $74), ($75, $76), ($77, $78), ($79, $80), ($81, $82))
         SELECT seen.id, seen.project, seen.rev, seen.kind, seen.fields, seen.relations, seen.markdown_fields, ",
            $comment_count,
            ", seen.created_at, seen.created_by, seen.changed_at, seen.changed_by
           FROM asked CROSS JOIN work_item_revision AS seen ",
            $and,
            " WHERE seen.organization = $1 AND seen.project = $2 AND seen.id = asked.column1 AND seen.rev = asked.column2"
        )
    };
}

pub(super) const TEXTS: Sql = Sql::read("work_items.texts", texts!("seen.comment_count", ""));

/// The same of items as they are now: comments come and go without a revision.
pub(super) const TEXTS_NOW: Sql = Sql::read(
    "work_items.texts_now",
    texts!(
        "item.comment_count",
        "JOIN work_item AS item ON item.organization = seen.organization AND item.id = seen.id"
    ),
);

impl Unread {
    /// Whether everything has been read.
    pub fn is_empty(&self) -> bool {
        self.ahead.is_empty()
    }

    /// Takes as many of the first as there is room for; one at least.
    fn take(&mut self) -> Vec<Ahead> {
        let (mut taken, mut room) = (Vec::new(), ROOM);
        while let Some(next) = self.ahead.front()
            && (taken.is_empty() || (taken.len() < AT_ONCE && next.bytes <= room))
        {
            room = room.saturating_sub(next.bytes);
            taken.extend(self.ahead.pop_front());
        }
        taken
    }
}

impl Store {
    /// The next work items of a project, as they are or as they were at a moment.
    pub async fn walk_work_items(
        &self,
        access: &ProjectAccess,
        as_of: Option<Timestamp>,
        step: Step,
        count: usize,
    ) -> Result<Walked, StoreError> {
        let place = [access.organization().into(), access.project().into(), step.changed_at.into(), step.id.into()];
        let (sql, texts) = if as_of.is_some() { (&AHEAD_AS_OF, &TEXTS) } else { (&AHEAD, &TEXTS_NOW) };
        let most = i64::try_from(count).unwrap_or(i64::MAX);
        let values = place.into_iter().chain(as_of.map(Value::from)).chain([most.into()]);
        let rows = self.read(sql, values.collect()).await?;
        let mut met = Vec::with_capacity(rows.len());
        for row in &rows {
            let ahead = row.opt_int(2)?.map(|_| ahead(row, 1)).transpose()?;
            met.push((Step { changed_at: row.time(0)?, id: row.int(1)? }, ahead));
        }
        met.sort_unstable_by_key(|(step, _)| *step);
        let next = met.last().map(|(step, _)| *step).filter(|_| met.len() >= count);
        let ahead: VecDeque<Ahead> = met.into_iter().filter_map(|(_, ahead)| ahead).collect();
        Ok(Walked { not_there_yet: rows.len() - ahead.len(), unread: Unread { texts, ahead }, next })
    }

    /// The revisions behind `after` and up to `until` of some work items of a project, [`AT_ONCE`] at the most, oldest first. With the number
    /// of each stands its last revision that counts.
    pub async fn revisions_of_several(
        &self,
        access: &ProjectAccess,
        items: &[(i64, i64)],
        after: i64,
        until: i64,
    ) -> Result<Unread, StoreError> {
        let mut ahead_of_all = Vec::new();
        if let Some((any, _)) = items.last() {
            let place = [access.organization().into(), access.project().into(), after.into(), until.into()];
            let ids = items.iter().map(|(id, _)| id).chain(std::iter::repeat_n(any, AT_ONCE));
            let values = place.into_iter().chain(ids.take(AT_ONCE).map(|id| (*id).into()));
            let rows = self.read(&AHEAD_OF_SEVERAL, values.collect()).await?;
            ahead_of_all = rows.iter().map(|row| ahead(row, 0)).collect::<Result<_, _>>()?;
        }
        ahead_of_all.retain(|ahead| items.iter().any(|(id, last)| *id == ahead.id && ahead.rev <= *last));
        ahead_of_all.sort_unstable_by_key(|ahead| (ahead.rev, ahead.id));
        Ok(Unread { texts: &TEXTS, ahead: ahead_of_all.into() })
    }

    /// Reads as many of the revisions that were found as there is room for in memory, in their order: some as long as there are any.
    pub async fn read_on(&self, access: &ProjectAccess, unread: &mut Unread) -> Result<Vec<WorkItem>, StoreError> {
        let asked = unread.take();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let place = [access.organization().into(), access.project().into()];
        // No item has the number of the places that are left over.
        let keys = asked.iter().map(|ahead| (ahead.id, ahead.rev)).chain(std::iter::repeat_n((0, 0), AT_ONCE));
        let keys = keys.take(AT_ONCE).flat_map(|(id, rev)| [id.into(), rev.into()]);
        let rows = self.read(unread.texts, place.into_iter().chain(keys).collect()).await?;
        // Each row goes as soon as it has become an item.
        let mut items = rows.into_iter().map(|row| read(&row)).collect::<Result<Vec<_>, _>>()?;
        items.sort_by_key(|item| asked.iter().position(|ahead| (ahead.id, ahead.rev) == (item.id, item.rev)));
        Ok(items)
    }
}

/// What is found in these columns and those behind them.
fn ahead(row: &Row, column: usize) -> Result<Ahead, StoreError> {
    Ok(Ahead { id: row.int(column)?, rev: row.int(column + 1)?, bytes: row.int(column + 2)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_taken_as_there_is_room_for_and_one_at_least() {
        let taken = |sizes: &[i64]| {
            let ahead = (1..).zip(sizes).map(|(id, bytes)| Ahead { id, rev: 1, bytes: *bytes }).collect();
            let mut unread = Unread { texts: &TEXTS, ahead };
            let next = || Some(unread.take().len()).filter(|taken| *taken > 0);
            std::iter::from_fn(next).collect::<Vec<_>>()
        };
        assert!(taken(&[]).is_empty());
        assert_eq!(taken(&[ROOM, 1, ROOM - 1, 1, 1, i64::MAX, i64::MAX, 0, 1]), [1, 2, 2, 1, 1, 2]);
        assert_eq!(taken(&[1; AT_ONCE * 2 + 1]), [AT_ONCE, AT_ONCE, 1]);
    }
}
