//! Commits that come as JSON: by services that may not push, to where they may not, and with paths that lead out of the repository.

use std::convert::Infallible;

use axum::body::Body;
use futures_util::future::join_all;
use futures_util::stream::once;
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_testkit::{Answer, Tokens, on_both_databases};
use serde_json::{Value, json};

const LAMP: &str = "/harbor/lighthouse/_apis/git/repositories/lamp";
const ZEROS: &str = "0000000000000000000000000000000000000000";

async fn tip(tokens: &Tokens) -> String {
    let refs = tokens.get(&format!("{LAMP}/refs?filter=heads/main")).await.json();
    refs["value"][0]["objectId"].as_str().unwrap().to_owned()
}

fn a_push(old: &str, path: &str) -> Value {
    let change = json!({"changeType": "add", "item": {"path": path}, "newContent": {"content": "x"}});
    json!({
        "refUpdates": [{"name": "refs/heads/main", "oldObjectId": old}],
        "commits": [{"comment": "Mine", "changes": [change]}],
    })
}

async fn push(tokens: &Tokens, repository: &str, body: &Value) -> Answer {
    tokens.post(&format!("{repository}/pushes?api-version=7.1")).json(body).await
}

#[test]
fn who_can_only_look_pushes_nothing() {
    on_both_databases(async |world| {
        let reader = world.ana().authorizes("burndown").await;
        let main = tip(&reader).await;
        let answer = push(&reader, LAMP, &a_push(&main, "/mine")).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["customProperties"]["missingScopes"][0], "vso.code_write");
        assert_eq!(
            world.post(&format!("{LAMP}/pushes?api-version=7.1")).json(&a_push(&main, "/mine")).await.status,
            401
        );
        assert_eq!(tip(&reader).await, main);
    });
}

#[test]
fn a_repository_outside_the_authorization_is_not_there() {
    on_both_databases(async |world| {
        let (ana, tower) = (world.ana(), world.repository("tower").to_string());
        let request = world.app("burndown").request();
        let part = |page: latchkey_testkit::Page| page.tick_all("scope").untick("repository", &tower);
        let tokens = ana.authorizes_part(&request, part).await;
        let main = tip(&tokens).await;
        let absent = push(&tokens, &LAMP.replace("lamp", "absent"), &a_push(ZEROS, "/mine")).await;
        let outside = push(&tokens, &LAMP.replace("lamp", "tower"), &a_push(ZEROS, "/mine")).await;
        assert_eq!((outside.status.as_u16(), outside.text().replace("tower", "absent")), (404, absent.text()));
        for path in ["commits/main/changes", "diffs/commits?baseVersion=main"] {
            let ask = async |name: &str| tokens.get(&format!("{}/{path}", LAMP.replace("lamp", name))).await;
            let (outside, absent) = (ask("tower").await, ask("absent").await);
            assert_eq!((outside.status, outside.text().replace("tower", "absent")), (absent.status, absent.text()));
        }
        assert_eq!(push(&tokens, LAMP, &a_push(&main, "/mine")).await.status, 201, "and inside it can");
    });
}

#[test]
fn pull_requests_of_others_are_neither_proposed_nor_changed() {
    on_both_databases(async |world| {
        let lamp = world.repository("lamp").to_string();
        let request = world.app("burndown").request();
        let all = world.ana().authorizes_all("burndown").await;
        let body = json!({"sourceRefName": "refs/heads/dim", "targetRefName": "refs/heads/main", "title": "Dim"});
        let url = |rest: &str| format!("{LAMP}/pullrequests{rest}?api-version=7.1");
        let made = all.post(&url("")).json(&body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        world.takes_in("nightly", AccessLevel::Basic, "lighthouse", ProjectGroup::Contributors).await;
        let reader = world.app("nightly").by_itself("").await.unwrap();
        assert_eq!(reader.post(&url("")).json(&body).await.status, 401);
        assert_eq!(reader.patch(&url("/1")).json(&json!({"title": "Mine"})).await.status, 401);
        let part = |page: latchkey_testkit::Page| page.tick_all("scope").untick("repository", &lamp);
        let outside = world.max().authorizes_part(&request, part).await;
        for repository in ["lamp", "tower"] {
            let url = url("/1").replace("lamp", repository);
            let answer = outside.patch(&url).json(&json!({"title": "Mine"})).await;
            assert_eq!(answer.status, 404, "{repository}: {}", answer.text());
        }
        assert_eq!(outside.post(&url("")).json(&body).await.status, 404);
        assert_eq!(all.get(&format!("{LAMP}/pullrequests/1")).await.json()["title"], "Dim");
    });
}

#[test]
fn a_path_leads_nowhere_but_into_the_repository() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens).await;
        let long = format!("/{}", "x".repeat(300));
        let deep = "/d".repeat(200);
        for path in [
            "",
            "/",
            "..",
            "/../../config",
            "/a/../../b",
            "//etc/passwd",
            "/.git/hooks/post-update",
            "/a/.GIT/config",
            "/git~1/config",
            "/.git. /config",
            "/.g\u{200c}it/config",
            "/a\u{0}b",
            "/a\nb",
            &long,
            &deep,
        ] {
            let answer = push(&tokens, LAMP, &a_push(&main, path)).await;
            assert_eq!(answer.status, 400, "{path:?}: {}", answer.text());
            let mut rename = a_push(&main, path);
            rename["commits"][0]["changes"][0] =
                json!({"changeType": "rename", "sourceServerItem": "/README.md", "item": {"path": path}});
            assert_eq!(push(&tokens, LAMP, &rename).await.status, 400, "{path:?}");
        }
        for name in ["refs/pull/1/head", "refs/internal/x", "refs/heads/../../HEAD", "HEAD", "main", "--upload-pack"] {
            let mut body = a_push(ZEROS, "/mine");
            body["refUpdates"][0]["name"] = json!(name);
            assert_eq!(push(&tokens, LAMP, &body).await.status, 400, "{name}");
        }
        assert_eq!(tip(&tokens).await, main);
    });
}

#[test]
fn a_file_is_no_folder() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens).await;
        assert_eq!(push(&tokens, LAMP, &a_push(&main, "/README.md/x")).await.status, 400);
    });
}

#[test]
fn of_eight_equal_pushes_one_wins() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens).await;
        let body = a_push(&main, "/mine");
        let answers = join_all((0..8).map(|_| push(&tokens, LAMP, &body))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
        let commits = tokens.get(&format!("{LAMP}/commits")).await.json();
        assert_eq!(commits["count"], 3, "two from before, and one");
    });
}

#[test]
fn a_commit_that_no_reference_reaches_is_no_place_to_start() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens).await;
        let made = push(&tokens, LAMP, &a_push(&main, "/mine")).await.json();
        let lost = made["commits"][0]["commitId"].as_str().unwrap();
        let back = json!([{"name": "refs/heads/main", "oldObjectId": lost, "newObjectId": main}]);
        let moved = tokens.post(&format!("{LAMP}/refs?api-version=7.1")).json(&back).await.json();
        assert_eq!(moved["value"][0]["success"], true, "{moved}");
        let mut body = a_push(lost, "/again");
        body["refUpdates"][0]["name"] = json!("refs/heads/found");
        assert_eq!(push(&tokens, LAMP, &body).await.status, 404);
        assert_eq!(tokens.get(&format!("{LAMP}/commits/{lost}/changes")).await.status, 404);
        let diff = format!("{LAMP}/diffs/commits?targetVersion={lost}&targetVersionType=commit");
        assert_eq!(tokens.get(&diff).await.status, 404);
    });
}

#[test]
fn a_body_of_a_million_values_is_not_unfolded() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let many = format!("[{}0]", "0,".repeat(2 << 20));
        let answer = tokens.post(&format!("{LAMP}/pushes?api-version=7.1")).body("application/json", many).await;
        assert_eq!(answer.status, 413);
    });
}

fn a_rename(from: &str, to: &str) -> Value {
    json!({"changeType": "rename", "sourceServerItem": from, "item": {"path": to}})
}

#[test]
fn folders_in_folders_without_end_are_refused_and_the_server_stays() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens).await;
        let mut body = a_push(&main, "/q0/f");
        let changes = body["commits"][0]["changes"].as_array_mut().unwrap();
        let below = "/d".repeat(126);
        changes.extend((0..200).map(|n| a_rename(&format!("/q{n}"), &format!("/q{}{below}", n + 1))));
        let answer = push(&tokens, LAMP, &body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert_eq!(tip(&tokens).await, main);
    });
}

#[test]
fn a_small_repository_with_long_paths_has_no_endless_changes() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens).await;
        let mut body = a_push(&main, "/w/f");
        let changes = body["commits"][0]["changes"].as_array_mut().unwrap();
        let add = |n| json!({"changeType": "add", "item": {"path": format!("/w/{n}")}, "newContent": {"content": "x"}});
        changes.extend((0..900).map(add));
        changes.push(a_rename("/w", &format!("/{}", "d".repeat(240)).repeat(126)));
        let answer = push(&tokens, LAMP, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = answer.json()["commits"][0]["commitId"].as_str().unwrap().to_owned();
        let told = tokens.get(&format!("{LAMP}/commits/{made}/changes?top=1")).await.json();
        assert_eq!(told["changes"].as_array().unwrap().len(), 1);
        let counted = told["changeCounts"]["Add"].as_u64().unwrap();
        assert!((100..900).contains(&counted), "{counted}");
        let commit = tokens.get(&format!("{LAMP}/commits/{made}?changeCount=1")).await.json();
        assert_eq!(commit["changes"].as_array().unwrap().len(), 1);
        let diff = format!("{LAMP}/diffs/commits?baseVersion={main}&baseVersionType=commit&targetVersion=main&$top=1");
        assert_eq!(tokens.get(&diff).await.json()["allChangesIncluded"], false);
    });
}

#[test]
fn who_sends_slowly_takes_no_room_from_others() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens).await;
        let (reading, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let slow = (0..30).map(|_| {
            let reading = reading.clone();
            let never = once(async move {
                reading.send(()).unwrap();
                std::future::pending::<Result<String, Infallible>>().await
            });
            let ask = tokens.post(&format!("{LAMP}/pushes?api-version=7.1")).json(&Value::Null);
            ask.send_with(Body::from_stream(never))
        });
        let quick = async {
            for _ in 0..30 {
                begun.recv().await.unwrap();
            }
            push(&tokens, LAMP, &a_push(&main, "/mine")).await
        };
        let slow = async {
            let answers = join_all(slow).await;
            panic!("none of them is answered: {:?}", answers.first().map(|answer| answer.status));
        };
        tokio::select! {
            () = slow => {}
            answer = quick => assert_eq!(answer.status, 201, "{}", answer.text()),
        }
    });
}
