//! The attacker begins a flow and lets somebody else finish it, or the other way round.

use latchkey_testkit::{World, on_both_databases};

async fn flow(world: &World, browser: &latchkey_testkit::Browser) -> String {
    let page = browser.open(&world.app("burndown").request().url()).await.page();
    page.url().query_pairs().find(|(name, _)| name == "flow").map(|(_, id)| id.into_owned()).unwrap()
}

#[test]
fn a_flow_is_worth_nothing_in_another_browser() {
    on_both_databases(async |world| {
        let attacker = world.browser();
        let id = flow(&world, &attacker).await;
        let ana = world.ana();
        ana.signs_in().await;
        for path in ["signin", "select", "consent"] {
            let page = ana.browser().open(&format!("/{path}?flow={id}")).await.page();
            assert_eq!((page.status(), page.error_code().as_str()), (400, "flow_expired"), "{path}");
        }
        let own = ana.goes_to(&world.app("burndown").request()).await.page();
        let page = own.tamper("flow", &id).press("approve").await.page();
        assert_eq!(page.error_code(), "flow_expired", "nor in the form of one's own page");
    });
}

#[test]
fn who_approves_is_who_was_shown_the_page() {
    on_both_databases(async |world| {
        let browser = world.browser();
        let (ana, max) = (world.person_at("ana", &browser), world.person_at("max", &browser));
        let request = world.app("burndown").request();
        let shown_to_ana = ana.goes_to(&request).await.page();
        max.signs_in().await;
        let visit = shown_to_ana.press("approve").await;
        assert!(visit.as_page().is_some(), "the page was made for another cookie");
        assert!(world.store().authorizations_of(max.id()).await.unwrap().is_empty());
    });
}

#[test]
fn a_flow_follows_its_own_browser_through_the_sign_in() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let request = world.app("burndown").request();
        let page = ana.browser().open(&request.url()).await.page();
        let thief = ana.browser().copied();
        let visit = ana.past_sign_in(page.clone().into()).await.page();
        assert!(visit.has("approve"));
        let id = page.value("flow");
        assert_eq!(thief.open(&format!("/consent?flow={id}")).await.page().error_code(), "flow_expired");
    });
}
