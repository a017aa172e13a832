//! The attacker changes the app, or the form, between what the person reads and what the person approves.

use latchkey_identity::Change;
use latchkey_identity::authorization::Lifetime;
use latchkey_identity::client::{ClientState, Metadata, Publisher};
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::{Page, World, on_both_databases};

async fn page(world: &World) -> Page {
    world.ana().goes_to(&world.app("burndown").request()).await.page()
}

async fn nothing_was_granted(world: &World) {
    assert!(world.store().authorizations_of(world.account("ana")).await.unwrap().is_empty());
}

#[test]
fn an_app_that_changed_since_the_page_was_made_is_asked_for_again() {
    on_both_databases(async |world| {
        let shown = page(&world).await.tick_only("scope", &["vso.work", "vso.work_write"]);
        world.changes_app("burndown", |client| client.name = "Evil".to_owned()).await;
        let again = shown.press("approve").await.page();
        assert!(again.has("changed") && again.heading().starts_with("Evil"), "{}", again.text());
        assert_eq!(again.ticked("scope"), ["vso.work"], "what was ticked for the one before is not given to this one");
        nothing_was_granted(&world).await;
        let shown = page(&world).await;
        world.changes_app("burndown", |client| client.publisher = Publisher::Verified("bank.test".to_owned())).await;
        assert!(shown.press("approve").await.page().has("changed"));
        nothing_was_granted(&world).await;
        assert!(page(&world).await.press("approve").await.left().parameter("code").is_some());
    });
}

#[test]
fn a_scope_that_was_taken_from_the_app_is_not_granted() {
    on_both_databases(async |world| {
        let shown = page(&world).await;
        world.changes_app("burndown", |client| client.scopes = "vso.work".split(' ').collect()).await;
        let visit = shown.press("approve").await;
        match visit {
            latchkey_testkit::Visit::Page(page) => assert!(!page.says("Access") || page.status() >= 400),
            latchkey_testkit::Visit::Left(departure) => assert!(departure.parameter("error").is_some()),
        }
        nothing_was_granted(&world).await;
    });
}

#[test]
fn an_app_that_was_suspended_meanwhile_gets_nothing() {
    on_both_databases(async |world| {
        let shown = page(&world).await;
        let client = world.app("burndown").app().id;
        world.becomes([Change::SetClientState { client, state: ClientState::Suspended }]).await;
        assert_eq!(shown.press("approve").await.page().error_code(), "unauthorized_client");
        nothing_was_granted(&world).await;
    });
}

#[test]
fn a_prerequisite_lost_meanwhile_stops_the_approval() {
    on_both_databases(async |world| {
        let max = world.max();
        let shown = max.goes_to(&world.app("burndown").request()).await.page();
        world.steps_down("max").await;
        let stopped = shown.press("approve").await.page();
        assert_eq!(stopped.attributes("data-missing"), ["administrator"]);
        assert!(world.store().authorizations_of(max.id()).await.unwrap().is_empty());
    });
}

#[test]
fn no_field_of_the_form_grants_more_than_was_offered() {
    on_both_databases(async |world| {
        let nowhere = "00000000-0000-0000-0000-0000000000ff";
        let shore = world.organization("shore").to_string();
        for (name, value) in [("organization", shore.as_str()), ("organization", nowhere), ("organization", "nonsense")]
        {
            let visit = page(&world).await.tamper(name, value).press("approve").await;
            assert!(visit.as_page().is_some_and(|page| page.status() == 422), "{name}={value}");
        }
        nothing_was_granted(&world).await;
        let visit = page(&world).await.tamper("scope", "vso.tokens").press("approve").await;
        assert_eq!(visit.page().status(), 422, "a scope that was not asked for is none");
        nothing_was_granted(&world).await;
        for (name, value) in [("shown", ""), ("shown", "AAAA"), ("decision", "maybe")] {
            let visit = page(&world).await.tamper(name, value).press("approve").await;
            assert!(visit.as_page().is_some_and(|page| page.has("approve")), "{name}={value} is asked again");
        }
        nothing_was_granted(&world).await;
        page(&world).await.tamper("keep", "forever").press("approve").await.left();
        let granted = world.store().authorizations_of(world.account("ana")).await.unwrap();
        let lifetime = granted[0].authorization.lifetime;
        assert_eq!(lifetime, Lifetime::ThisSession, "what is not offered is the least that is");
    });
}

#[test]
fn the_app_that_would_be_called_takes_another_name_meanwhile() {
    on_both_databases(async |world| {
        let metadata = Metadata { exposed_scopes: vec!["access_as_user".into()], ..Metadata::default() };
        let board = world.registers(a_web_app("board").with_metadata(metadata)).await;
        let scope = format!("api://{}/access_as_user", board.client_id());
        let front = world.registers(a_web_app("front").asking(&scope)).await;
        let shown = world.ana().goes_to(&front.asking(&format!("openid {scope}")).request()).await.page();
        assert!(shown.says("Call board as you"));
        world.changes_app("board", |client| client.name = "payments".to_owned()).await;
        let again = shown.press("approve").await.page();
        assert!(again.has("changed") && again.says("Call payments as you"), "{}", again.text());
        nothing_was_granted(&world).await;
    });
}
