//! A request is begun in time, and the rest of it held back until what it was begun under has ended. It does nothing.

use std::convert::Infallible;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::once;
use http::Method;
use http_body_util::BodyExt as _;
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::{Answer, Ask, Tokens, World, on_both_databases};
use serde_json::json;

const JSON: &str = "application/json";
const PATCH: &str = "application/json-patch+json";
const LAMP: &str = "/harbor/lighthouse/_apis/git/repositories/lamp";

/// Makes a request, and lets something happen when the server begins to read its body.
async fn held_back(
    ask: Ask,
    content_type: &str,
    body: impl Into<String>,
    meanwhile: impl Future + Send + 'static,
) -> Answer {
    let body = body.into();
    let rest = once(async move {
        meanwhile.await;
        Ok::<_, Infallible>(body)
    });
    ask.body(content_type, Vec::new()).send_with(Body::from_stream(rest)).await
}

/// The same, while Ana revokes everything.
async fn revoked_meanwhile(world: &World, ask: Ask, content_type: &str, body: &str) -> Answer {
    let ana = world.ana();
    held_back(ask, content_type, body, async move { ana.revokes_all().await }).await
}

async fn tip(tokens: &Tokens) -> String {
    let refs = tokens.get(&format!("{LAMP}/refs?filter=heads/main")).await.json();
    refs["value"][0]["objectId"].as_str().unwrap().to_owned()
}

/// Routes that read a body, with one that each accepts.
fn routes(main: &str, ana: &str) -> Vec<(Method, String, &'static str, String)> {
    let version = |path: &str| format!("{path}?api-version=7.1");
    let title = r#"[{"op":"add","path":"/fields/System.Title","value":"Mine"}]"#;
    let batched = format!(r#"[{{"method":"PATCH","uri":"/_apis/wit/workitems/1?api-version=7.1","body":{title}}}]"#);
    let change = json!({"changeType": "add", "item": {"path": "/mine"}, "newContent": {"content": "x"}});
    let push = json!({
        "refUpdates": [{"name": "refs/heads/main", "oldObjectId": main}],
        "commits": [{"comment": "Mine", "changes": [change]}],
    });
    let branch = json!([{"name": "refs/heads/mine", "oldObjectId": "0".repeat(40), "newObjectId": main}]);
    let proposal = json!({"sourceRefName": "refs/heads/dim", "targetRefName": "refs/heads/main", "title": "Mine"});
    let of_project = |rest: &str| format!("/harbor/lighthouse/_apis/{rest}");
    let all = [
        (Method::POST, version(&of_project("wit/workitems/$Task")), PATCH, title.to_owned()),
        (Method::PATCH, version("/harbor/_apis/wit/workitems/1"), PATCH, title.to_owned()),
        (Method::PATCH, version("/harbor/_apis/wit/$batch"), JSON, batched),
        (Method::POST, version("/harbor/_apis/wit/workitemsbatch"), JSON, r#"{"ids":[1]}"#.to_owned()),
        (
            Method::POST,
            version("/harbor/_apis/wit/wiql"),
            JSON,
            r#"{"query":"SELECT [System.Id] FROM WorkItems"}"#.to_owned(),
        ),
        (
            Method::POST,
            version("/harbor/_apis/wit/wiql"),
            JSON,
            r#"{"query":"SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = 'nowhere'"}"#.to_owned(),
        ),
        (
            Method::POST,
            of_project("wit/workItems/1/comments?api-version=7.1-preview.4"),
            JSON,
            r#"{"text":"Mine"}"#.to_owned(),
        ),
        (Method::POST, version(&of_project("build/builds")), JSON, r#"{"definition":{"id":1}}"#.to_owned()),
        (Method::PATCH, version(&of_project("build/builds/1")), JSON, r#"{"keepForever":true}"#.to_owned()),
        (Method::PATCH, version(&of_project("build/builds")), JSON, r#"[{"id":1,"keepForever":true}]"#.to_owned()),
        (Method::POST, version(&of_project("build/builds/1/tags")), JSON, r#"["mine"]"#.to_owned()),
        (Method::PATCH, version(&of_project("build/builds/1/tags")), JSON, r#"{"tagsToAdd":["ours"]}"#.to_owned()),
        (
            Method::PATCH,
            of_project("wit/workItems/1/comments/1?api-version=7.1-preview.4"),
            JSON,
            r#"{"text":"Ours"}"#.to_owned(),
        ),
        (Method::POST, version(&format!("{LAMP}/refs")), JSON, branch.to_string()),
        (Method::POST, version(&format!("{LAMP}/pullrequests")), JSON, proposal.to_string()),
        (Method::PATCH, version(&format!("{LAMP}/pullrequests/1")), JSON, r#"{"title":"Mine"}"#.to_owned()),
        (Method::PUT, version(&format!("{LAMP}/pullrequests/1/reviewers/{ana}")), JSON, r#"{"vote":10}"#.to_owned()),
        (Method::POST, version(&format!("{LAMP}/pushes")), JSON, push.to_string()),
        (
            Method::POST,
            "/harbor/lighthouse/_git/lamp/git-upload-pack".to_owned(),
            "application/x-git-upload-pack-request",
            format!("0032want {main}\n00000009done\n"),
        ),
    ];
    all.into()
}

#[test]
fn a_token_that_is_revoked_while_the_body_comes_is_good_for_nothing() {
    on_both_databases(async |world| {
        let (ana, others) = (world.ana(), world.max().authorizes_all("burndown").await);
        let main = tip(&others).await;
        for (method, url, content_type, body) in routes(&main, &world.account("ana").to_string()) {
            let tokens = ana.authorizes_all("burndown").await;
            let ask = || tokens.ask(method.clone(), &url);
            let refused = revoked_meanwhile(&world, ask(), content_type, &body).await;
            // Git shows its user why only with this status.
            let expected = if url.contains("/_git/") { 403 } else { 401 };
            assert_eq!(refused.status, expected, "{method} {url}: {}", refused.text());
            assert!(refused.text().contains("was revoked"), "{method} {url}: {}", refused.text());
            // It was that, and nothing else.
            let tokens = ana.authorizes_all("burndown").await;
            let answer = tokens.ask(method.clone(), &url).body(content_type, body).await;
            assert!(answer.is_ok(), "{method} {url}: {}", answer.text());
        }
    });
}

/// Bytes that no pack makes smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn a_clone_under_way_ends_with_its_authorization() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes_all("burndown").await;
        let content = json!({"content": STANDARD.encode(noise(2 << 20)), "contentType": "base64encoded"});
        let change = json!({"changeType": "add", "item": {"path": "/noise"}, "newContent": content});
        let push = json!({
            "refUpdates": [{"name": "refs/heads/main", "oldObjectId": tip(&tokens).await}],
            "commits": [{"comment": "Noise", "changes": [change]}],
        });
        let pushed = tokens.post(&format!("{LAMP}/pushes?api-version=7.1")).json(&push).await;
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        let wanted = format!("0032want {}\n00000009done\n", tip(&tokens).await);
        let clone = || {
            let ask = tokens.post("/harbor/lighthouse/_git/lamp/git-upload-pack");
            ask.body("application/x-git-upload-pack-request", wanted.clone())
        };
        let whole = clone().await;
        assert!(whole.is_ok() && whole.body.len() > 2 << 20);
        let (parts, mut body) = clone().open().await.into_parts();
        assert_eq!(parts.status, 200);
        let mut read = body.frame().await.unwrap().unwrap().into_data().unwrap().len();
        ana.revokes_all().await;
        let ended = loop {
            match body.frame().await {
                Some(Ok(frame)) => read += frame.into_data().unwrap().len(),
                other => break other,
            }
        };
        assert!(matches!(ended, Some(Err(_))), "it breaks off, and does not look whole");
        assert!(read < 1 << 20, "{read} of {} bytes", whole.body.len());
    });
}

#[test]
fn a_clone_goes_on_when_only_its_token_expires() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let wanted = format!("0032want {}\n00000009done\n", tip(&tokens).await);
        let ask = tokens.post("/harbor/lighthouse/_git/lamp/git-upload-pack");
        let response = ask.body("application/x-git-upload-pack-request", wanted).open().await;
        world.seconds_later(5_400);
        assert!(response.into_body().collect().await.is_ok());
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
    });
}

const ADMIN: &str = "vso.tenant_manage";

#[test]
fn an_administrators_token_that_ends_while_the_body_comes_makes_no_app() {
    on_both_databases(async |world| {
        let steward = a_daemon("steward").owned_by("ana").asking(ADMIN);
        let tokens = world.registers(steward).await.by_itself(ADMIN).await.unwrap();
        let app = json!({"name": "Mine", "kind": "web", "redirect_uris": ["https://mine.test/callback"]}).to_string();
        let ask = || tokens.ask(Method::POST, "/_admin/v1/apps");
        assert_eq!(ask().body(JSON, app.clone()).await.status, 201);
        let suspended = {
            let world = world.clone();
            async move { world.suspends("steward").await }
        };
        assert_eq!(held_back(ask(), JSON, app, suspended).await.status, 401);
    });
}

#[test]
fn who_is_signed_out_while_the_form_comes_does_nothing() {
    on_both_databases(async |world| {
        let (thief, ana) = (world.ana(), world.ana());
        let tokens = ana.authorizes("burndown").await;
        let page = thief.opens("/profile/authorizations").await.follow("all-revoke").await.page();
        let (url, form) = page.form_of("revoke-confirm");
        let cookies: Vec<String> =
            thief.browser().cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ask = || world.post(&url).header("cookie", &cookies.join("; ")).from_page_of(world.https());
        let ended = async move { ana.opens("/profile/sessions").await.press("end-others").await.page() };
        let answer = held_back(ask(), "application/x-www-form-urlencoded", form, ended).await;
        assert!(answer.location().starts_with("/signin"), "{}", answer.location());
        assert!(tokens.get("/harbor/_apis/projects").await.is_ok(), "nothing was revoked");
    });
}
