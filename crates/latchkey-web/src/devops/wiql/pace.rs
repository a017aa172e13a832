//! How much of the database a query holds in memory.

use latchkey_devops::work_item::{FieldValue, Link, WorkItem};

/// How many items are read at first: nothing is known of them yet.
const FIRST: u32 = 8;
/// The most items of one read, however small those before them were. One holds some MiB at the most: a few texts of 512 KiB and 1,000 links.
/// A query has two reads in memory, one of items and one of revisions, and the server has a few queries at once (`turns`).
const MOST: u32 = 32;
/// What one read should have in bytes.
const USUAL: usize = 1 << 20;

/// How many items or revisions are read next: more as long as they are small.
#[derive(Debug)]
pub(super) struct Pace(u32);

impl Default for Pace {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Pace {
    /// How many are read next.
    pub(super) fn count(&self) -> u32 {
        self.0
    }

    /// Learns from what was read.
    pub(super) fn saw(&mut self, items: &[WorkItem]) {
        let each = items.iter().map(size).sum::<usize>() / items.len().max(1);
        let of_such = u32::try_from(USUAL / each.max(1)).unwrap_or(u32::MAX);
        self.0 = self.0.saturating_mul(2).min(of_such).clamp(1, MOST);
    }
}

/// The bytes of the texts and links of an item.
fn size(item: &WorkItem) -> usize {
    let texts = item.fields.iter().map(|(_, value)| match value {
        FieldValue::Text(text) => text.len(),
        _ => 0,
    });
    let links = item.relations.iter().map(|relation| match &relation.link {
        Link::Hyperlink(url) | Link::Artifact(url) => url.len(),
        Link::WorkItem { .. } => 0,
    });
    texts.sum::<usize>() + links.sum::<usize>() + item.relations.len() * size_of::<Link>()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use latchkey_devops::ids::{PersonId, ProjectId};
    use latchkey_devops::work_item::{Fields, Relation, WorkItemType};
    use latchkey_jose::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn an_item(bytes: usize) -> WorkItem {
        let (by, at) = (PersonId(Uuid::from_u128(1)), Timestamp::from_secs(1));
        let mut fields = Fields::default();
        fields.set("System.Description", Some(FieldValue::Text("x".repeat(bytes))));
        WorkItem {
            id: 1,
            project: ProjectId(Uuid::from_u128(2)),
            rev: 1,
            kind: WorkItemType::Task,
            fields,
            relations: Vec::new(),
            markdown_fields: BTreeSet::new(),
            comment_count: 0,
            created_at: at,
            created_by: by,
            changed_at: at,
            changed_by: by,
        }
    }

    #[test]
    fn small_items_come_in_greater_numbers_and_large_ones_one_by_one() {
        let mut pace = Pace::default();
        let mut next = |item: &WorkItem| {
            pace.saw(&vec![item.clone(); pace.count() as usize]);
            pace.count()
        };
        assert_eq!([(); 3].map(|()| next(&an_item(100))), [16, 32, 32], "a bound holds whatever came before");
        assert_eq!(next(&an_item(100_000)), 10);
        assert_eq!(next(&an_item(2 << 20)), 1);
        assert_eq!([(); 2].map(|()| next(&an_item(0))), [2, 4], "and it grows slowly again");
        let relation = Relation { link: Link::Hyperlink("x".repeat(2_000)), comment: None, name: None };
        let linked = WorkItem { relations: vec![relation; 1_000], ..an_item(0) };
        assert_eq!(next(&linked), 1, "links count");
        pace.saw(&[]);
        assert_eq!(pace.count(), 2);
    }
}
