//! Builds, as a continuous integration reports them.

use std::time::Duration;

use latchkey_testkit::on_both_databases;
use serde_json::json;

const BUILDS: &str = "/harbor/lighthouse/_apis/build/builds";

/// What changes something has to say in which version it speaks.
fn versioned(url: &str) -> String {
    format!("{url}?api-version=7.1")
}

#[test]
fn a_service_that_reports_a_build_result_sees_it_appear() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let queued = tokens.post(&versioned(BUILDS)).json(&json!({ "definition": { "id": 1 } })).await.json();
        let id = queued["id"].as_i64().unwrap();
        assert_eq!(queued["status"], "notStarted");
        let url = format!("{BUILDS}/{id}");
        assert_eq!(tokens.patch(&versioned(&url)).json(&json!({ "status": 1 })).await.json()["status"], "inProgress");
        let done = tokens.patch(&versioned(&url)).json(&json!({ "status": "completed", "result": 2 })).await.json();
        assert_eq!((&done["status"], &done["result"]), (&json!("completed"), &json!("succeeded")));
        let listed = tokens.get(&format!("{BUILDS}?resultFilter=2")).await.json();
        assert_eq!((&listed["count"], &listed["value"][0]["id"]), (&json!(1), &json!(id)));
        let back = tokens.patch(&versioned(&url)).json(&json!({ "status": "inProgress" })).await;
        assert_eq!(back.status, 400, "a completed build is a record");
    });
}

#[test]
fn who_can_only_look_reports_nothing() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        assert!(tokens.get(BUILDS).await.is_ok());
        assert_eq!(tokens.post(&versioned(BUILDS)).json(&json!({ "definition": { "id": 1 } })).await.status, 401);
        assert_eq!(tokens.patch(&versioned(&format!("{BUILDS}/2"))).json(&json!({ "status": 1 })).await.status, 401);
    });
}

#[test]
fn timeline_and_logs_tell_how_it_went() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let timeline = tokens.get(&format!("{BUILDS}/1/timeline")).await.json();
        assert_eq!(timeline["records"][0]["result"], "failed");
        assert_eq!(tokens.get(&format!("{BUILDS}/1/logs")).await.json()["count"], 1);
        let text = tokens.get(&format!("{BUILDS}/1/logs/1")).header("accept", "text/plain").await;
        assert!(text.text().contains("it flickers"), "{}", text.text());
        let lines = tokens.get(&format!("{BUILDS}/1/logs/1")).header("accept", "application/json").await.json();
        assert_eq!(lines["value"][1], "it flickers");
        for path in ["logs", "logs/1"] {
            let packed =
                tokens.get(&format!("{BUILDS}/1/{path}")).header("accept", "application/zip;api-version=7.1").await;
            assert_eq!(packed.header("content-type"), Some("application/zip"));
            let content = packed.text();
            assert!(
                content.starts_with("PK") && content.contains("1.txt") && content.contains("it flickers"),
                "{path}"
            );
        }
        let bytes = tokens.get(&format!("{BUILDS}/1/logs/1")).header("accept", "application/octet-stream").await;
        assert_eq!(bytes.status, 415, "{}", bytes.text());
    });
}

#[test]
fn builds_up_to_a_moment_that_was_told_are_those_up_to_it() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        world.later(Duration::from_micros(1_000_567));
        let queued = tokens.post(&versioned(BUILDS)).json(&json!({ "definition": { "id": 1 } })).await.json();
        let told = queued["queueTime"].as_str().unwrap();
        let until = format!("{BUILDS}?queryOrder=queueTimeDescending&maxTime={told}");
        assert_eq!(tokens.get(&until).await.json()["value"][0]["id"], queued["id"]);
    });
}

#[test]
fn bad_builds_are_refused_with_the_error_body() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        for body in [
            json!({}),
            json!([]),
            json!({ "definition": { "id": 99 } }),
            json!({ "definition": { "id": 1 }, "sourceBranch": "a..b" }),
        ] {
            let answer = tokens.post(&versioned(BUILDS)).json(&body).await;
            assert!(matches!(answer.status.as_u16(), 400 | 404), "{body}: {}", answer.text());
            assert!(answer.json()["message"].is_string());
        }
        assert_eq!(tokens.get(&format!("{BUILDS}/99")).await.status, 404);
        assert_eq!(tokens.get(&format!("{BUILDS}/99999999999999999999")).await.status, 400);
    });
}
