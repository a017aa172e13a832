//! Work items, as clients use them.

use std::time::Duration;

use latchkey_testkit::{Tokens, World, on_both_databases};
use serde_json::{Value, json};

const ITEM: &str = "/harbor/lighthouse/_apis/wit/workitems/1";
const PATCH: &str = "application/json-patch+json";

const PREVIEW: &str = "api-version=7.1-preview.4";

/// What changes something has to say in which version it speaks.
fn versioned(url: &str) -> String {
    format!("{url}?api-version=7.1")
}

async fn tokens(world: &World) -> Tokens {
    world.ana().authorizes_all("burndown").await
}

fn patch(operations: Value) -> String {
    operations.to_string()
}

#[test]
fn an_item_has_the_shape_that_clients_read() {
    on_both_databases(async |world| {
        let item = tokens(&world).await.get(ITEM).await.json();
        assert_eq!((&item["id"], &item["rev"]), (&json!(1), &json!(1)));
        assert_eq!(item["fields"]["System.Title"], "The lamp can be seen at sea");
        assert_eq!(item["fields"]["System.WorkItemType"], "User Story");
        assert_eq!(item["fields"]["System.TeamProject"], "lighthouse");
        assert!(item["url"].as_str().unwrap().contains("/_apis/wit/work"), "{item}");
    });
}

#[test]
fn an_item_is_there_at_the_moments_that_it_tells() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        world.later(Duration::from_micros(1_000_567));
        let title = json!([{ "op": "add", "path": "/fields/System.Title", "value": "The lamp can be seen far out" }]);
        let changed = tokens.patch(&versioned(ITEM)).body(PATCH, patch(title)).await.json();
        for (field, title) in [
            ("System.ChangedDate", "The lamp can be seen far out"),
            ("System.CreatedDate", "The lamp can be seen at sea"),
        ] {
            let told = changed["fields"][field].as_str().unwrap();
            let then = tokens.get(&format!("{ITEM}?asOf={told}")).await.json();
            assert_eq!(then["fields"]["System.Title"], title, "{field}: {then}");
            let listed = tokens.get(&format!("/harbor/_apis/wit/workitems?ids=1&asOf={told}")).await.json();
            assert_eq!(listed["value"][0]["fields"]["System.Title"], title, "{field}: {listed}");
        }
    });
}

#[test]
fn several_are_read_at_once_and_those_that_are_not_there_are_missed() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let listed = tokens.get("/harbor/_apis/wit/workitems?ids=1,2").await.json();
        assert_eq!(listed["count"], 2);
        let batch = json!({ "ids": [2, 1], "fields": ["System.Title"] });
        let batch = tokens.post("/harbor/_apis/wit/workitemsbatch?api-version=7.1").json(&batch).await.json();
        assert_eq!(batch["value"][0]["id"], 2);
        assert!(batch["value"][0]["fields"].get("System.State").is_none());
        assert_eq!(tokens.get("/harbor/_apis/wit/workitems?ids=1,99").await.status, 404);
        let omitted = tokens.get("/harbor/_apis/wit/workitems?ids=1,99&errorPolicy=omit").await;
        assert_eq!(omitted.status, 200, "{}", omitted.text());
    });
}

#[test]
fn a_change_makes_the_next_revision_and_a_late_one_is_refused() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let change = |rev: i64, title: &str| {
            let operations = json!([
                { "op": "test", "path": "/rev", "value": rev },
                { "op": "Add", "path": "/fields/System.Title", "value": title },
            ]);
            tokens.patch(&versioned(ITEM)).body(PATCH, patch(operations))
        };
        assert_eq!(change(1, "Seen from afar").await.json()["rev"], 2);
        let late = change(1, "Seen from near").await;
        assert_eq!((late.status.as_u16(), late.json()["typeKey"].is_string()), (412, true), "{}", late.text());
        let revisions = tokens.get(&format!("{ITEM}/revisions")).await.json();
        assert_eq!(revisions["count"], 2);
    });
}

#[test]
fn of_many_changes_at_once_each_is_a_revision_or_a_refusal() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let all: Vec<_> = (0..16)
            .map(|n| {
                let operations = json!([
                    { "op": "test", "path": "/rev", "value": 1 },
                    { "op": "add", "path": "/fields/System.Title", "value": format!("Title {n}") },
                ]);
                tokio::spawn(tokens.patch(&versioned(ITEM)).body(PATCH, patch(operations)).send())
            })
            .collect();
        let mut done = 0;
        for one in all {
            let answer = one.await.unwrap();
            assert!(matches!(answer.status.as_u16(), 200 | 412), "{}", answer.text());
            done += usize::from(answer.is_ok());
        }
        assert_eq!(done, 1);
        assert_eq!(tokens.get(ITEM).await.json()["rev"], 2);
    });
}

#[test]
fn a_change_without_a_version_is_refused() {
    on_both_databases(async |world| {
        let answer = tokens(&world).await.patch(ITEM).body(PATCH, "[]").await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["typeKey"]),
            (400, &json!("VssVersionNotSpecifiedException"))
        );
    });
}

#[test]
fn what_no_patch_may_do_is_refused_with_the_error_body() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        for (operations, content_type) in [
            (json!([{ "op": "add", "path": "/fields/System.Id", "value": 5 }]), PATCH),
            (json!([{ "op": "add", "path": "/fields/No.Such", "value": 5 }]), PATCH),
            (json!([{ "op": "add", "path": "/../etc", "value": 5 }]), PATCH),
            (json!([{ "op": "dance", "path": "/fields/System.Title", "value": "x" }]), PATCH),
            (json!({ "not": "a list" }), PATCH),
            (json!([{ "op": "add", "path": "/fields/System.State", "value": "Nowhere" }]), PATCH),
            (json!([{ "op": "add", "path": "/fields/System.Title", "value": "x" }]), "text/plain"),
        ] {
            let answer = tokens.patch(&versioned(ITEM)).body(content_type, patch(operations.clone())).await;
            assert!(matches!(answer.status.as_u16(), 400 | 415), "{operations}: {}", answer.text());
            assert!(answer.json()["message"].is_string() && answer.json()["typeKey"].is_string());
        }
        let broken = tokens.patch(&versioned(ITEM)).body(PATCH, "[{").await;
        assert_eq!(broken.status, 400);
        assert_eq!(tokens.get(ITEM).await.json()["rev"], 1);
    });
}

#[test]
fn comments_come_and_are_counted() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let comments = format!("{ITEM}/comments");
        let added = tokens.post(&format!("{comments}?{PREVIEW}")).json(&json!({ "text": "It shines" })).await.json();
        assert_eq!(added["text"], "It shines");
        let listed = tokens.get(&comments).await.json();
        assert_eq!((&listed["totalCount"], &listed["comments"][0]["text"]), (&json!(1), &json!("It shines")));
        let id = added["id"].as_i64().unwrap();
        let edited =
            tokens.patch(&format!("{comments}/{id}?{PREVIEW}")).json(&json!({ "text": "It glows" })).await.json();
        assert_eq!(edited["text"], "It glows");
    });
}
