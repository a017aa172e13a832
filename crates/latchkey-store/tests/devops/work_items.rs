//! Work items with their history and comments.

use std::sync::Arc;

use latchkey_devops::work_item::comment::CommentText;
use latchkey_devops::work_item::{Comment, TextFormat};
use latchkey_store::CommitError;
use latchkey_store::devops::comments;
use latchkey_testkit::databases::on_both_databases;
use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{ANA, NOW, World, a_task, later};

#[test]
fn a_work_item_is_read_as_it_was_written() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish the lens"), NOW).await;
        let patch = json!([
            { "op": "add", "path": "/fields/System.Title", "value": "Wind the clockwork ⚙" },
            { "op": "add", "path": "/fields/System.Tags", "value": "night; lamp" },
            { "op": "add", "path": "/fields/System.Description", "value": "<p>Daily</p>" },
            { "op": "add", "path": "/multilineFieldsFormat/System.Description", "value": "Markdown" },
            { "op": "add", "path": "/fields/Microsoft.VSTS.Common.StackRank", "value": 1.5 },
            { "op": "add", "path": "/relations/-", "value": {
                "rel": "System.LinkTypes.Hierarchy-Reverse", "url": "https://x.test/_apis/wit/workItems/1",
                "attributes": { "comment": "part of" } } },
            { "op": "add", "path": "/relations/-", "value": {
                "rel": "ArtifactLink", "url": "vstfs:///Build/Build/1", "attributes": { "name": "Build" } } },
            { "op": "add", "path": "/relations/-", "value": { "rel": "Hyperlink", "url": "https://a.test/" } },
            { "op": "add", "path": "/fields/System.History", "value": "Begun." },
        ]);
        let revision = harbor.create_item(patch, NOW).await;
        assert_eq!(revision.item.id, 2);

        let found = store.work_item(harbor.id, 2).await.unwrap().unwrap();
        assert_eq!(found.project(), harbor.project);
        assert_eq!(found.prove(&access).as_deref(), Some(&revision.item));
        assert_eq!(store.revision(&access, 2, 1).await.unwrap(), Some(revision.item));
        let comments = store.comments(&access, 2, None, 10).await.unwrap();
        assert_eq!(comments.len(), 1);
        assert_eq!((comments[0].text.as_str(), comments[0].created_by), ("Begun.", ANA));
        assert!(store.work_item(harbor.id, 3).await.unwrap().is_none());
    });
}

#[test]
fn many_work_items_are_read_in_the_order_asked_for() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        for number in 1..=45 {
            harbor.create_item(a_task("Polish"), later(number)).await;
        }
        let access = harbor.project().await;
        let asked: Vec<i64> = (1..=60).rev().collect();
        let items = store.work_items(harbor.id, &asked).await.unwrap();
        let found: Vec<i64> = items.into_iter().filter_map(|item| item.prove(&access)).map(|item| item.id).collect();
        assert_eq!(found, (1..=45).rev().collect::<Vec<i64>>());
        assert!(store.work_items(harbor.id, &[]).await.unwrap().is_empty());
        let newest = store.work_items_of_project(&access, 3, 1).await.unwrap();
        assert_eq!(newest.iter().map(|item| item.id).collect::<Vec<_>>(), [44, 43, 42]);
    });
}

#[test]
fn a_small_work_item_is_read_once_and_a_long_one_each_time() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish"), NOW).await;
        let long = json!([
            { "op": "add", "path": "/fields/System.Title", "value": "Paint" },
            { "op": "add", "path": "/fields/System.Description", "value": "blue ".repeat(1_000) },
        ]);
        harbor.create_item(long, NOW).await;
        let cost = async |id| {
            let before = store.counters();
            let item = store.work_item(harbor.id, id).await.unwrap().unwrap().prove(&access).unwrap();
            (store.counters().since(before).reads, item.text("System.Title").to_owned())
        };
        assert_eq!((cost(1).await.0, cost(1).await), (1, (0, "Polish".to_owned())));
        assert_eq!((cost(2).await.0, cost(2).await.0), (1, 1));
        let (_, changes) = harbor.next_revision(1, "Polish well", later(1)).await;
        store.commit(changes).await.unwrap();
        assert_eq!(cost(1).await, (1, "Polish well".to_owned()), "what was changed is read anew");
    });
}

#[test]
fn of_two_writers_of_one_revision_one_wins_and_the_history_has_one_of_each() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish"), NOW).await;
        let (revision, first) = harbor.next_revision(1, "Polish well", later(1)).await;
        let (_, second) = harbor.next_revision(1, "Polish badly", later(2)).await;
        store.commit(first).await.unwrap();
        assert_eq!(store.commit(second).await, Err(CommitError::Lost));
        let item = store.work_item(harbor.id, 1).await.unwrap().unwrap().prove(&access).unwrap();
        assert_eq!(*item, revision.item);
        let history = store.revisions(&access, 1, 0, 10).await.unwrap();
        assert_eq!(history.iter().map(|item| item.text("System.Title")).collect::<Vec<_>>(), ["Polish", "Polish well"]);
        assert_eq!(store.revisions(&access, 1, 1, 10).await.unwrap(), [revision.item]);
    });
}

#[test]
fn items_made_at_the_same_time_get_numbers_of_their_own() {
    on_both_databases(async |store| {
        let harbor = Arc::new(World::harbor(&store).await);
        let mut makers = JoinSet::new();
        for _ in 0..16 {
            let harbor = Arc::clone(&harbor);
            makers.spawn(async move { harbor.create_item(a_task("Polish"), NOW).await.item.id });
        }
        let mut numbers = makers.join_all().await;
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=16).collect::<Vec<i64>>());
    });
}

#[test]
fn comments_are_counted_edited_and_deleted() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish"), NOW).await;
        let write = |id, text| {
            let text = CommentText::new(text).unwrap();
            Comment::write(id, 1, text, TextFormat::Markdown, ANA, NOW)
        };
        let (first, second) = (write(1, "One"), write(2, "Two"));
        store.commit(comments::add(&access, &first)).await.unwrap();
        store.commit(comments::add(&access, &second)).await.unwrap();
        assert_eq!(store.commit(comments::add(&access, &second)).await, Err(CommitError::Lost));
        let count =
            async || store.work_item(harbor.id, 1).await.unwrap().unwrap().prove(&access).unwrap().comment_count;
        assert_eq!(count().await, 2);
        assert_eq!(store.comments(&access, 1, None, 10).await.unwrap(), [second.clone(), first.clone()]);
        assert_eq!(store.comments(&access, 1, Some(2), 10).await.unwrap().as_slice(), std::slice::from_ref(&first));

        let edited = first.edit(CommentText::new("Won").unwrap(), ANA, later(1)).unwrap();
        store.commit(comments::change(&access, &edited)).await.unwrap();
        assert_eq!(store.commit(comments::change(&access, &edited)).await, Err(CommitError::Lost));
        let deleted = second.delete(ANA, later(2)).unwrap();
        store.commit(comments::change(&access, &deleted)).await.unwrap();
        assert_eq!(store.comments(&access, 1, None, 10).await.unwrap(), [edited]);
        assert_eq!(store.comment(&access, 1, 2).await.unwrap(), Some(deleted));
        assert_eq!(count().await, 1);

        let orphan = Comment { work_item: 77, ..write(3, "Lost") };
        assert_eq!(store.commit(comments::add(&access, &orphan)).await, Err(CommitError::Lost));
    });
}
