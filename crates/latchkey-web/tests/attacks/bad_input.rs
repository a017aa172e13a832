//! Malformed, doubled, oversized and unknown everything gets an answer of the protocol, and never a 500.
//!
//! The requests of these tests fail by themselves when the server answers 500.

use http::Method;
use latchkey_testkit::{World, on_both_databases};

const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];

const PATHS: [&str; 40] = [
    "/",
    "//",
    "/..",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/%",
    "/%zz",
    "/%00",
    "/signin",
    "/signin?flow=x",
    "/signin?flow=x&flow=y",
    "/select",
    "/select?flow=%00",
    "/consent",
    "/consent?flow=",
    "/consent?flow=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "/error/continue",
    "/signout",
    "/me",
    "/apps/nonsense",
    "/apps/00000000-0000-0000-0000-000000000000",
    "/profile/authorizations/nonsense",
    "/organizations/%2e%2e",
    "/common/oauth2/v2.0/authorize",
    "/common/oauth2/v2.0/token",
    "/%F0%9F%94%91/oauth2/v2.0/authorize",
    "/common/oauth2/v2.0/nonsense",
    "/common/discovery/v2.0/keys",
    "/common/discovery/instance",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/common/v2.0",
    "/oidc/userinfo",
    "/harbor",
    "/harbor/_apis",
    "/harbor/_apis/projects/%2e%2e",
    "/harbor/lighthouse/_apis/wit/workitems/-1",
    "/harbor/lighthouse/_apis/wit/workitems/99999999999999999999",
    "/harbor/lighthouse/_git/..%2f..%2fetc/info/refs",
    "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-archive",
    "/assets/..%2fCargo.toml",
    "/healthz",
];

#[test]
fn every_path_by_every_method_is_answered() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        for path in PATHS {
            for method in METHODS {
                let with_token = world.ask(method.clone(), path).bearer(&tokens.access).await;
                let without = world.ask(method.clone(), path).await;
                assert!(with_token.status.as_u16() < 500 && without.status.as_u16() < 500, "{method} {path}");
            }
        }
    });
}

#[test]
fn every_body_is_answered() {
    on_both_databases(async |world: World| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let bodies: [(&str, Vec<u8>); 10] = [
            ("application/x-www-form-urlencoded", Vec::new()),
            ("application/x-www-form-urlencoded", b"&&&===%zz%".to_vec()),
            ("application/x-www-form-urlencoded", vec![0xff; 1_000]),
            ("application/x-www-form-urlencoded", b"a=b&".repeat(50_000)),
            ("application/json", b"{".to_vec()),
            ("application/json", b"[".repeat(5_000)),
            ("application/json", b"null".to_vec()),
            (
                "application/json-patch+json",
                br#"[{"op":"add","path":"/fields/System.Title","value":{"a":[1,2,{"b":null}]}}]"#.to_vec(),
            ),
            ("text/plain", b"x".repeat(100_000)),
            ("multipart/form-data", b"--x".to_vec()),
        ];
        for path in [
            "/signin",
            "/consent",
            "/select",
            "/signout",
            "/common/oauth2/v2.0/authorize",
            "/common/oauth2/v2.0/token",
            "/oidc/userinfo",
            "/apps/new",
            "/profile/authorizations/revoke",
            "/harbor/_apis/wit/workitemsbatch?api-version=7.1",
            "/harbor/lighthouse/_apis/wit/workitems/$Task?api-version=7.1",
            "/harbor/lighthouse/_apis/wit/workitems/1/comments?api-version=7.1-preview.4",
            "/harbor/lighthouse/_apis/build/builds?api-version=7.1",
            "/harbor/lighthouse/_apis/git/repositories/lamp/refs?api-version=7.1",
            "/harbor/lighthouse/_git/lamp/git-upload-pack",
            "/harbor/lighthouse/_git/lamp/git-receive-pack",
        ] {
            for (content_type, body) in &bodies {
                for token in [None, Some(&tokens.access)] {
                    let ask = world.post(path).body(content_type, body.clone());
                    let ask = token.map_or(ask.clone(), |token| ask.bearer(token));
                    let status = ask.await.status.as_u16();
                    assert!((200..500).contains(&status), "{path} {content_type}: {status}");
                }
            }
        }
    });
}

/// Whoever asks reads that in the form of everything else that goes wrong there.
#[test]
fn an_address_that_is_not_looked_up_is_refused_in_the_form_of_whoever_reads_it() {
    on_both_databases(async |world| {
        let long = format!("a={}", "a".repeat(9_000));
        for (query, status) in [("a=%00", 400), (&*long, 414)] {
            for (path, content_type, member) in [
                ("/signin", "text/html; charset=utf-8", ""),
                ("/common/oauth2/v2.0/authorize", "text/html; charset=utf-8", ""),
                ("/common/oauth2/v2.0/token", "application/json", "error_description"),
                ("/oidc/userinfo", "application/json", "error_description"),
                ("/_admin/v1/apps", "application/problem+json", "detail"),
                ("/harbor/_apis/projects", "application/json; charset=utf-8", "message"),
                ("/harbor/lighthouse/_git/lamp/info/refs", "text/plain; charset=utf-8", ""),
                ("/healthz", "text/plain; charset=utf-8", ""),
            ] {
                let answer = world.get(&format!("{path}?{query}")).await;
                assert_eq!(
                    (answer.status.as_u16(), answer.header("content-type")),
                    (status, Some(content_type)),
                    "{path}"
                );
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
                assert!(member.is_empty() || answer.json()[member].as_str().unwrap().contains("address"), "{path}");
            }
        }
        for (path, content_type) in [
            ("/apps/%ff", "text/html; charset=utf-8"),
            ("/upstream/callback/%ff?code=x", "text/html; charset=utf-8"),
            ("/%ff/oauth2/v2.0/authorize", "text/html; charset=utf-8"),
            ("/%ff/oauth2/v2.0/token", "application/json"),
            ("/%ff/discovery/v2.0/keys", "application/json"),
            ("/_admin/v1/apps/%ff", "application/problem+json"),
            ("/harbor/_apis/projects/%ff", "application/json; charset=utf-8"),
        ] {
            let answer = world.get(path).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (400, Some(content_type)), "{path}");
        }
    });
}

#[test]
fn every_odd_header_is_answered() {
    on_both_databases(async |world| {
        for (name, value) in [
            ("authorization", "Bearer"),
            ("authorization", "Basic"),
            ("authorization", "Basic !!!!"),
            ("authorization", "Digest x"),
            ("authorization", &format!("Bearer {}", "x".repeat(60_000))),
            ("cookie", "__Host-latchkey"),
            ("cookie", "__Host-latchkey=;;;=;x=\"y"),
            ("cookie", &"a=b; ".repeat(2_000)),
            ("if-none-match", "*"),
            ("accept", "\u{1}"),
            ("content-length-hint", "-1"),
            ("origin", "null"),
            ("git-protocol", "version=99:evil"),
            ("range", "bytes=0-99999999999"),
        ] {
            if http::HeaderValue::from_str(value).is_err() {
                continue;
            }
            for path in [
                "/signin",
                "/oidc/userinfo",
                "/harbor/_apis/projects",
                "/common/discovery/v2.0/keys",
                "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack",
            ] {
                let status = world.get(path).header(name, value).await.status.as_u16();
                assert!(status < 500, "{path} with {name}: {status}");
            }
        }
    });
}

#[test]
fn every_odd_query_of_the_api_is_answered() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        for path in [
            "/harbor/_apis/projects",
            "/harbor/_apis/wit/workitems",
            "/harbor/lighthouse/_apis/build/builds",
            "/harbor/lighthouse/_apis/build/definitions",
            "/harbor/lighthouse/_apis/git/repositories/lamp/items",
            "/harbor/lighthouse/_apis/git/repositories/lamp/commits",
            "/harbor/lighthouse/_apis/git/repositories/lamp/refs",
        ] {
            for query in [
                "api-version=99.0",
                "api-version=nonsense",
                "api-version=7.1&api-version=6.0",
                "$top=-1",
                "%24top=99999999999999999999",
                "$skip=x",
                "continuationToken=nonsense",
                "ids=1,2,x",
                "ids=",
                "path=../../etc/passwd",
                "path=%00",
                "path=--upload-pack=x",
                "versionDescriptor.version=--all",
                "searchCriteria.itemVersion.version=..",
                "statusFilter=nonsense",
                "minTime=yesterday",
                "filter=refs/heads/../..",
            ] {
                let status = tokens.get(&format!("{path}?{query}")).await.status.as_u16();
                assert!(status < 500, "{path}?{query}: {status}");
            }
        }
    });
}

/// A library that reads JSON may take a text in JSON for JSON, and begin to count its depth anew at each: so deep it runs out of stack, which
/// ends the whole server.
#[test]
fn depth_is_not_hidden_in_texts_within_texts() {
    let (open, close) = ("[".repeat(60), "]".repeat(60));
    let hidden = (0..250).fold(String::new(), |inner, _| {
        let inner = inner.replace('\\', r"\u005c").replace('"', r"\u0022");
        format!(r#"{open}{{"$serde_json::private::RawValue":"{inner}"}}{close}"#)
    });
    assert!((500_000..1 << 20).contains(&hidden.len()), "{}", hidden.len());
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let item = tokens.patch("/harbor/lighthouse/_apis/wit/workitems/1?api-version=7.1");
        assert_eq!(item.body("application/json-patch+json", hidden.clone()).await.status, 400);
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
    });
}
