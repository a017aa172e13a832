//! Commits, what they changed, how branches lie to each other, and commits that come as JSON.

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::{Answer, Tokens, on_both_databases};
use serde_json::{Value, json};

const LAMP: &str = "/harbor/lighthouse/_apis/git/repositories/lamp";
const ZEROS: &str = "0000000000000000000000000000000000000000";

/// Where a branch of a repository is.
pub(crate) async fn tip(tokens: &Tokens, repository: &str, branch: &str) -> String {
    let refs = tokens.get(&format!("{repository}/refs?filter=heads/{branch}")).await.json();
    refs["value"][0]["objectId"].as_str().unwrap_or(ZEROS).to_owned()
}

/// A push of one commit.
pub(crate) fn a_push(branch: &str, old: &str, changes: &Value) -> Value {
    json!({
        "refUpdates": [{"name": format!("refs/heads/{branch}"), "oldObjectId": old}],
        "commits": [{"comment": "Brighter", "changes": changes}],
    })
}

pub(crate) async fn push(tokens: &Tokens, repository: &str, body: &Value) -> Answer {
    tokens.post(&format!("{repository}/pushes?api-version=7.1")).json(body).await
}

fn added(path: &str, text: &str) -> Value {
    json!({"changeType": "add", "item": {"path": path}, "newContent": {"content": text, "contentType": "rawtext"}})
}

#[test]
fn a_commit_tells_what_it_changed() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens, LAMP, "main").await;
        let changes = tokens.get(&format!("{LAMP}/commits/{main}/changes")).await.json();
        assert_eq!(changes["changeCounts"], json!({"Add": 0, "Edit": 1, "Delete": 0}), "{changes}");
        let change = &changes["changes"][0];
        assert_eq!((&change["changeType"], &change["item"]["path"]), (&json!("edit"), &json!("/src/lamp.rs")));
        assert_ne!(change["item"]["objectId"], change["item"]["originalObjectId"]);
        assert_eq!(change["item"]["commitId"], main.as_str());
        let item = change["item"]["url"].as_str().unwrap().replace("https://latchkey.test", "");
        assert!(item.contains("/items/src/lamp.rs?versionType=Commit"), "{item}");

        let first = tokens.get(&format!("{LAMP}/commits/{main}")).await.json();
        assert!(first["changes"].is_null() && first["changeCounts"].is_null());
        let first = first["parents"][0].as_str().unwrap().to_owned();
        let commit = tokens.get(&format!("{LAMP}/commits/{first}?changeCount=1")).await.json();
        assert_eq!(commit["changeCounts"]["Add"], 2, "the first commit adds everything: {commit}");
        assert_eq!(commit["changes"].as_array().unwrap().len(), 1);
        let part = tokens.get(&format!("{LAMP}/commits/{first}/changes?top=5&skip=1")).await.json();
        assert_eq!(part["changes"].as_array().unwrap().len(), 1);
        assert_eq!(part["changes"][0]["item"]["path"], "/src/lamp.rs");
        for absent in [ZEROS, "main", "x"] {
            assert_eq!(tokens.get(&format!("{LAMP}/commits/{absent}/changes")).await.status, 404, "{absent}");
        }
    });
}

#[test]
fn two_branches_tell_what_each_has_alone() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let (main, dim) = (tip(&tokens, LAMP, "main").await, tip(&tokens, LAMP, "dim").await);
        let changes = json!([added("/NEWS.md", "Brighter"), {"changeType": "delete", "item": {"path": "/README.md"}}]);
        assert_eq!(push(&tokens, LAMP, &a_push("main", &main, &changes)).await.status, 201);
        let diff = async |query: &str| tokens.get(&format!("{LAMP}/diffs/commits?{query}")).await;
        let found =
            diff("baseVersion=main&targetVersion=dim&targetVersionType=branch&diffCommonCommit=true").await.json();
        assert_eq!((&found["aheadCount"], &found["behindCount"]), (&json!(1), &json!(1)), "{found}");
        assert_eq!((&found["commonCommit"], &found["targetCommit"]), (&json!(main), &json!(dim)));
        assert_eq!((&found["allChangesIncluded"], &found["changeCounts"]["Add"]), (&json!(true), &json!(1)));
        assert_eq!(found["changes"][0]["item"]["path"], "/src/dim.rs");

        let straight = diff("targetVersion=dim&$top=2").await.json();
        assert_eq!(straight["changes"].as_array().unwrap().len(), 2, "{straight}");
        assert_eq!(straight["allChangesIncluded"], false);
        assert_eq!(straight["changeCounts"], json!({"Add": 2, "Edit": 0, "Delete": 1}));
        let rest = diff("targetVersion=dim&$top=2&$skip=2").await.json();
        assert_eq!((rest["changes"].as_array().unwrap().len(), &rest["allChangesIncluded"]), (1, &json!(true)));

        let by_commit = format!("baseVersion={main}&baseVersionType=commit&targetVersion={dim}&targetVersionType=2");
        assert_eq!(diff(&by_commit).await.json()["behindCount"], 0);
        assert_eq!(diff("baseVersion=absent").await.status, 404);
        assert_eq!(diff("baseVersion=main&baseVersionType=thing").await.status, 400);
        assert_eq!(diff("baseVersion=main&baseVersionOptions=firstParent").await.status, 400);
    });
}

#[test]
fn commits_that_come_as_json_are_commits_of_whoever_asked() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens, LAMP, "main").await;
        let mut body = json!({
            "refUpdates": [{"name": "refs/heads/main", "oldObjectId": main}],
            "commits": [
                {"comment": "Brighter", "changes": [
                    added("/docs/NEWS.md", "Brighter\n"),
                    {"changeType": "edit", "item": {"path": "README.md"},
                     "newContent": {"content": "AAECAw==", "contentType": "base64encoded"}},
                ]},
                {"comment": "Elsewhere", "changes": [
                    {"changeType": "rename", "sourceServerItem": "/src/lamp.rs", "item": {"path": "/src/light.rs"}},
                ]},
            ],
        });
        body["commits"][0]["author"] = json!({"name": "The Queen", "email": "queen@harbor.test"});
        let answer = push(&tokens, LAMP, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = answer.json();
        assert_eq!(made["refUpdates"][0]["oldObjectId"], main.as_str());
        assert_eq!(made["refUpdates"][0]["newObjectId"], tip(&tokens, LAMP, "main").await);
        assert_eq!(
            (&made["pushedBy"]["displayName"], made["commits"].as_array().unwrap().len()),
            (&json!("Ana Harbor"), 2)
        );
        let commits = tokens.get(&format!("{LAMP}/commits")).await.json();
        assert_eq!(commits["value"][0]["commitId"], made["commits"][1]["commitId"]);
        let author = &commits["value"][1]["author"];
        assert_eq!((&author["name"], &author["email"]), (&json!("Ana Harbor"), &json!("ana@harbor.test")), "{commits}");
        let bytes =
            tokens.get(&format!("{LAMP}/items?path=/README.md")).header("accept", "application/octet-stream").await;
        assert_eq!(bytes.text(), "\0\u{1}\u{2}\u{3}");
        let last = made["commits"][1]["commitId"].as_str().unwrap();
        let changes = tokens.get(&format!("{LAMP}/commits/{last}/changes")).await.json();
        assert_eq!(changes["changeCounts"], json!({"Add": 0, "Edit": 0, "Delete": 0, "Rename": 1}), "{changes}");
        let [source, renamed] = &changes["changes"].as_array().unwrap()[..] else { panic!("{changes}") };
        assert_eq!(source["changeType"], "delete, sourceRename");
        assert_eq!((&renamed["changeType"], &renamed["sourceServerItem"]), (&json!("rename"), &json!("/src/lamp.rs")));
    });
}

#[test]
fn a_new_branch_starts_at_a_commit_or_with_nothing() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let main = tip(&tokens, LAMP, "main").await;
        let changes = json!([added("/NEWS.md", "Brighter")]);
        for (branch, old, parents) in [("a", main.as_str(), None), ("b", ZEROS, Some(&main)), ("c", ZEROS, None)] {
            let mut body = a_push(branch, old, &changes);
            if let Some(parent) = parents {
                body["commits"][0]["parents"] = json!([parent]);
            }
            let made = push(&tokens, LAMP, &body).await;
            assert_eq!(made.status, 201, "{branch}: {}", made.text());
            assert_eq!(made.json()["refUpdates"][0]["oldObjectId"], ZEROS);
            let at = tip(&tokens, LAMP, branch).await;
            let parents = tokens.get(&format!("{LAMP}/commits/{at}")).await.json()["parents"].clone();
            assert_eq!(parents, if branch == "c" { Value::Null } else { json!([main]) }, "{branch}");
        }
        // The first push to an empty repository says where one starts.
        let tower = "/harbor/lighthouse/_apis/git/repositories/tower";
        assert_eq!(push(&tokens, tower, &a_push("trunk", ZEROS, &changes)).await.status, 201);
        assert_eq!(tokens.get(tower).await.json()["defaultBranch"], "refs/heads/trunk");
    });
}

#[test]
fn a_push_that_does_not_fit_is_refused_in_words_of_its_own() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let (main, dim) = (tip(&tokens, LAMP, "main").await, tip(&tokens, LAMP, "dim").await);
        let fits = json!([added("/NEWS.md", "Brighter")]);
        let expect = async |body: Value, status: u16, says: &str| {
            let answer = push(&tokens, LAMP, &body).await;
            let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
            assert!(answer.status == status && message.contains(says), "{} {message}: {body}", answer.status);
            answer
        };
        for stale in [ZEROS, &dim, "1111111111111111111111111111111111111111"] {
            let answer = expect(a_push("main", stale, &fits), 409, "TF401028").await;
            assert_eq!(answer.json()["typeKey"], "GitReferenceStaleException");
        }
        expect(a_push("a", "1111111111111111111111111111111111111111", &fits), 404, "TF401175").await;
        expect(a_push("main/a", ZEROS, &fits), 409, "in the way").await;
        expect(a_push("main", &main, &json!([added("/README.md", "x")])), 400, "exists already").await;
        let edit = json!([{"changeType": "edit", "item": {"path": "/no"}, "newContent": {"content": "x"}}]);
        expect(a_push("main", &main, &edit), 400, "does not exist").await;
        let mut merge = a_push("main", &main, &fits);
        merge["commits"][0]["parents"] = json!([main, dim]);
        expect(merge, 400, "use git for merges").await;
        let large = added("/large", &"x".repeat(9 << 20));
        assert_eq!(push(&tokens, LAMP, &a_push("main", &main, &json!([large]))).await.status, 413);
        assert_eq!(tip(&tokens, LAMP, "main").await, main, "nothing has moved");
    });
}

#[test]
fn an_app_by_itself_pushes_under_its_own_name() {
    on_both_databases(async |world| {
        let courier = world.registers(a_daemon("courier").asking("vso.code_write")).await;
        world.takes_in("courier", AccessLevel::Basic, "lighthouse", ProjectGroup::Contributors).await;
        let tokens = courier.by_itself("").await.unwrap();
        let main = tip(&tokens, LAMP, "main").await;
        let answer = push(&tokens, LAMP, &a_push("main", &main, &json!([added("/NEWS.md", "x")]))).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["commits"][0]["author"]["name"], "courier");
    });
}
