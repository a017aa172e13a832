//! Every page has the same headers.

use latchkey_testkit::world::HTTP;
use latchkey_testkit::{Page, on_both_databases};

const GOLDEN: [(&str, &str); 9] = [
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

fn check(page: &Page) {
    let url = page.url();
    for (name, value) in GOLDEN {
        if name != "strict-transport-security" || url.scheme() == "https" {
            assert_eq!(page.header(name), Some(value), "{name} of {url}");
        }
    }
    let policy = page.header("content-security-policy").unwrap();
    for part in
        ["default-src 'none'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'", "form-action 'self'"]
    {
        assert!(policy.contains(part), "{part} in {policy} of {url}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert!(nonce.len() >= 22 && page.source().contains(&format!("nonce=\"{nonce}\"")), "{url}");
    for forbidden in [
        " onclick=",
        " onload=",
        " onsubmit=",
        "javascript:",
        " style=\"",
        "src=\"http",
        "src=\"//",
        "href=\"http",
        "href=\"//",
    ] {
        assert!(!page.source().contains(forbidden), "{forbidden} in {url}");
    }
    page.heading();
}

#[test]
fn every_page_has_the_golden_headers() {
    on_both_databases(async |world| {
        let (ana, ben, eve) = (world.ana(), world.ben(), world.eve());
        let request = world.app("burndown").request();
        check(&ana.browser().open(&request.url()).await.page());
        check(&ana.browser().open("/signin").await.page());
        check(&ana.goes_to(&request).await.page());
        check(&ana.browser().open(&request.clone().with("prompt", "select_account").url()).await.page());
        check(&ben.goes_to(&request).await.page());
        check(&eve.goes_to(&request).await.page());
        check(&world.browser().open(&request.clone().with("redirect_uri", "https://evil.test").url()).await.page());
        check(&world.browser().open(&world.app("gull").request().with("scope", "vso.none").url()).await.page());
        ana.authorizes("burndown").await;
        check(&ana.goes_to(&request.clone().with("response_mode", "form_post")).await.page());
        let id = ana.opens("/profile/authorizations").await.attributes("data-authorization")[0].clone();
        let app = world.app("burndown").client_id();
        for url in [
            "/me",
            "/profile/authorizations",
            "/profile/authorizations/revoke",
            &format!("/profile/authorizations/{id}"),
            "/profile/sessions",
            "/apps",
            "/apps/new",
            &format!("/apps/{app}"),
            &format!("/apps/{app}/delete"),
            "/organizations/harbor",
            "/organizations/harbor/policy",
            "/organizations/harbor/services",
            "/organizations/harbor/requests",
            "/harbor/lighthouse",
            "/harbor/lighthouse/_workitems",
            "/harbor/lighthouse/_workitems/edit/1",
            "/harbor/lighthouse/_build",
            "/harbor/lighthouse/_git",
            "/harbor/lighthouse/_git/lamp",
            "/nowhere",
            "/signout",
        ] {
            let page = ana.opens(url).await;
            assert!(matches!(page.status(), 200 | 404), "{url}: {}", page.status());
            check(&page);
        }
        check(&ana.revokes().await);
        check(&ana.browser().open("/signout").await.page().press("signout-confirm").await.page());
        check(&world.browser().open(&format!("{HTTP}/signin")).await.page());
    });
}

#[test]
fn forms_may_lead_to_the_client_and_to_nobody_else() {
    on_both_databases(async |world| {
        let policy = |page: &Page| page.header("content-security-policy").unwrap().to_owned();
        let ana = world.ana();
        let page = ana.goes_to(&world.app("burndown").request()).await.page();
        assert!(policy(&page).contains("form-action 'self' https://burndown.test;"), "{}", policy(&page));
        let native = world.app("beacon").sending_back_to("http://localhost:53000").request();
        let page = ana.goes_to(&native).await.page();
        assert!(policy(&page).contains("form-action 'self' http://localhost:53000;"), "{}", policy(&page));
        let scheme = world.app("beacon").sending_back_to("test.beacon:/callback").request();
        let page = ana.goes_to(&scheme).await.page();
        assert!(policy(&page).contains("form-action 'self' test.beacon:;"), "{}", policy(&page));
        assert!(policy(&ana.opens("/me").await).contains("form-action 'self';"));
    });
}

#[test]
fn no_page_lets_other_origins_read_it() {
    on_both_databases(async |world| {
        for url in ["/signin", "/me", "/profile/authorizations", "/apps", "/consent", "/select"] {
            let answer = world.get(url).from_page_of("https://chart.test").await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{url}");
        }
    });
}

#[test]
fn every_redirect_and_every_error_has_the_same_headers() {
    on_both_databases(async |world| {
        let long = format!("/{}", "x".repeat(9_000));
        for (url, status) in [
            ("/", 303),
            ("/Profile/View", 303),
            ("/_usersSettings/authorizations", 303),
            ("/harbor/_usersSettings/authorizations", 303),
            ("/me", 303),
            ("/nowhere", 404),
            ("/assets/nothing.css", 404),
            ("/harbor/_apis/projects", 401),
            ("/harbor/_apis/nothing", 404),
            ("/oidc/userinfo", 401),
            ("/%00", 400),
            (&long, 414),
            ("https://elsewhere.test/me", 421),
        ] {
            let answer = world.get(url).await;
            assert_eq!(answer.status, status, "{url}");
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("cross-origin-resource-policy", "same-origin"),
                ("cache-control", "no-store"),
                ("referrer-policy", "no-referrer"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{name} of {url}");
            }
        }
    });
}
