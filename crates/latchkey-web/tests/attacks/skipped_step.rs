//! The attacker leaves out a step of a sign-in, or sends the answer to one that was never shown. [Keycloak CVE-2026-18963, authentik CVE-2026-49443]

use latchkey_testkit::{Browser, Page, World, on_both_databases};

/// Posts what the form of one page would send to the page of another step.
async fn posts(browser: &Browser, page: &Page, path: &str, more: &[(&str, &str)]) -> (u16, String) {
    let mut fields = vec![("csrf", page.value("csrf")), ("flow", page.value("flow"))];
    fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let form = latchkey_testkit::server::encode(fields.iter().map(|(name, value)| (*name, value.as_str())));
    let site = browser.world().https();
    let visit = browser.post_from(site, path, "application/x-www-form-urlencoded", &form).await;
    match visit {
        latchkey_testkit::Visit::Page(page) => (page.status(), page.path().to_owned()),
        latchkey_testkit::Visit::Left(departure) => panic!("{path} {more:?} led out: {departure:?}"),
    }
}

async fn nothing_was_granted(world: &World) {
    assert!(world.store().authorizations_of(world.account("ana")).await.unwrap().is_empty());
}

#[test]
fn no_step_is_answered_before_those_that_come_before_it() {
    on_both_databases(async |world| {
        let browser = world.browser();
        let sign_in = browser.open(&world.app("burndown").request().url()).await.page();
        assert_eq!(sign_in.path(), "/signin");
        let ana = world.account("ana").to_string();
        // Nobody is signed in: nothing is approved, and nobody is picked.
        for (path, more) in [
            ("/consent", vec![("decision", "approve"), ("scope", "vso.work"), ("organization", "harbor")]),
            ("/consent", vec![("decision", "approve"), ("account", ana.as_str())]),
            ("/consent", vec![]),
            ("/select", vec![("account", ana.as_str())]),
            ("/select", vec![("session", ana.as_str())]),
            ("/select", vec![]),
        ] {
            let (status, at) = posts(&browser, &sign_in, path, &more).await;
            assert!(at != "/me" && status < 500, "{path} {more:?}: {status} {at}");
            nothing_was_granted(&world).await;
            let still = browser.open("/me").await.page();
            assert_eq!(still.path(), "/signin", "{path} {more:?} signed somebody in");
        }
        // Empty, doubled and unknown answers to the step itself do not go on either.
        for more in [
            vec![],
            vec![("email", "ana@harbor.test")],
            vec![("email", "ana@harbor.test"), ("password", "")],
            vec![("email", "ana@harbor.test"), ("skip", "password"), ("signed_in", "true")],
            vec![("email", "ana@harbor.test"), ("password", "wrong"), ("password", "correct horse battery staple")],
        ] {
            posts(&browser, &sign_in, "/signin", &more).await;
            assert_eq!(browser.open("/me").await.page().path(), "/signin", "{more:?}");
        }
        nothing_was_granted(&world).await;
    });
}
