//! Walks through work items and their past.

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::work_item::comment::CommentText;
use latchkey_devops::work_item::{Comment, Patch, TextFormat, WorkItem};
use latchkey_jose::Timestamp;
use latchkey_store::Store;
use latchkey_store::catalogue::catalogue;
use latchkey_store::devops::comments;
use latchkey_store::devops::work_items::{AT_ONCE, Step, Unread, Walked};
use latchkey_testkit::databases::{TestDatabase, on_both_databases, runtime};
use serde_json::{Value, json};

use crate::world::{ANA, NOW, World, a_task, later};

/// What is read at once, until there is no more.
async fn pages(store: &Store, access: &ProjectAccess, mut unread: Unread) -> Vec<Vec<WorkItem>> {
    let mut pages = Vec::new();
    while !unread.is_empty() {
        pages.push(store.read_on(access, &mut unread).await.unwrap());
    }
    assert!(store.read_on(access, &mut unread).await.unwrap().is_empty());
    pages
}

/// The numbers and revisions of all that is read.
async fn read(store: &Store, access: &ProjectAccess, unread: Unread) -> Vec<(i64, i64)> {
    pages(store, access, unread).await.iter().flatten().map(|item| (item.id, item.rev)).collect()
}

async fn first_step(store: &Store, access: &ProjectAccess, as_of: Option<Timestamp>) -> Unread {
    store.walk_work_items(access, as_of, Step::default(), AT_ONCE).await.unwrap().unread
}

#[test]
fn a_walk_meets_every_item_as_it_is_and_as_it_was() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        for number in 1..=7 {
            // Several are made at the same moment.
            harbor.create_item(a_task("Polish"), later(number / 3)).await;
        }
        for at in [10, 11, 12] {
            let (_, changes) = harbor.next_revision(2, "Polish well", later(at)).await;
            store.commit(changes).await.unwrap();
        }
        harbor.create_item(a_task("Paint"), later(20)).await;
        let walk = async |as_of| {
            let (mut step, mut seen, mut met) = (Step::default(), Vec::new(), 0);
            loop {
                let Walked { unread, not_there_yet, next } =
                    store.walk_work_items(&access, as_of, step, 3).await.unwrap();
                let items = read(&store, &access, unread).await;
                let here = items.len() + not_there_yet;
                assert!(here <= 3, "a step is as long as it says");
                met += here;
                seen.extend(items);
                let Some(next) = next else {
                    assert_eq!(met, 8, "what was not there yet is met too");
                    return seen;
                };
                step = next;
            }
        };
        let now = [(1, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (2, 4), (8, 1)];
        assert_eq!(walk(None).await, now);
        assert_eq!(walk(Some(later(30))).await, now);
        assert_eq!(walk(Some(later(11))).await, [(1, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (2, 3)]);
        assert_eq!(walk(Some(later(1))).await, [(1, 1), (3, 1), (4, 1), (5, 1), (2, 1)]);
        assert_eq!(walk(Some(Timestamp::from_secs(0))).await, []);
        let elsewhere = World::shore(&store).await.project().await;
        assert!(first_step(&store, &elsewhere, None).await.is_empty());
        let of_harbor = first_step(&store, &access, None).await;
        assert_eq!(read(&store, &elsewhere, of_harbor).await, [], "what was found here is read here");
    });
}

#[test]
fn several_items_are_looked_back_at_together() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        for id in 1..=3 {
            harbor.create_item(a_task("Polish"), NOW).await;
            for at in 1..=id {
                store.commit(harbor.next_revision(id, "Polish well", later(at as u64)).await.1).await.unwrap();
            }
        }
        let past = async |access, items: &[(i64, i64)], after, until| {
            let unread = store.revisions_of_several(access, items, after, until).await.unwrap();
            read(&store, access, unread).await
        };
        let all = [(1, 2), (3, 3), (99, 9)];
        assert_eq!(past(&access, &all, 0, 2).await, [(1, 1), (3, 1), (1, 2), (3, 2)]);
        assert_eq!(past(&access, &all, 2, 9).await, [(3, 3)], "the last that counts is the last");
        assert_eq!(past(&access, &[], 0, 9).await, []);
        let elsewhere = World::shore(&store).await.project().await;
        assert_eq!(past(&elsewhere, &all, 0, 9).await, []);
    });
}

fn described(text: &str) -> Value {
    json!([
        { "op": "add", "path": "/fields/System.Title", "value": "Polish" },
        { "op": "add", "path": "/fields/System.Description", "value": text },
    ])
}

/// The numbers on each page. Each has a MiB at the most, or is one item.
fn numbers(pages: &[Vec<WorkItem>]) -> Vec<Vec<i64>> {
    for page in pages {
        let bytes = page.iter().map(|item| item.fields.to_json().len()).sum::<usize>();
        assert!(bytes <= 1 << 20 || page.len() == 1, "{bytes} bytes of {} items", page.len());
    }
    pages.iter().map(|page| page.iter().map(|item| item.id).collect()).collect()
}

#[test]
fn no_more_is_read_at_once_than_there_is_room_for() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        // What must be escaped is kept as more than it is.
        let (small, large, huge) = ("blue".to_owned(), "blue ".repeat(60_000), "\"".repeat(512 << 10));
        let texts = [vec![&small; 5], vec![&large; 5], vec![&huge], vec![&small; 3]].concat();
        for (at, text) in (1..).zip(texts) {
            harbor.create_item(described(text), later(at)).await;
        }
        let walk = async |as_of| {
            let unread = first_step(&store, &access, as_of).await;
            numbers(&pages(&store, &access, unread).await)
        };
        let (first, rest) = (vec![1, 2, 3, 4, 5, 6, 7, 8], vec![12, 13, 14]);
        assert_eq!(walk(None).await, [first.clone(), vec![9, 10], vec![11], rest.clone()]);
        assert_eq!(walk(Some(later(40))).await, [first.clone(), vec![9, 10], vec![11], rest]);
        let past = async |items: &[(i64, i64)]| {
            let unread = store.revisions_of_several(&access, items, 0, 9).await.unwrap();
            numbers(&pages(&store, &access, unread).await)
        };
        let of_all: Vec<(i64, i64)> = (6..=14).map(|id| (id, 1)).collect();
        assert_eq!(past(&of_all).await, [vec![6, 7, 8], vec![9, 10], vec![11], vec![12, 13, 14]]);
        // What is small by now was large.
        let small = Patch::parse(&described("blue")).unwrap();
        store.commit(harbor.patched(11, &small, later(50)).await.1).await.unwrap();
        assert_eq!(walk(None).await, [first.clone(), vec![9, 10, 12, 13, 14, 11]]);
        assert_eq!(walk(Some(later(40))).await, [first, vec![9, 10, 12, 13, 14], vec![11]]);
        assert_eq!(past(&[(11, 2)]).await, [[11], [11]]);
    });
}

#[test]
fn what_changes_between_finding_and_reading_is_read_as_it_was_found() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish"), NOW).await;
        let found = first_step(&store, &access, None).await;
        let large = Patch::parse(&described(&"blue ".repeat(60_000))).unwrap();
        store.commit(harbor.patched(1, &large, later(1)).await.1).await.unwrap();
        assert_eq!(read(&store, &access, found).await, [(1, 1)]);
    });
}

#[test]
fn comments_of_an_item_as_it_is_are_counted_as_they_are() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish"), NOW).await;
        let text = CommentText::new("One").unwrap();
        let comment = Comment::write(1, 1, text, TextFormat::Markdown, ANA, later(1));
        store.commit(comments::add(&access, &comment)).await.unwrap();
        let count = async |as_of| {
            let unread = first_step(&store, &access, as_of).await;
            pages(&store, &access, unread).await[0][0].comment_count
        };
        assert_eq!((count(None).await, count(Some(NOW)).await), (1, 0));
    });
}

#[test]
fn clocks_that_disagree_leave_an_item_what_it_was() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish"), NOW).await;
        for at in [10, 9, 21, 20] {
            store.commit(harbor.next_revision(1, "Polish well", later(at)).await.1).await.unwrap();
        }
        let mut was = Vec::new();
        for moment in [0, 8, 9, 10, 15, 20, 21, 22] {
            let unread = first_step(&store, &access, Some(later(moment))).await;
            was.extend(read(&store, &access, unread).await.into_iter().map(|(_, rev)| (moment, rev)));
        }
        assert_eq!(was, [(0, 1), (8, 1), (9, 1), (10, 3), (15, 3), (20, 3), (21, 5), (22, 5)]);
    });
}

#[test]
fn what_an_item_was_is_found_by_one_look_however_often_it_changed() {
    runtime().block_on(async {
        let store = TestDatabase::sqlite().open().await;
        let plan = async |name| {
            let sql = catalogue().find(|sql| sql.name() == name).unwrap();
            store.describe(sql).await.unwrap().plan
        };
        let of_moment = plan("work_items.ahead_as_of").await;
        for (what, by) in [
            ("later", "COVERING INDEX work_item_revision_changed (organization=? AND id=? AND changed_at>?)"),
            ("past", "(organization=? AND id=? AND rev<?)"),
            ("seen", "(organization=? AND id=? AND rev=?)"),
        ] {
            let look = |step: &&String| step.starts_with(&format!("SEARCH {what} "));
            let step = of_moment.iter().find(look).unwrap_or_else(|| panic!("{of_moment:?}"));
            assert!(step.contains(by), "{step}");
        }
        for texts in ["work_items.texts", "work_items.texts_now"] {
            let plan = plan(texts).await;
            assert!(plan.iter().any(|step| step.ends_with("(organization=? AND id=? AND rev=?)")), "{plan:?}");
        }
    });
}
