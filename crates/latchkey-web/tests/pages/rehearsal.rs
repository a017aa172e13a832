//! `Test sign-in` on the page of an app.

use latchkey_devops::policy::AuthorizePolicy;
use latchkey_identity::client::Metadata;
use latchkey_testkit::builders::{a_daemon, a_native_app, a_web_app};
use latchkey_testkit::{Page, Person, RelyingParty, World, on_both_databases};

async fn begins(person: &Person, party: &RelyingParty) -> Page {
    let page = person.opens(&format!("/apps/{}", party.client_id())).await;
    page.press("test-sign-in").await.page()
}

async fn authorizations(world: &World, person: &Person) -> usize {
    world.store().authorizations_of(person.id()).await.unwrap().len()
}

#[test]
fn the_owner_sees_each_message_of_a_sign_in() {
    on_both_databases(async |world| {
        let (ana, party) = (world.ana(), world.registers(a_web_app("crane").owned_by("ana")).await);
        let asked = begins(&ana, &party).await;
        assert_eq!(asked.heading(), "crane wants to access your DevOps resources");
        assert!(asked.text_of("rehearsed").starts_with("This is a test sign-in."));
        let shown = asked.press("approve").await.page();
        assert_eq!(shown.heading(), "Test sign-in of crane");
        let titles: Vec<bool> = [
            "The app sends the person here",
            "The person is sent back to the app",
            "The app asks for tokens",
            "The app gets them",
            "The app asks who the person is",
            "The app learns",
        ]
        .map(|title| shown.says(title))
        .into();
        assert_eq!(titles, [true; 6], "{}", shown.text());
        for said in [
            "redirect_uri = https://crane.test/callback",
            "code_challenge_method = S256",
            "ana@harbor.test",
            "[client id and secret]",
        ] {
            assert!(shown.says(said), "{said}: {}", shown.text());
        }
        assert!(
            shown.source().contains("&quot;aud&quot;") || shown.source().contains("&#34;aud&#34;"),
            "tokens are decoded"
        );
        assert_eq!(authorizations(&world, &ana).await, 0, "nothing came of it");
    });
}

#[test]
fn apps_of_other_kinds_and_with_bound_tokens_are_tested_too() {
    on_both_databases(async |world| {
        let ana = world.ana();
        for app in [a_native_app("lantern"), a_web_app("vault").bound_to_its_certificate()] {
            let party = world.registers(app.owned_by("ana")).await;
            let shown = begins(&ana, &party).await.press("approve").await.page();
            assert!(shown.says("The app learns"), "{}", shown.text());
        }
    });
}

#[test]
fn what_the_app_is_told_of_a_refusal_is_shown() {
    on_both_databases(async |world| {
        let (ana, party) = (world.ana(), world.registers(a_web_app("crane").owned_by("ana")).await);
        let shown = begins(&ana, &party).await.press("deny").await.page();
        assert_eq!(shown.heading(), "Test sign-in of crane");
        assert!(shown.says("error = access_denied"), "{}", shown.text());
    });
}

#[test]
fn where_nothing_can_be_tested_the_page_says_why() {
    on_both_databases(async |world| {
        let party = world.registers(a_daemon("courier").owned_by("ana")).await;
        let page = world.ana().opens(&format!("/apps/{}", party.client_id())).await;
        assert!(page.says("Nobody signs in to this app in a browser."), "{}", page.text());
        assert!(!page.has("test-sign-in"));
    });
}

#[test]
fn requests_that_only_the_app_can_push_or_sign_are_made_here_in_its_place() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let signed_only = Metadata { require_signed_request_object: true, ..Metadata::default() };
        for (app, pushed, signed) in [
            (a_web_app("pusher").pushing_only(), true, false),
            (a_web_app("signer").with_metadata(signed_only.clone()), false, true),
            (a_web_app("both").pushing_only().with_metadata(signed_only), true, true),
            (a_web_app("bank").of_the_fapi2_profile(), true, false),
        ] {
            let party = world.registers(app.owned_by("ana")).await;
            let asked = begins(&ana, &party).await;
            let shown = asked.press("approve").await.page();
            assert!(shown.says("The app gets them"), "{}", shown.text());
            assert_eq!(shown.says("The app pushes its request") && shown.says("request_uri = ["), pushed);
            assert_eq!(shown.says("request = [a JWT that it signs"), signed);
            assert_eq!(shown.says("which the test left unsigned"), signed, "{}", shown.text());
            assert!(shown.says("code_challenge_method = S256"), "what the app asks for is shown: {}", shown.text());
            let again = asked.press("approve").await.page();
            assert_eq!(again.error_code(), "flow_answered");
            assert!(!again.says("was sent"), "nobody was sent anything: {}", again.text());
        }
        assert_eq!(authorizations(&world, &ana).await, 0, "nothing came of it");
    });
}

#[test]
fn what_is_only_tried_asks_no_administrator() {
    on_both_databases(async |world| {
        world.decides(|policy| policy.authorize = AuthorizePolicy::Approval).await;
        let (ben, party) = (world.ben(), world.registers(a_web_app("crane").owned_by("ben")).await);
        let ask = format!("ask-{}", world.organization("harbor"));
        let tried = begins(&ben, &party).await;
        assert_eq!(tried.heading(), "You cannot approve this yet");
        assert!(!tried.has(&ask), "{}", tried.text());
        let meant = ben.goes_to(&party.request()).await.page();
        assert!(meant.has(&ask), "{}", meant.text());
    });
}
