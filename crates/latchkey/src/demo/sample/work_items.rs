//! The work items of the sample: of several types, with links, history and comments.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use latchkey_devops::access::{Action, ProjectAccess};
use latchkey_devops::ids::PersonId;
use latchkey_devops::membership::{People, Person};
use latchkey_devops::work_item::field::{ASSIGNED_TO, DESCRIPTION, HISTORY, PRIORITY, STATE, TAGS, TITLE};
use latchkey_devops::work_item::{self, Link, LinkType, Patch, Revision, Surroundings, WorkItem, WorkItemType as Type};
use latchkey_identity::Timestamp;
use latchkey_identity::time::days;
use latchkey_store::devops::work_items;
use latchkey_store::{Changes, Store};
use serde_json::Value;

use super::SampleError;
use super::organizations::{AtWork, BEACON, DRYDOCK, HARBOR, LIGHTHOUSE, SHORE};
use super::people::{ANA, BEN, CY, EVE, EVERYBODY, MAX, Somebody};

const SEVERITY: &str = "Microsoft.VSTS.Common.Severity";
const STORY_POINTS: &str = "Microsoft.VSTS.Scheduling.StoryPoints";
const REMAINING_WORK: &str = "Microsoft.VSTS.Scheduling.RemainingWork";

/// A work item as it begins. Numbers follow the order.
struct Item {
    kind: Type,
    title: &'static str,
    description: &'static str,
    by: &'static Somebody,
    days_ago: u32,
    fields: &'static [(&'static str, &'static str)],
}

/// What somebody changed about it later.
struct Change {
    item: i64,
    by: &'static Somebody,
    days_ago: u32,
    fields: &'static [(&'static str, &'static str)],
}

/// What one is to another.
#[derive(Clone, Copy)]
struct Linked {
    item: i64,
    kind: LinkType,
    other: i64,
}

impl Linked {
    fn reverse(self) -> Self {
        linked(self.other, self.kind.reverse(), self.item)
    }
}

const fn item(
    kind: Type,
    title: &'static str,
    by: &'static Somebody,
    days_ago: u32,
    fields: &'static [(&'static str, &'static str)],
    description: &'static str,
) -> Item {
    Item { kind, title, description, by, days_ago, fields }
}

const fn change(
    item: i64,
    by: &'static Somebody,
    days_ago: u32,
    fields: &'static [(&'static str, &'static str)],
) -> Change {
    Change { item, by, days_ago, fields }
}

const fn linked(item: i64, kind: LinkType, other: i64) -> Linked {
    Linked { item, kind, other }
}

const OF_LIGHTHOUSE: &[Item] = &[
    item(
        Type::Epic,
        "A lighthouse that needs no keeper",
        &ANA,
        60,
        &[(PRIORITY, "1"), (TAGS, "keeperless")],
        "By next winter nobody has to climb the stairs at night.",
    ),
    item(
        Type::Feature,
        "An automatic lamp",
        &ANA,
        59,
        &[(PRIORITY, "1"), (ASSIGNED_TO, "max@harbor.test")],
        "The lamp lights at dusk, holds steady, and says so when it does not.",
    ),
    item(
        Type::UserStory,
        "As a captain I see the light in any weather",
        &MAX,
        58,
        &[(STORY_POINTS, "8"), (ASSIGNED_TO, "ben@harbor.test")],
        "Visible for 18 miles in clear air, and never dark for longer than the pattern says.",
    ),
    item(
        Type::Bug,
        "Lamp flickers when the wind turns north",
        &BEN,
        55,
        &[(SEVERITY, "2 - High"), (PRIORITY, "1"), (ASSIGNED_TO, "ben@harbor.test"), (TAGS, "lamp; weather")],
        "Since the last storm. The regulator drops for a tenth of a second with each gust.",
    ),
    item(
        Type::Task,
        "Replace the voltage regulator",
        &BEN,
        54,
        &[(ASSIGNED_TO, "ben@harbor.test"), (REMAINING_WORK, "6"), (TAGS, "lamp")],
        "The old one is rated for less wind than we have.",
    ),
    item(
        Type::Task,
        "Order a new lens",
        &MAX,
        52,
        &[(ASSIGNED_TO, "max@harbor.test"), (REMAINING_WORK, "2"), (TAGS, "lamp")],
        "First order, 920 mm. The supplier needs six weeks.",
    ),
    item(
        Type::UserStory,
        "As a harbour master I read the lamp's log",
        &MAX,
        50,
        &[(STORY_POINTS, "5"), (ASSIGNED_TO, "max@harbor.test")],
        "When was it lit, how bright, and who says so.",
    ),
    item(
        Type::Task,
        "Write the log to disk every minute",
        &BEN,
        49,
        &[(ASSIGNED_TO, "ben@harbor.test"), (TAGS, "log")],
        "One line a minute, kept for a year.",
    ),
    item(
        Type::Bug,
        "The foghorn answers its own echo",
        &CY,
        47,
        &[(SEVERITY, "3 - Medium"), (ASSIGNED_TO, "ana@harbor.test"), (TAGS, "foghorn")],
        "On still days it goes on until somebody pulls the plug.",
    ),
    item(
        Type::Feature,
        "A foghorn on demand",
        &ANA,
        46,
        &[(PRIORITY, "3"), (TAGS, "foghorn")],
        "Ships ask for it by radio, and it sounds twice.",
    ),
    item(
        Type::Issue,
        "The lens supplier is late",
        &MAX,
        42,
        &[(ASSIGNED_TO, "cy@harbor.test")],
        "They promised last month and have stopped answering the telephone.",
    ),
    item(
        Type::Task,
        "Paint the gallery rail",
        &CY,
        41,
        &[(PRIORITY, "4"), (TAGS, "paint")],
        "White, like the rest. Not in the rain.",
    ),
];

const LINKS: &[Linked] = &[
    linked(2, LinkType::Parent, 1),
    linked(10, LinkType::Parent, 1),
    linked(3, LinkType::Parent, 2),
    linked(7, LinkType::Parent, 2),
    linked(4, LinkType::Parent, 3),
    linked(6, LinkType::Parent, 3),
    linked(5, LinkType::Parent, 4),
    linked(8, LinkType::Parent, 7),
    linked(9, LinkType::Parent, 10),
    linked(6, LinkType::Predecessor, 11),
    linked(4, LinkType::Related, 6),
];

const CHANGES: &[Change] = &[
    change(1, &ANA, 38, &[(STATE, "Active")]),
    change(2, &MAX, 37, &[(STATE, "Active")]),
    change(3, &BEN, 36, &[(STATE, "Active")]),
    change(8, &BEN, 35, &[(STATE, "Active")]),
    change(9, &ANA, 33, &[(STATE, "Active"), (HISTORY, "Heard it myself on Sunday. Eleven times.")]),
    change(8, &BEN, 31, &[(STATE, "Closed"), (HISTORY, "Runs since last night; 1,440 lines and none missing.")]),
    change(7, &MAX, 29, &[(STATE, "Active")]),
    change(5, &BEN, 27, &[(STATE, "Active"), (REMAINING_WORK, "3")]),
    change(4, &BEN, 25, &[(STATE, "Active"), (HISTORY, "Reproduced with a garden hose and a fan.")]),
    change(11, &CY, 22, &[(HISTORY, "Wrote to them again, with a picture of the rocks.")]),
    change(5, &BEN, 18, &[(STATE, "Closed"), (REMAINING_WORK, "0")]),
    change(9, &ANA, 14, &[(STATE, "Resolved"), (HISTORY, "It now waits five seconds before it listens again.")]),
    change(7, &MAX, 10, &[(STATE, "Resolved")]),
    change(4, &MAX, 6, &[(PRIORITY, "2"), (HISTORY, "Better with the new regulator. The rest waits for the lens.")]),
    change(12, &CY, 3, &[(TAGS, "paint; fair weather")]),
    change(6, &MAX, 1, &[(STATE, "Active"), (HISTORY, "Found another supplier. Four weeks, they say.")]),
];

const OF_DRYDOCK: &[Item] = &[
    item(
        Type::UserStory,
        "As a dock master I know when the dock is dry",
        &ANA,
        30,
        &[(STORY_POINTS, "3")],
        "To the centimetre, from the office.",
    ),
    item(
        Type::Task,
        "Calibrate the water gauge of dock two",
        &MAX,
        28,
        &[(ASSIGNED_TO, "max@harbor.test")],
        "It reads 4 cm when it is empty.",
    ),
];

const OF_BEACON: &[Item] = &[
    item(
        Type::UserStory,
        "As a rower I find the beach at night",
        &EVE,
        20,
        &[(STORY_POINTS, "2")],
        "A small light is enough.",
    ),
    item(Type::Task, "Change the bulb", &EVE, 19, &[(ASSIGNED_TO, "eve@shore.test")], "Every spring."),
];

/// Keeps all of them.
pub(crate) async fn keep(store: &Store, now: Timestamp) -> Result<(), SampleError> {
    let mut harbor = Ledger::default();
    harbor.keep(&AtWork::of_owner(store, HARBOR, LIGHTHOUSE).await?, OF_LIGHTHOUSE, LINKS, CHANGES, now)?;
    harbor.keep(&AtWork::of_owner(store, HARBOR, DRYDOCK).await?, OF_DRYDOCK, &[], &[], now)?;
    store.commit(harbor.changes).await?;
    let mut shore = Ledger::default();
    shore.keep(&AtWork::of_owner(store, SHORE, BEACON).await?, OF_BEACON, &[], &[], now)?;
    store.commit(shore.changes).await?;
    Ok(())
}

/// The work items of one organization while they are written down: all of them are one change set.
struct Ledger {
    changes: Changes,
    items: BTreeMap<i64, WorkItem>,
    people: People,
    comments: i64,
}

impl Default for Ledger {
    fn default() -> Self {
        let people = EVERYBODY.iter().map(|somebody| Person {
            id: somebody.person(),
            display_name: somebody.name.to_owned(),
            unique_name: somebody.email.to_owned(),
            personal: somebody.role == "personal",
        });
        Self { changes: Changes::none(), items: BTreeMap::new(), people: people.collect(), comments: 0 }
    }
}

impl Ledger {
    fn keep(
        &mut self,
        at_work: &AtWork,
        items: &[Item],
        links: &[Linked],
        later: &[Change],
        now: Timestamp,
    ) -> Result<(), SampleError> {
        let access = at_work.may(Action::EditWorkItems)?;
        for item in items {
            let number = i64::try_from(self.items.len()).unwrap_or(i64::MAX) + 1;
            let text = [(TITLE, item.title), (DESCRIPTION, item.description)];
            let patch = patch(text.iter().chain(item.fields));
            let (by, at) = (item.by.person(), now - days(item.days_ago));
            let none = BTreeSet::new();
            let around = Surroundings { project: &at_work.project, people: &self.people, reachable_items: &none };
            let revision = work_item::create(number, item.kind, &patch, around, by, at)?;
            self.note(&access, revision);
        }
        for (minutes, link) in (0..).zip(links) {
            // A link has two ends, and each is a revision of its own item.
            let at = now - days(40) + Duration::from_mins(minutes);
            for Linked { item, kind, other } in [*link, link.reverse()] {
                let patch = patch([]).with_link(Link::WorkItem { kind, target: other });
                self.revise(at_work, &access, item, &patch, ANA.person(), at)?;
            }
        }
        for change in later {
            let (by, at) = (change.by.person(), now - days(change.days_ago));
            self.revise(at_work, &access, change.item, &patch(change.fields), by, at)?;
        }
        Ok(())
    }

    fn revise(
        &mut self,
        at_work: &AtWork,
        access: &ProjectAccess,
        item: i64,
        patch: &Patch,
        by: PersonId,
        at: Timestamp,
    ) -> Result<(), SampleError> {
        let reachable = self.items.keys().copied().collect();
        let around = Surroundings { project: &at_work.project, people: &self.people, reachable_items: &reachable };
        let current = self.items.get(&item).ok_or(SampleError::Missing("a work item"))?;
        let revision = work_item::update(current, patch, around, by, at)?;
        self.note(access, revision);
        Ok(())
    }

    fn note(&mut self, access: &ProjectAccess, revision: Revision) {
        self.comments += i64::from(revision.comment.is_some());
        let comment = revision.comment.is_some().then_some(self.comments);
        self.changes.append(work_items::keep(access, &revision, comment));
        self.items.insert(revision.item.id, revision.item);
    }
}

fn patch<'a>(fields: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> Patch {
    Patch::of_fields(fields.into_iter().map(|(name, text)| {
        let value = text.parse::<i64>().map_or_else(|_| Value::from(*text), Value::from);
        (*name, value)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_changes_are_about_items_that_there_are_and_come_after_them() {
        let age = |number: i64| OF_LIGHTHOUSE[usize::try_from(number).unwrap() - 1].days_ago;
        assert!(LINKS.iter().all(|link| age(link.item) > 40 && age(link.other) > 40));
        assert!(CHANGES.iter().all(|change| change.days_ago < 40 && age(change.item) > 40));
        assert!(CHANGES.is_sorted_by_key(|change| std::cmp::Reverse(change.days_ago)));
    }
}
