//! Pull requests: proposed, changed, given up, taken up again.

use futures_util::future::join_all;
use http::Method;
use latchkey_testkit::{Answer, Tokens, on_both_databases};
use serde_json::{Value, json};

use super::code::{a_push, push, tip};

const LAMP: &str = "/harbor/lighthouse/_apis/git/repositories/lamp";

fn dim(title: &str) -> Value {
    json!({"sourceRefName": "refs/heads/dim", "targetRefName": "refs/heads/main", "title": title})
}

async fn propose(tokens: &Tokens, body: &Value) -> Answer {
    tokens.post(&format!("{LAMP}/pullrequests?api-version=7.1")).json(body).await
}

async fn change(tokens: &Tokens, id: &Value, body: &Value) -> Answer {
    tokens.patch(&format!("{LAMP}/pullRequests/{id}?api-version=7.1")).json(body).await
}

#[test]
fn a_pull_request_is_proposed_changed_and_given_up() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let (main, at) = (tip(&tokens, LAMP, "main").await, tip(&tokens, LAMP, "dim").await);
        let mut body = dim("Dim it");
        body["description"] = json!("At night.");
        body["reviewers"] = json!([{"id": world.account("ben").to_string(), "isRequired": true}]);
        let made = propose(&tokens, &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        let id = made["pullRequestId"].clone();
        assert_eq!((&made["status"], &made["mergeStatus"]), (&json!("active"), &json!("succeeded")));
        assert_eq!(made["lastMergeSourceCommit"]["commitId"], at.as_str());
        assert_eq!(made["lastMergeTargetCommit"]["commitId"], main.as_str());
        assert_eq!((&made["reviewers"][0]["vote"], &made["reviewers"][0]["isRequired"]), (&json!(0), &json!(true)));
        let listed = tokens.get(&format!("{LAMP}/pullrequests")).await.json();
        assert_eq!(listed["value"][0]["title"], "Dim it");

        let twin = propose(&tokens, &dim("Again")).await;
        assert_eq!((twin.status.as_u16(), &twin.json()["typeKey"]), (409, &json!("GitPullRequestExistsException")));
        let changed = change(&tokens, &id, &json!({"title": "Dim it more", "isDraft": true})).await.json();
        assert_eq!((&changed["title"], &changed["description"]), (&json!("Dim it more"), &json!("At night.")));
        let given_up = change(&tokens, &id, &json!({"status": "abandoned"})).await.json();
        assert!(given_up["status"] == "abandoned" && given_up["closedDate"].is_string(), "{given_up}");
        assert_eq!(propose(&tokens, &dim("Again")).await.status, 201, "the way is free");
        assert_eq!(change(&tokens, &id, &json!({"status": 1})).await.status, 409, "and taken");
        let merge = json!({"status": "completed", "lastMergeSourceCommit": {"commitId": at}});
        let refused = change(&tokens, &id, &merge).await;
        assert!(refused.status == 400 && refused.text().contains("does not merge"), "{}", refused.text());
        assert_eq!(change(&tokens, &json!(99), &json!({"title": "x"})).await.status, 404);
    });
}

#[test]
fn reviewers_vote_for_themselves() {
    on_both_databases(async |world| {
        let (ana, max) = (world.ana().authorizes_all("burndown").await, world.max().authorizes_all("burndown").await);
        let made = propose(&ana, &dim("Dim it")).await.json();
        let of = |who: &str| {
            let (id, person) = (&made["pullRequestId"], world.account(who));
            format!("{LAMP}/pullRequests/{id}/reviewers/{person}?api-version=7.1")
        };
        let put = |tokens: &Tokens, who: &str, body: Value| {
            world.ask(Method::PUT, &of(who)).bearer(&tokens.access).json(&body).into_future()
        };
        let voted = put(&max, "max", json!({"vote": 10, "id": world.account("max").to_string()})).await;
        assert_eq!((voted.status.as_u16(), &voted.json()["vote"]), (200, &json!(10)), "{}", voted.text());
        assert_eq!(put(&ana, "max", json!({"vote": -10})).await.status, 403);
        assert_eq!(put(&ana, "max", json!({"isRequired": true})).await.json()["vote"], 10);
        for answer in join_all([put(&ana, "ana", json!({"vote": 5})), put(&ana, "ben", json!({}))]).await {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let listed = ana.get(&format!("{LAMP}/pullRequests/{}/reviewers", made["pullRequestId"])).await.json();
        assert_eq!(listed["count"], 3, "{listed}");
        assert_eq!(ana.get(&of("max")).await.json()["isRequired"], true);
        assert_eq!(ana.get(&of("cy")).await.status, 404);
        assert_eq!(put(&ana, "eve", json!({"vote": 0})).await.status, 400, "she belongs to another organization");
        assert_eq!(put(&max, "max", json!({"vote": 3})).await.status, 400);
    });
}

#[test]
fn branches_that_contradict_each_other_are_found_out() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let edit = |path: &str, text: &str| {
            let kind = if path == "/src/lamp.rs" { "edit" } else { "add" };
            json!([{"changeType": kind, "item": {"path": path}, "newContent": {"content": text}}])
        };
        let moves = async |branch: &str, path: &str| {
            let old = tip(&tokens, LAMP, branch).await;
            assert_eq!(push(&tokens, LAMP, &a_push(branch, &old, &edit(path, branch))).await.status, 201);
        };
        moves("main", "/NEWS.md").await;
        let made = propose(&tokens, &dim("Dim it")).await.json();
        assert_eq!(made["mergeStatus"], "succeeded", "{made}");
        moves("main", "/src/lamp.rs").await;
        moves("dim", "/src/lamp.rs").await;
        let told = change(&tokens, &made["pullRequestId"], &json!({"description": "Really."})).await.json();
        assert_eq!(told["mergeStatus"], "conflicts", "{told}");
        assert_eq!(told["lastMergeSourceCommit"]["commitId"], tip(&tokens, LAMP, "dim").await);
    });
}

#[test]
fn a_pull_request_that_cannot_be_is_refused() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let with = |name: &str, value: Value| {
            let mut body = dim("Dim it");
            body[name] = value;
            body
        };
        let missing = propose(&tokens, &with("sourceRefName", json!("refs/heads/absent"))).await;
        assert!(missing.status == 400 && missing.text().contains("TF401398"), "{}", missing.text());
        for wrong in [
            with("targetRefName", json!("dim")),
            with("title", json!("")),
            with("workItemRefs", json!([{"id": "1"}])),
            with("reviewers", json!([{"id": "00000000-0000-0000-0000-0000000000aa"}])),
        ] {
            assert_eq!(propose(&tokens, &wrong).await.status, 400, "{wrong}");
        }
        assert_eq!(tokens.get(&format!("{LAMP}/pullrequests")).await.json()["count"], 0);
    });
}

#[test]
fn of_equal_proposals_one_is_made() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let body = dim("Dim it");
        let answers = join_all((0..4).map(|_| propose(&tokens, &body))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
    });
}

#[test]
fn of_twins_that_are_taken_up_again_at_once_one_is_open() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let mut given_up = Vec::new();
        for _ in 0..8 {
            let made = propose(&tokens, &dim("Dim it")).await.json();
            let id = made["pullRequestId"].clone();
            assert_eq!(change(&tokens, &id, &json!({"status": "abandoned"})).await.status, 200);
            given_up.push(id);
        }
        let (again, body) = (json!({"status": "active"}), dim("One more"));
        let taken_up = join_all(given_up.iter().map(|id| change(&tokens, id, &again)));
        let (taken_up, proposed) = tokio::join!(taken_up, propose(&tokens, &body));
        let answers: Vec<Answer> = taken_up.into_iter().chain([proposed]).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        for refused in answers.iter().filter(|answer| !answer.is_ok()) {
            assert!(refused.status == 409 && refused.text().contains("TF401179"), "{}", refused.text());
        }
        assert_eq!(tokens.get(&format!("{LAMP}/pullrequests")).await.json()["count"], 1);
    });
}

#[test]
fn what_is_given_up_is_no_matter_of_git() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let id = propose(&tokens, &dim("Dim it")).await.json()["pullRequestId"].clone();
        // No commit can be read any more.
        std::fs::remove_dir_all(world.repository_folder("lamp").join("objects/pack")).unwrap();
        let given_up = change(&tokens, &id, &json!({"status": "abandoned"})).await;
        assert_eq!(given_up.json()["status"], "abandoned", "{}", given_up.text());
        assert_eq!(change(&tokens, &id, &json!({"title": "It was too dark"})).await.status, 200);
    });
}
