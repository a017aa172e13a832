//! The attacker's page makes the browser of a signed-in person send forms.

use latchkey_testkit::{Person, World, on_both_databases};

const EVIL: &str = "https://evil.test";
const ENCODINGS: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"];

const TARGETS: [&str; 19] = [
    "/signin",
    "/signin/cancel",
    "/select",
    "/select/another",
    "/select/forget",
    "/consent",
    "/consent/ask",
    "/consent/return",
    "/signout",
    "/error/continue",
    "/profile/authorizations/revoke",
    "/profile/authorizations/pause",
    "/profile/authorizations/resume",
    "/profile/sessions/end",
    "/profile/sign-in/password",
    "/apps/new",
    "/organizations/harbor/policy",
    "/organizations/harbor/requests",
    "/me/account",
];

async fn ana_with_burndown(world: &World) -> Person {
    let ana = world.ana();
    ana.authorizes("burndown").await;
    ana
}

#[test]
fn a_foreign_form_changes_nothing_in_any_encoding() {
    on_both_databases(async |world| {
        let ana = ana_with_burndown(&world).await;
        let id = ana.opens("/profile/authorizations").await.attributes("data-authorization")[0].clone();
        let body = format!(
            "authorization={id}&session=others&account=all&decision=approve&email=eve%40shore.test&password=correct+horse+battery+staple\
             &current_password=correct+horse+battery+staple&new_password=a+lighthouse+is+no+lamp&repeated_password=a+lighthouse+is+no+lamp"
        );
        for target in TARGETS {
            for encoding in ENCODINGS {
                let visit = ana.browser().post_from(EVIL, target, encoding, &body).await;
                let page = visit.page();
                assert!(
                    page.status() >= 400 || page.path() == "/signin",
                    "{target} {encoding}: {} {}",
                    page.status(),
                    page.text()
                );
            }
        }
        assert_eq!(
            world
                .store()
                .authorizations_of(ana.id())
                .await
                .unwrap()
                .iter()
                .filter(|one| one.authorization.ended.is_none() && !one.authorization.is_paused())
                .count(),
            1
        );
    });
}

#[test]
fn a_foreign_form_does_not_put_out_who_is_signed_in() {
    on_both_databases(async |world| {
        let ana = ana_with_burndown(&world).await;
        let before = ana.browser().session_cookie();
        for target in TARGETS.iter().chain(&["/harbor.test/oauth2/v2.0/authorize", "/nowhere"]) {
            for encoding in ENCODINGS {
                ana.browser().post_from(EVIL, target, encoding, "x=y").await;
                assert_eq!(
                    ana.browser().session_cookie(),
                    before,
                    "{target} {encoding}: the cookie that was held back is replaced"
                );
            }
        }
    });
}

#[test]
fn even_with_the_cookie_a_form_needs_its_token_and_a_page_of_ours() {
    on_both_databases(async |world| {
        let ana = ana_with_burndown(&world).await;
        let page = ana.opens("/profile/authorizations").await;
        let id = page.attributes("data-authorization")[0].clone();
        let (token, cookie) =
            (page.value("csrf"), format!("__Host-latchkey={}", ana.browser().session_cookie().unwrap()));
        let stranger = world.max().opens("/profile/authorizations/revoke").await.browser().clone();
        drop(stranger);
        let foreign = world.browser().open("/signin").await.page().value("csrf");
        let ask = |csrf: &str| {
            let pairs = [("authorization", id.as_str()), ("csrf", csrf)];
            world.post("/profile/authorizations/revoke").header("cookie", &cookie).form(pairs)
        };
        assert_eq!(ask("").await.status, 403);
        assert_eq!(ask("nonsense").await.status, 403);
        assert_eq!(ask(&foreign).await.status, 403, "another browser's token");
        assert_eq!(ask(&token).header("origin", EVIL).await.status, 403);
        assert_eq!(ask(&token).header("sec-fetch-site", "cross-site").await.status, 403);
        assert_eq!(ask(&token).header("sec-fetch-site", "same-site").await.status, 403);
        assert_eq!(ask(&token).header("origin", "https://latchkey.test").await.status, 200, "ours is taken");
    });
}

#[test]
fn no_link_changes_anything() {
    on_both_databases(async |world| {
        let ana = ana_with_burndown(&world).await;
        for url in [
            "/profile/authorizations/revoke?authorization=all",
            "/signout?account=all",
            "/consent?decision=approve",
            "/profile/sessions/end?session=others",
            "/select/forget",
        ] {
            ana.browser().open_from(EVIL, url).await;
        }
        let page = ana.browser().open("/profile/authorizations").await.page();
        assert_eq!(page.attributes("data-authorization").len(), 1);
    });
}

#[test]
fn nobody_is_signed_in_as_somebody_else_behind_their_back() {
    on_both_databases(async |world| {
        let browser = world.browser();
        let body = "email=eve%40shore.test&password=correct+horse+battery+staple&csrf=x";
        let page = browser.post_from(EVIL, "/signin", ENCODINGS[0], body).await.page();
        assert_eq!(page.path(), "/signin");
        assert_eq!(browser.open("/me").await.page().path(), "/signin");
    });
}
