//! `/signout`

use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::{Browser, World, on_both_databases};

async fn accounts(world: &World, browser: &Browser) -> Vec<String> {
    let request = world.app("burndown").at("common").request().with("prompt", "select_account");
    browser.open(&request.url()).await.page().accounts()
}

#[test]
fn a_link_signs_nobody_out_but_asks() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.signs_in().await;
        let page = ana.browser().open_from("https://evil.test", "/signout").await.page();
        assert_eq!(page.heading(), "Sign out");
        assert_eq!(accounts(&world, ana.browser()).await, ["ana@harbor.test"]);
    });
}

#[test]
fn one_account_can_leave_and_the_others_stay() {
    on_both_databases(async |world| {
        let browser = world.browser();
        world.person_at("ana", &browser).signs_in().await;
        world.person_at("max", &browser).signs_in().await;
        let page = browser.open("/signout").await.page();
        let value = page.attributes("value").into_iter().find(|value| value.len() == 36).unwrap();
        let before = browser.session_cookie();
        let done = page.press_value("account", &value).await.page();
        assert_eq!(done.heading(), "You are signed out");
        assert_ne!(browser.session_cookie(), before, "the cookie is renewed");
        assert_eq!(accounts(&world, &browser).await.len(), 1);
    });
}

#[test]
fn all_accounts_can_leave_at_once() {
    on_both_databases(async |world| {
        let browser = world.browser();
        for name in ["ana", "max", "eve"] {
            world.person_at(name, &browser).signs_in().await;
        }
        let old = browser.copied();
        let done = browser.open("/signout").await.page().press("signout-confirm").await.page();
        assert!(done.says("ana@harbor.test") && done.says("eve@shore.test"));
        assert!(accounts(&world, &browser).await.is_empty());
        assert!(accounts(&world, &old).await.is_empty(), "the cookie of before is worth nothing");
    });
}

#[test]
fn services_keep_their_access_unless_it_was_given_for_the_session() {
    on_both_databases(async |world| {
        world.registers(a_web_app("skiff")).await;
        let ana = world.ana();
        let lasting = ana.authorizes("burndown").await;
        let passing = ana.authorizes_part(&world.app("skiff").request(), |page| page.choose("keep", "session")).await;
        ana.browser().open("/signout").await.page().press("signout-confirm").await.page();
        assert!(lasting.userinfo().await.is_ok() && lasting.refreshed().await.is_ok());
        assert_eq!(passing.userinfo().await.status, 401);
        assert_eq!(passing.refreshed().await.err().unwrap().error, "invalid_grant");
    });
}

#[test]
fn where_nobody_is_signed_in_any_more_nobody_is_said_to_have_left() {
    on_both_databases(async |world| {
        let (here, there) = (world.ana(), world.ana());
        here.signs_in().await;
        let asked = here.browser().open("/signout").await.page();
        there.opens("/profile/sessions").await.press("end-others").await.page();
        let done = asked.press("signout-confirm").await.page();
        assert_eq!(done.heading(), "Nobody was signed out");
        assert!(done.says("Nobody is signed in in this browser."), "{}", done.text());
    });
}
