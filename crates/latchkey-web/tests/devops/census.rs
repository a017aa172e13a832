//! Every route for every kind of caller.

use http::Method;
use latchkey_devops::access_level::AccessLevel;
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::server::Ask;
use latchkey_testkit::{Tokens, World, on_both_databases};

/// What an action needs, as far as the census goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Any token.
    Token,
    /// A scope, and nothing of an organization.
    Scope,
    /// A scope and membership; a stakeholder may.
    Stakeholder,
    /// A scope, membership and Basic.
    Basic,
}

const JSON: &str = "application/json";
const PATCH: &str = "application/json-patch+json";
const ZEROS: &str = "0000000000000000000000000000000000000000";

/// Method, path, what it needs, content type and body.
type Route = (&'static str, &'static str, Needs, &'static str, &'static str);

const ROUTES: &[Route] = &[
    ("GET", "/_apis/profile/profiles/me", Needs::Scope, "", ""),
    ("GET", "/harbor/_apis/profile/profiles/me", Needs::Scope, "", ""),
    ("GET", "/_apis/accounts", Needs::Scope, "", ""),
    ("GET", "/harbor/_apis/projects", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/_apis/projects/lighthouse", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/_apis/projects/lighthouse/teams", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/_apis/wit/workitems/1", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/wit/workitems/1", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/wit/workitems/1/revisions", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/wit/workitems/1/updates", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/wit/workitems/1/comments", Needs::Stakeholder, "", ""),
    (
        "POST",
        "/harbor/lighthouse/_apis/wit/workitems/1/comments?api-version=7.1-preview.4",
        Needs::Stakeholder,
        JSON,
        r#"{"text":"It shines"}"#,
    ),
    ("GET", "/harbor/lighthouse/_apis/wit/workitemtypes", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/wit/workitemtypes/Bug", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/wit/fields", Needs::Stakeholder, "", ""),
    (
        "POST",
        "/harbor/lighthouse/_apis/wit/wiql?api-version=7.1",
        Needs::Stakeholder,
        JSON,
        r#"{"query":"SELECT [System.Id] FROM WorkItems"}"#,
    ),
    (
        "POST",
        "/harbor/lighthouse/_apis/wit/workitems/$Task?api-version=7.1",
        Needs::Stakeholder,
        PATCH,
        r#"[{"op":"add","path":"/fields/System.Title","value":"Polish the glass"}]"#,
    ),
    (
        "PATCH",
        "/harbor/_apis/wit/workitems/1?api-version=7.1",
        Needs::Stakeholder,
        PATCH,
        r#"[{"op":"add","path":"/fields/System.Title","value":"The lamp is seen"}]"#,
    ),
    ("GET", "/harbor/lighthouse/_apis/git/repositories/lamp", Needs::Basic, "", ""),
    ("GET", "/harbor/lighthouse/_apis/git/repositories/lamp/refs", Needs::Basic, "", ""),
    ("GET", "/harbor/lighthouse/_apis/git/repositories/lamp/items?path=/README.md", Needs::Basic, "", ""),
    ("GET", "/harbor/lighthouse/_apis/git/repositories/lamp/commits", Needs::Basic, "", ""),
    ("GET", "/harbor/lighthouse/_apis/git/repositories/lamp/diffs/commits?targetVersion=dim", Needs::Basic, "", ""),
    ("GET", "/harbor/lighthouse/_apis/git/repositories/lamp/pullrequests", Needs::Basic, "", ""),
    ("GET", "/harbor/lighthouse/_apis/git/pullrequests", Needs::Basic, "", ""),
    ("GET", "/harbor/lighthouse/_apis/build/definitions", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/build/definitions/1", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/build/builds", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/build/builds/1", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/build/builds/1/timeline", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/build/builds/1/logs", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/build/builds/1/logs/1", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_apis/build/builds/1/tags", Needs::Stakeholder, "", ""),
    ("GET", "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack", Needs::Basic, "", ""),
    ("GET", "/harbor/lighthouse/_git/lamp/info/refs?service=git-receive-pack", Needs::Basic, "", ""),
    ("GET", "/harbor/_apis/connectiondata", Needs::Token, "", ""),
];

fn ask(world: &World, (method, path, _, content_type, body): Route) -> Ask {
    let ask = world.ask(Method::from_bytes(method.as_bytes()).unwrap(), path);
    if body.is_empty() { ask } else { ask.body(content_type, body) }
}

async fn status(world: &World, route: Route, token: &str) -> u16 {
    ask(world, route).bearer(token).await.status.as_u16()
}

/// Asks every route that needs at least this much, and collects those that answer otherwise.
async fn expect(world: &World, tokens: &Tokens, least: &[Needs], expected: &[u16], who: &str) {
    let mut wrong = Vec::new();
    for route in ROUTES.iter().copied().filter(|route| least.contains(&route.2)) {
        let status = status(world, route, &tokens.access).await;
        if !expected.contains(&status) {
            wrong.push(format!("{} {}: {status}", route.0, route.1));
        }
    }
    assert!(wrong.is_empty(), "{who} should get {expected:?}:\n{}", wrong.join("\n"));
}

const ALL: &[Needs] = &[Needs::Token, Needs::Scope, Needs::Stakeholder, Needs::Basic];
const SCOPED: &[Needs] = &[Needs::Scope, Needs::Stakeholder, Needs::Basic];
const MEMBERS: &[Needs] = &[Needs::Stakeholder, Needs::Basic];

#[test]
fn without_a_token_there_is_a_401_with_its_challenges() {
    on_both_databases(async |world| {
        for route in ROUTES.iter().copied().filter(|route| route.2 != Needs::Token) {
            let answer = ask(&world, route).await;
            assert_eq!(answer.status, 401, "{} {}", route.0, route.1);
            let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
            // In an organization one of them tells where to begin. [RFC 9728 §5.1]
            let expected = if route.1.starts_with("/harbor") { 4 } else { 3 };
            assert_eq!(challenges.len(), expected, "{}: {challenges:?}", route.1);
            assert_eq!(answer.header("location"), None);
        }
    });
}

#[test]
fn a_token_that_is_none_of_ours_or_has_expired_is_refused_everywhere() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        world.seconds_later(5_400);
        expect(&world, &tokens, SCOPED, &[401], "an expired token").await;
        for route in ROUTES.iter().copied().filter(|route| route.2 != Needs::Token) {
            assert_eq!(status(&world, route, "nonsense").await, 401, "{}", route.1);
        }
    });
}

#[test]
fn a_token_for_another_audience_is_refused_everywhere() {
    on_both_databases(async |world| {
        let request = world.app("burndown").asking("openid profile email").request();
        let tokens = world.ana().authorizes_part(&request, |page| page).await;
        assert!(tokens.userinfo().await.is_ok());
        expect(&world, &tokens, SCOPED, &[401], "a token for UserInfo").await;
        for route in ROUTES.iter().copied().filter(|route| route.2 != Needs::Token) {
            assert_eq!(status(&world, route, tokens.id.as_deref().unwrap()).await, 401, "an ID token at {}", route.1);
        }
    });
}

#[test]
fn a_token_without_the_scope_is_refused_and_told_which() {
    on_both_databases(async |world| {
        world.registers(a_web_app("scribe").asking("vso.wiki")).await;
        let tokens = world.ana().authorizes_all("scribe").await;
        expect(&world, &tokens, SCOPED, &[401, 403], "a token for the wiki").await;
        for route in ROUTES.iter().copied().filter(|route| route.2 != Needs::Token) {
            if route.1.contains("/_git/") {
                // Git asks for another password after a 401 and shows the text of a 403.
                assert_eq!(status(&world, route, &tokens.access).await, 403);
                continue;
            }
            let answer = ask(&world, route).bearer(&tokens.access).await;
            let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
            assert!(challenge.contains("insufficient_scope") && challenge.contains("vso."), "{}: {challenge}", route.1);
        }
    });
}

#[test]
fn whoever_left_the_organization_finds_nothing_there() {
    on_both_databases(async |world| {
        let tokens = world.max().authorizes_all("burndown").await;
        world.leaves("max").await;
        expect(&world, &tokens, MEMBERS, &[404], "who left").await;
    });
}

#[test]
fn whoever_left_the_project_finds_nothing_in_it() {
    on_both_databases(async |world| {
        let tokens = world.max().authorizes_all("burndown").await;
        world.steps_down("max").await;
        world.leaves_project("max", "lighthouse").await;
        for route in
            ROUTES.iter().copied().filter(|route| MEMBERS.contains(&route.2) && route.1 != "/harbor/_apis/projects")
        {
            assert_eq!(status(&world, route, &tokens.access).await, 404, "{} {}", route.0, route.1);
        }
        assert_eq!(tokens.get("/harbor/_apis/projects").await.json()["count"], 0);
    });
}

#[test]
fn a_stakeholder_reads_work_and_builds_but_no_code() {
    on_both_databases(async |world| {
        let tokens = world.max().authorizes_all("burndown").await;
        world.relicenses("max", AccessLevel::Basic, AccessLevel::Stakeholder).await;
        expect(&world, &tokens, &[Needs::Token, Needs::Scope, Needs::Stakeholder], &[200], "a stakeholder").await;
        expect(&world, &tokens, &[Needs::Basic], &[403], "a stakeholder").await;
    });
}

#[test]
fn whoever_may_is_answered() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        expect(&world, &tokens, ALL, &[200], "ana").await;
        for route in ROUTES.iter().copied() {
            let by_basic = ask(&world, route).basic("anybody", &tokens.access).await;
            assert_eq!(by_basic.status, 200, "{} as a password: {}", route.1, by_basic.text());
        }
    });
}

#[test]
fn names_match_in_any_case() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        for route in ROUTES.iter().copied().filter(|route| route.0 == "GET") {
            let shouted =
                route.1.replace("harbor", "HARBOR").replace("lighthouse", "LightHouse").replace("/lamp", "/LAMP");
            let answer = tokens.get(&shouted).await;
            assert_eq!(answer.status, 200, "{shouted}: {}", answer.text());
        }
    });
}

#[test]
fn what_is_nowhere_is_said_in_json_and_a_wrong_method_is_named() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let nowhere = tokens.get("/harbor/_apis/nothing/at/all").await;
        assert_eq!((nowhere.status.as_u16(), nowhere.json()["typeKey"].is_string()), (404, true));
        let wrong = tokens.ask(Method::DELETE, "/harbor/_apis/projects").await;
        assert_eq!(wrong.status, 405);
        assert_eq!(wrong.header("allow"), Some("GET"));
    });
}

#[test]
fn clients_discover_where_things_are_without_a_token() {
    on_both_databases(async |world| {
        for url in
            ["/harbor/_apis", "/HARBOR/_apis/wit", "/harbor/_apis/git", "/harbor/_apis/Location", "/_apis/Profile"]
        {
            let answer = world.options(url).await;
            assert!(answer.is_ok(), "{url}: {}", answer.text());
            let found = answer.json();
            let locations = found["value"].as_array().unwrap();
            assert_eq!(found["count"], locations.len());
            assert!(!locations.is_empty(), "{url}");
            for location in locations {
                let id = location["id"].as_str().unwrap();
                assert_eq!(id, id.to_lowercase());
                assert!(location["routeTemplate"].is_string() && location["maxVersion"].is_string());
            }
        }
        assert_eq!(world.get("/harbor/_apis/resourceareas").await.json()["count"], 0);
    });
}

#[test]
fn a_push_to_nothing_is_refused_by_the_same_census() {
    on_both_databases(async |world| {
        let refs = "/harbor/lighthouse/_apis/git/repositories/lamp/refs?api-version=7.1";
        let body = format!(r#"[{{"name":"refs/heads/dim","oldObjectId":"{ZEROS}","newObjectId":"{ZEROS}"}}]"#);
        assert_eq!(world.post(refs).body(JSON, body.clone()).await.status, 401);
        let reader = world.ana().authorizes("burndown").await;
        assert_eq!(reader.post(refs).body(JSON, body).await.status, 401, "a token that can only look");
    });
}
