//! `/me/account`: the switcher in the head of every page.

use latchkey_testkit::{Browser, World, on_both_databases};

async fn shared(world: &World, names: &[&str]) -> Browser {
    let browser = world.browser();
    for name in names {
        world.person_at(name, &browser).signs_in().await;
        world.seconds_later(1);
    }
    browser
}

#[test]
fn a_person_with_several_accounts_goes_on_as_another_from_any_page() {
    on_both_databases(async |world| {
        let browser = shared(&world, &["max", "ana"]).await;
        let page = browser.open("/profile/authorizations").await.page();
        assert_eq!(page.attributes("data-switch-to"), ["max@harbor.test"]);
        let max = page.attributes("value").into_iter().find(|value| value.len() == 36).unwrap();
        let page = page.press_value("session", &max).await.page();
        assert_eq!((page.path(), page.heading().as_str()), ("/me", "Max Quay"));
        assert_eq!(page.attributes("data-switch-to"), ["ana@harbor.test"]);
        // It holds on every page, until somebody signs in anew.
        assert!(browser.open("/apps").await.page().says("burndown"), "max owns it");
        let page = world.person_at("ben", &browser).signs_in().await;
        assert_eq!(page.attributes("data-switch-to").len(), 2, "{}", page.source());
        assert_eq!(browser.open("/me").await.page().heading(), "Ben Mole");
    });
}

#[test]
fn whoever_is_alone_has_nobody_to_switch_to_and_can_add_an_account() {
    on_both_databases(async |world| {
        let page = world.ana().opens("/me").await;
        assert!(page.has("accounts") && page.attributes("data-switch-to").is_empty());
        assert!(page.attributes("href").contains(&"/signin?next=/me".to_owned()));
    });
}

#[test]
fn a_session_of_another_browser_cannot_be_switched_to() {
    on_both_databases(async |world| {
        let (browser, elsewhere) = (shared(&world, &["ben", "cy"]).await, shared(&world, &["ana", "max"]).await);
        let theirs = elsewhere.open("/me").await.page();
        let session = theirs.attributes("value").into_iter().find(|value| value.len() == 36).unwrap();
        let mine = browser.open("/me").await.page();
        let button = mine.attributes("value").into_iter().find(|value| value.len() == 36).unwrap();
        let refused = mine.tamper("session", &session).press_value("session", &button).await.page();
        assert_eq!(refused.status(), 404);
        assert_eq!(browser.open("/me").await.page().heading(), "Cy Buoy");
    });
}
