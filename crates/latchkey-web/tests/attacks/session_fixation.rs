//! The attacker plants a cookie they know before the person signs in.

use latchkey_identity::Change;
use latchkey_testkit::on_both_databases;

#[test]
fn a_planted_cookie_is_worth_nothing_after_the_sign_in() {
    on_both_databases(async |world| {
        let attacker = world.browser();
        attacker.open("/signin").await.page();
        let planted = attacker.session_cookie().unwrap();
        let ana = world.ana();
        ana.browser().plant_cookie("__Host-latchkey", &planted);
        ana.signs_in().await;
        assert_ne!(ana.browser().session_cookie().unwrap(), planted);
        assert_eq!(attacker.open("/me").await.page().path(), "/signin");
        assert_eq!(ana.browser().open("/me").await.page().path(), "/me");
    });
}

#[test]
fn a_cookie_from_before_a_sign_out_is_worth_nothing() {
    on_both_databases(async |world| {
        let browser = world.browser();
        world.person_at("ana", &browser).signs_in().await;
        world.person_at("max", &browser).signs_in().await;
        let thief = browser.copied();
        let page = browser.open("/signout").await.page();
        let one = page.attributes("value").into_iter().find(|value| value.len() == 36).unwrap();
        page.press_value("account", &one).await.page();
        assert_eq!(thief.open("/me").await.page().path(), "/signin", "not even for the account that stayed");
        assert_eq!(browser.open("/me").await.page().path(), "/me");
    });
}

#[test]
fn a_planted_cookie_of_another_shape_is_not_kept() {
    on_both_databases(async |world| {
        for planted in ["", "x", &"x".repeat(44), &"x".repeat(4_000)] {
            let browser = world.browser();
            browser.plant_cookie("__Host-latchkey", planted);
            browser.open("/signin").await.page();
            assert_ne!(browser.session_cookie().as_deref(), Some(planted));
        }
    });
}

/// Whoever is in by the old password is out by the new one, and so is what was given for their session.
#[test]
fn a_session_from_before_a_new_password_is_worth_nothing() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let request = world.app("burndown").request();
        let passing = ana.authorizes_part(&request, |page| page.choose("keep", "session")).await;
        let (_, password) = world.store().credentials("eve@shore.test").await.unwrap().unwrap();
        let password = password.unwrap();
        world.becomes([Change::SetPassword { account: ana.id(), password, at: world.now() }]).await;
        assert_eq!(ana.browser().open("/me").await.page().path(), "/signin");
        assert_eq!(passing.get("/harbor/_apis/projects").await.status, 401);
        assert_eq!(passing.refreshed().await.err().unwrap().error, "invalid_grant");
    });
}
