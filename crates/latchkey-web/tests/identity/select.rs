//! `/select`

use latchkey_testkit::{Browser, Page, World, on_both_databases};

async fn picker(world: &World, browser: &Browser) -> Page {
    let request = world.app("burndown").at("common").request().with("prompt", "select_account");
    browser.open(&request.url()).await.page()
}

async fn with(world: &World, names: &[&str]) -> Browser {
    let browser = world.browser();
    for name in names {
        world.person_at(name, &browser).signs_in().await;
    }
    browser
}

#[test]
fn the_account_that_is_picked_answers() {
    on_both_databases(async |world| {
        let browser = with(&world, &["ana", "max"]).await;
        for email in ["ana@harbor.test", "max@harbor.test"] {
            let page = picker(&world, &browser).await.pick(email).await.page();
            assert!(page.has("approve") && page.says(email), "{}", page.text());
        }
    });
}

#[test]
fn another_account_can_be_used() {
    on_both_databases(async |world| {
        let browser = with(&world, &["ana"]).await;
        let signing_in = picker(&world, &browser).await.press("use-another-account").await.page();
        assert_eq!((signing_in.path(), signing_in.value("email").as_str()), ("/signin", ""));
        let page = world.person_at("max", &browser).past_sign_in(signing_in.into()).await.page();
        assert!(page.has("approve") && page.says("max@harbor.test"));
        assert_eq!(picker(&world, &browser).await.accounts().len(), 2);
    });
}

#[test]
fn a_forgotten_account_is_signed_out_and_the_others_stay() {
    on_both_databases(async |world| {
        let browser = with(&world, &["ana", "max"]).await;
        let page = picker(&world, &browser).await.forget("ana@harbor.test").await.page();
        assert_eq!(page.accounts(), ["max@harbor.test"]);
        let last = page.forget("max@harbor.test").await.page();
        assert_eq!(last.path(), "/signin");
    });
}

#[test]
fn an_account_of_another_browser_cannot_be_picked() {
    on_both_databases(async |world| {
        let (browser, other) = (with(&world, &["ben"]).await, with(&world, &["ana"]).await);
        let stolen = picker(&world, &other).await;
        let id = stolen.attributes("value").into_iter().find(|value| value.len() == 36).unwrap();
        let page = picker(&world, &browser).await.tamper("account", &id).press("use-another-account").await.page();
        assert_eq!(page.path(), "/signin");
        let (url, body) = picker(&world, &browser).await.form_of("use-another-account");
        let cookie = browser.session_cookie().unwrap();
        let posted = world
            .post(&url.replace("/another", ""))
            .header("cookie", &format!("__Host-latchkey={cookie}"))
            .body("application/x-www-form-urlencoded", format!("{body}&account={id}"))
            .await;
        assert!(posted.location().starts_with("/select?"), "{}", posted.location());
    });
}

#[test]
fn an_account_can_be_switched_on_the_approval_page() {
    on_both_databases(async |world| {
        let browser = with(&world, &["ana"]).await;
        let approving = browser.open(&world.app("burndown").request().url()).await.page();
        let picking = approving.follow("switch-account").await.page();
        assert_eq!(picking.path(), "/select");
    });
}
