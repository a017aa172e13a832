//! One browser, two accounts: what was opened as the one is pressed when the other acts.

use latchkey_testkit::{AuthorizationRequest, Browser, Page, World, on_both_databases};

/// A browser in which Max and then Ana signed in: Ana acts.
async fn shared(world: &World) -> Browser {
    let browser = world.browser();
    for name in ["max", "ana"] {
        world.person_at(name, &browser).signs_in().await;
        world.seconds_later(1);
    }
    browser
}

async fn switches_to(browser: &Browser, email: &str) {
    let page = browser.open("/me").await.page();
    let place = page.attributes("data-switch-to").iter().position(|other| other == email).unwrap();
    let sessions: Vec<String> = page.attributes("value").into_iter().filter(|value| value.len() == 36).collect();
    page.press_value("session", &sessions[place]).await.page();
}

fn asked_anew(world: &World) -> AuthorizationRequest {
    world.app("burndown").request().with("prompt", "select_account")
}

fn is_refused(page: &Page) {
    assert_eq!((page.status(), page.error_code().as_str()), (409, "other_account"), "{}", page.text());
}

#[test]
fn an_approval_page_opened_as_one_account_is_not_answered_by_another() {
    on_both_databases(async |world| {
        let browser = shared(&world).await;
        let picker = browser.open(&asked_anew(&world).url()).await.page();
        let as_ana = picker.pick("ana@harbor.test").await.page();
        assert!(as_ana.has("approve") && as_ana.says("ana@harbor.test"), "{}", as_ana.text());
        // In another tab the same request is answered as Max.
        let as_max = picker.pick("max@harbor.test").await.page();
        assert!(as_max.has("approve") && as_max.says("max@harbor.test"));
        for button in ["approve", "deny"] {
            is_refused(&as_ana.press(button).await.page());
        }
        for name in ["ana", "max"] {
            assert!(world.store().authorizations_of(world.account(name)).await.unwrap().is_empty(), "{name}");
        }
        assert!(as_max.press("approve").await.left().parameter("code").is_some());
        assert!(world.store().authorizations_of(world.account("ana")).await.unwrap().is_empty());
    });
}

#[test]
fn a_form_opened_as_one_account_does_nothing_for_another() {
    on_both_databases(async |world| {
        let browser = shared(&world).await;
        let as_ana = browser.open("/organizations/harbor/policy").await.page();
        let apps = browser.open("/apps/new").await.page();
        switches_to(&browser, "max@harbor.test").await;
        let before = world.facts().await.organization.policy.clone();
        is_refused(&as_ana.press("save-policy").await.page());
        is_refused(&apps.fill("name", "Crane").press("register").await.page());
        assert_eq!(world.facts().await.organization.policy, before);
        // Back as Ana the same page counts, and whoever acts may always go on as somebody else.
        switches_to(&browser, "ana@harbor.test").await;
        assert!(as_ana.press("save-policy").await.page().status() < 400);
    });
}

#[test]
fn the_account_in_a_token_cannot_be_changed() {
    on_both_databases(async |world| {
        let browser = shared(&world).await;
        let page = browser.open("/organizations/harbor/policy").await.page();
        let mut token = latchkey_jose::base64url::decode(&page.value("csrf")).unwrap();
        token[..16].copy_from_slice(world.account("max").0.as_bytes());
        let forged = latchkey_jose::base64url::encode(token);
        assert_eq!(page.clone().tamper("csrf", &forged).press("save-policy").await.page().error_code(), "foreign_form");
        // What a page without an account carries is not enough where one is named.
        let nobody = browser.open("/signout").await.page().value("csrf");
        is_refused(&page.tamper("csrf", &nobody).press("save-policy").await.page());
    });
}
