//! Several changes of work items in one request.

use std::future::poll_fn;
use std::task::Poll;

use latchkey_testkit::{Page, Tokens, on_both_databases};
use serde_json::{Value, json};

const BATCH: &str = "/harbor/_apis/wit/$batch?api-version=5.0";

fn request(uri: &str, field: &str, value: &str) -> Value {
    json!({
        "method": "PATCH",
        "uri": uri,
        "headers": { "Content-Type": "application/json-patch+json" },
        "body": [{ "op": "Add", "path": format!("/fields/{field}"), "value": value }],
    })
}

/// What comes of each request of a batch: its code and its body.
async fn outcomes(tokens: &Tokens, requests: Value) -> Vec<(u64, Value)> {
    let answer = tokens.patch(BATCH).json(&requests).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let outcomes = answer["value"].as_array().unwrap();
    assert_eq!(answer["count"], outcomes.len());
    let read = |outcome: &Value| {
        assert!(outcome["headers"].is_object());
        (outcome["code"].as_u64().unwrap(), serde_json::from_str(outcome["body"].as_str().unwrap()).unwrap())
    };
    outcomes.iter().map(read).collect()
}

async fn title(tokens: &Tokens, id: i64) -> String {
    let item = tokens.get(&format!("/harbor/_apis/wit/workitems/{id}")).await.json();
    item["fields"]["System.Title"].as_str().unwrap().to_owned()
}

#[test]
fn each_change_of_a_batch_is_made_or_refused_by_itself() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let child = json!({
            "method": "PATCH",
            "uri": "/lighthouse/_apis/wit/workitems/$User%20Story?api-version=5.0",
            "headers": {},
            "body": [
                { "op": "add", "path": "/id", "value": "-1" },
                { "op": "add", "path": "/fields/System.Title", "value": "The stairs are lit" },
                { "op": "add", "path": "/relations/-", "value": {
                    "rel": "System.LinkTypes.Hierarchy-Reverse", "url": "https://x.test/_apis/wit/workItems/1" } },
            ],
        });
        let answers = outcomes(
            &tokens,
            json!([
                request("/_apis/wit/workitems/1?api-version=5.0", "System.Title", "One"),
                request("/_apis/wit/workitems/99?api-version=5.0", "System.Title", "Lost"),
                request("/lighthouse/_apis/wit/workItems/2", "System.State", "Nowhere"),
                child,
                request("/LIGHTHOUSE/_apis/wit/workitems/%24Task", "System.Title", "Sweep"),
                request("/_apis/wit/workitems/2?$expand=none", "System.Title", "Two"),
            ]),
        )
        .await;
        let codes: Vec<_> = answers.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, [200, 404, 400, 200, 200, 200]);
        assert_eq!((&answers[0].1["id"], &answers[0].1["rev"]), (&json!(1), &json!(2)));
        assert_eq!(answers[1].1["typeKey"], "WorkItemUnauthorizedAccessException");
        assert_eq!((&answers[3].1["id"], &answers[3].1["fields"]["System.Parent"]), (&json!(3), &json!(1)));
        assert_eq!((&answers[4].1["fields"]["System.WorkItemType"], &answers[4].1["id"]), (&json!("Task"), &json!(4)));
        assert!(answers[5].1.get("relations").is_none());
        assert_eq!((title(&tokens, 1).await, title(&tokens, 2).await), ("One".into(), "Two".into()));
    });
}

#[test]
fn what_is_no_batch_or_no_part_of_one_is_refused() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        for body in [json!(null), json!({}), json!(vec![json!({}); 201])] {
            assert_eq!(tokens.patch(BATCH).json(&body).await.status, 400, "{body}");
        }
        assert_eq!(tokens.post(BATCH).json(&json!([])).await.json(), json!({ "count": 0, "value": [] }));
        let uris = [
            "",
            "/",
            "x",
            "_apis/wit/workitems/1",
            "//_apis/wit/workitems/1",
            "/_apis/wit/workitems",
            "/_apis/wit/$batch",
            "/_apis/wit/wiql",
            "/lighthouse/_apis/wit/workitems/1/comments/1",
            "/lighthouse/_apis/wit/workitems/1/comments",
            "/_apis/wit/workitems/1/updates",
            "/_apis/projects",
            "/lighthouse/_apis/build/builds/1",
            "https://latchkey.test/harbor/_apis/wit/workitems/1",
            "/../shore/_apis/wit/workitems/1",
            "/%2e%2e/_apis/wit/workitems/1",
            "/_apis/wit/workitems/-1",
            "/_apis/wit/workitems/%ff",
            "/_apis/wit/workitems/1%",
        ];
        let requests: Vec<Value> = uris.iter().map(|uri| request(uri, "System.Title", "Taken")).collect();
        for ((code, body), uri) in outcomes(&tokens, json!(requests)).await.iter().zip(uris) {
            assert!(matches!(code, 400 | 404), "{uri}: {code} {body}");
            assert!(body["message"].is_string() && body["typeKey"].is_string(), "{uri}: {body}");
        }
        let uri = "/_apis/wit/workitems/1?api-version=5.0";
        let odd = json!([
            null, [], "x", 7, {}, { "method": "DELETE", "uri": uri }, { "method": "PATCH", "uri": uri },
            { "method": "PATCH", "uri": uri, "body": {} }, { "uri": uri, "body": [] }, { "method": "PATCH", "uri": [uri] },
            { "method": "PATCH", "uri": format!("{uri}{}", "x".repeat(5_000)), "body": [] },
            { "method": "PATCH", "uri": format!("{uri}&bypassRules=true"), "body": [] },
            { "method": "PATCH", "uri": "/_apis/wit/workitems/1?api-version=99", "body": [] },
        ]);
        for (code, body) in outcomes(&tokens, odd).await {
            assert!(matches!(code, 400 | 403), "{code}: {body}");
        }
        assert_eq!(title(&tokens, 1).await, "The lamp can be seen at sea");
    });
}

#[test]
fn a_batch_goes_on_no_longer_than_the_authorization_that_it_began_under() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes_all("burndown").await;
        let before = title(&tokens, 2).await;
        let requests = json!([
            request("/_apis/wit/workitems/1", "System.Title", "Begun"),
            request("/_apis/wit/workitems/2", "System.Title", "Too late"),
            request("/lighthouse/_apis/wit/workitems/$Task", "System.Title", "Too late"),
        ]);
        let start = world.store().counters();
        let mut under_way = Box::pin(outcomes(&tokens, requests));
        poll_fn(|context| {
            assert!(under_way.as_mut().poll(context).is_pending(), "it was answered before anything was revoked");
            let begun = world.store().counters().since(start).reads > 0;
            if begun { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        ana.revokes_all().await;
        let codes: Vec<_> = under_way.await.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes[1..], [401, 401]);
        let others = world.max().authorizes_all("burndown").await;
        assert_eq!(title(&others, 2).await, before);
        assert_eq!(others.get("/harbor/_apis/wit/workitems/3").await.status, 404);
    });
}

#[test]
fn what_a_batch_answers_is_bounded() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let long = json!([request("/_apis/wit/workitems/1", "System.Description", &"x".repeat(500_000))]);
        assert_eq!(outcomes(&tokens, long).await[0].0, 200);
        let mut requests = vec![request("/_apis/wit/workitems/1", "System.Title", "Many"); 45];
        requests.push(request("/_apis/wit/workitems/2", "System.Title", "Behind"));
        let before = title(&tokens, 2).await;
        let answers = outcomes(&tokens, json!(requests)).await;
        let made = answers.iter().take_while(|(code, _)| *code == 200).count();
        assert_eq!((answers.len(), (30..=34).contains(&made)), (46, true), "{made}");
        for (code, body) in &answers[made..] {
            assert_eq!((*code, &body["typeKey"]), (413, &json!("VssRequestTooLargeException")));
        }
        assert_eq!(title(&tokens, 2).await, before, "what is told not to be made was not made");
    });
}

#[test]
fn a_batch_reaches_no_further_than_its_token() {
    on_both_databases(async |world| {
        let lighthouse = world.project("lighthouse").to_string();
        let app = world.app("burndown").request();
        let part = |page: Page| page.tick_all("scope").untick("project", &lighthouse);
        let narrow = world.ana().authorizes_part(&app, part).await;
        let requests = json!([
            request("/_apis/wit/workitems/1", "System.Title", "Taken"),
            request("/lighthouse/_apis/wit/workitems/1", "System.Title", "Taken"),
            request("/drydock/_apis/wit/workitems/1", "System.Title", "Taken"),
            request("/lighthouse/_apis/wit/workitems/$Task", "System.Title", "Taken"),
            request("/drydock/_apis/wit/workitems/$Task", "System.Title", "Mine"),
        ]);
        let codes: Vec<_> = outcomes(&narrow, requests.clone()).await.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, [404, 404, 404, 404, 200]);
        let reading = world.app("burndown").asking("vso.work").request();
        let reading = world.max().authorizes_part(&reading, |page| page).await;
        assert_eq!(reading.patch(BATCH).json(&requests).await.status, 401);
        let of_shore = "/shore/_apis/wit/$batch?api-version=5.0";
        assert_eq!(narrow.patch(of_shore).json(&requests).await.status, 404);
        assert_eq!(world.patch(BATCH).json(&requests).await.status, 401);
        assert_eq!(title(&reading, 1).await, "The lamp can be seen at sea");
    });
}
