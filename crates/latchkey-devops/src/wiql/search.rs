//! Looking at items one after the other, and keeping the numbers of those that fit.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::condition::Seen;
use super::effort::Effort;
use super::names::Names;
use super::operand::Operand;
use super::{MOST_LOOKED_AT, MOST_RESULTS, Query, SortColumn, not_answered};
use crate::error::{DevOpsError, ErrorType};
use crate::ids::PersonId;
use crate::membership::Person;
use crate::work_item::WorkItem;

/// A query on its way through the items.
#[derive(Debug)]
pub struct Search {
    query: Arc<Query>,
    /// How many of the first are wanted.
    top: Option<usize>,
    names: Names,
    /// What the items that fit are ordered by, by their numbers. An item that changes meanwhile may come twice; the later one counts.
    found: HashMap<i64, Vec<Operand>>,
    /// How often an item did.
    fitted: usize,
    looked_at: usize,
    effort: Effort,
}

/// What came of looking at an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Whether it fits is decided.
    Settled,
    /// Whether it fits depends on its earlier revisions, which have to be read.
    AsksForThePast,
}

/// What an item was before: for each test that asks for any moment of the past, by its place, whether a revision that was read passed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past(Vec<bool>);

impl Search {
    /// Begins. Of an answer that is too long the first `top` are kept, if that is given.
    pub fn new(query: &Arc<Query>, top: Option<usize>) -> Self {
        let top = top.map(|top| top.min(MOST_RESULTS));
        Self {
            query: Arc::clone(query),
            top,
            names: Names::default(),
            found: HashMap::new(),
            fitted: 0,
            looked_at: 0,
            effort: Effort::default(),
        }
    }

    /// With no more than a hundredth of the effort.
    #[cfg(test)]
    pub(super) fn in_small(query: &Arc<Query>) -> Self {
        Self { effort: Effort::of_a_test(), ..Self::new(query, None) }
    }

    /// Those of whom items speak whose names matter, and are not known yet.
    pub fn strangers<'i>(&self, items: impl IntoIterator<Item = &'i WorkItem>) -> BTreeSet<PersonId> {
        if !self.query.names_people() {
            return BTreeSet::new();
        }
        let people = items.into_iter().flat_map(WorkItem::people);
        people.filter(|person| !self.names.know(*person)).collect()
    }

    /// Learns the names of strangers. Whoever is not among the people is nobody any more.
    pub fn meet<'p>(&mut self, strangers: &BTreeSet<PersonId>, people: impl IntoIterator<Item = &'p Person>) {
        strangers.iter().for_each(|person| self.names.add_unknown(*person));
        people.into_iter().for_each(|person| self.names.add(person));
    }

    /// Looks at an item.
    pub fn look_at(&mut self, item: &WorkItem, project: &str) -> Result<Look, DevOpsError> {
        self.pass(1)?;
        let verdict = self.verdict(item, project, None);
        self.settle(item, project, verdict)
    }

    /// Counts what was met on the way, whether there was something to look at or not: items that did not exist at the moment asked for
    /// count, too.
    pub fn pass(&mut self, items: usize) -> Result<(), DevOpsError> {
        self.looked_at = self.looked_at.saturating_add(items);
        if self.looked_at > MOST_LOOKED_AT {
            return Err(not_answered(format!(
                "The query looks at more than {MOST_LOOKED_AT} work items and revisions. Name fewer projects by [System.TeamProject]."
            )));
        }
        Ok(())
    }

    /// How often an item fitted until now.
    pub fn fitted(&self) -> usize {
        self.fitted
    }

    /// What is known of an item's past before any of it was read.
    pub fn past(&self) -> Past {
        Past(vec![false; self.query.evers])
    }

    /// Takes in what the item was at one of its revisions.
    pub fn recall(&mut self, past: &mut Past, revision: &WorkItem, project: &str) -> Result<(), DevOpsError> {
        self.pass(1)?;
        let seen = self.seen(revision, project, self.query.precision);
        let mut effort = self.effort;
        self.query.condition.each(&mut |leaf| {
            if let Some(ever) = leaf.ever.and_then(|place| past.0.get_mut(place)).filter(|ever| !**ever) {
                *ever = leaf.outcome(seen, &mut effort) == Some(true);
            }
        });
        self.spent(effort)
    }

    /// Looks at an item again, with what it was before.
    pub fn look_back(&mut self, item: &WorkItem, past: &Past, project: &str) -> Result<Look, DevOpsError> {
        let verdict = self.verdict(item, project, Some(past));
        self.settle(item, project, verdict)
    }

    /// The numbers of the items that fit, in order.
    pub fn finish(&mut self) -> Vec<i64> {
        self.take_first().into_iter().map(|(id, _)| id).collect()
    }

    fn seen<'s>(&'s self, item: &'s WorkItem, project: &'s str, precision: i64) -> Seen<'s> {
        Seen { item, project, names: &self.names, precision }
    }

    fn verdict(&self, item: &WorkItem, project: &str, past: Option<&Past>) -> (Option<bool>, Effort) {
        let seen = self.seen(item, project, self.query.precision);
        let mut effort = self.effort;
        let verdict = self.query.condition.verdict(&mut |leaf| match leaf.ever {
            Some(place) => past.and_then(|past| past.0.get(place).copied()),
            None => leaf.outcome(seen, &mut effort),
        });
        (verdict, effort)
    }

    fn settle(
        &mut self,
        item: &WorkItem,
        project: &str,
        (verdict, effort): (Option<bool>, Effort),
    ) -> Result<Look, DevOpsError> {
        self.spent(effort)?;
        match verdict {
            None => return Ok(Look::AsksForThePast),
            Some(false) => drop(self.found.remove(&item.id)),
            Some(true) => {
                let seen = self.seen(item, project, 1);
                let mut effort = self.effort;
                let key = |by: &SortColumn| {
                    effort.spend(seen.cost(by.field))?;
                    Some(seen.operand(by.field))
                };
                let keys = self.query.order().iter().map_while(key).collect();
                self.spent(effort)?;
                self.found.insert(item.id, keys);
                self.fitted += 1;
                self.bound()?;
            }
        }
        Ok(Look::Settled)
    }

    /// Keeps what is found within the bounds of an answer.
    fn bound(&mut self) -> Result<(), DevOpsError> {
        if self.top.is_none() && self.found.len() > MOST_RESULTS {
            return Err(DevOpsError::new(
                ErrorType::WorkItemQueryTooLarge,
                format!(
                    "VS402337: The number of work items returned exceeds the size limit of {MOST_RESULTS}. Change the query to return \
                     fewer items."
                ),
            ));
        }
        if self.found.len() > 2 * MOST_RESULTS {
            let first = self.take_first();
            self.found.extend(first);
        }
        Ok(())
    }

    /// Takes what is found, in order, as far as it is wanted; the rest is dropped.
    fn take_first(&mut self) -> Vec<(i64, Vec<Operand>)> {
        let order = self.query.order();
        let mut found: Vec<_> = self.found.drain().collect();
        found.sort_unstable_by(|one, two| compare(order, one, two));
        found.truncate(self.top.unwrap_or(usize::MAX));
        found
    }

    /// Keeps what is left of the effort.
    fn spent(&mut self, effort: Effort) -> Result<(), DevOpsError> {
        self.effort = effort;
        if effort.is_spent() {
            return Err(not_answered("The query compares too much. Ask with fewer conditions, or for fewer items."));
        }
        Ok(())
    }
}

/// The order of an answer: by what was asked for, and then by number.
fn compare(order: &[SortColumn], one: &(i64, Vec<Operand>), two: &(i64, Vec<Operand>)) -> Ordering {
    let by_key = order.iter().zip(one.1.iter().zip(&two.1)).map(|(by, (one, two))| {
        let ordering = one.cmp(two);
        if by.descending { ordering.reverse() } else { ordering }
    });
    by_key.fold(Ordering::Equal, Ordering::then).then(one.0.cmp(&two.0))
}
