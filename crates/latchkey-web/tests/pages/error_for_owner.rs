//! What an error of an authorization request says to whoever may change the app, and to nobody else.

use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::{AuthorizationRequest, Page, Person, World, on_both_databases};

async fn skiff(world: &World) -> AuthorizationRequest {
    world.registers(a_web_app("skiff").owned_by("ben").asking("vso.work")).await.request()
}

async fn seen_by(person: &Person, request: &AuthorizationRequest) -> Page {
    person.signs_in().await;
    person.browser().open(&request.url()).await.page()
}

#[test]
fn whoever_may_change_the_app_reads_what_came_and_what_is_registered() {
    on_both_databases(async |world| {
        let request = skiff(&world).await.with("redirect_uri", "https://skiff.test/callback/");
        for person in [world.ben(), world.ana()] {
            let page = seen_by(&person, &request).await;
            assert_eq!((page.status(), page.error_code().as_str()), (400, "invalid_redirect_uri"));
            let owner = page.text_of("for-owner");
            assert!(owner.contains("https://skiff.test/callback/") && owner.contains("redirect_uri"), "{owner}");
            assert_eq!(page.text_of("expected"), "https://skiff.test/callback");
            assert!(page.text_of("cause").contains("in the slash at its end alone"), "{}", page.text_of("cause"));
            let registration = page.follow("open-registration").await.page();
            assert_eq!((registration.status(), registration.heading().contains("skiff")), (200, true));
        }
    });
}

#[test]
fn everybody_else_is_told_nothing_more_than_before() {
    on_both_databases(async |world| {
        let request = skiff(&world).await.with("redirect_uri", "https://evil.test/callback");
        let stranger = world.browser().open(&request.url()).await.page();
        // An administrator of another directory, and one of the organization who does not administer the directory.
        for person in [world.eve(), world.max(), world.cy()] {
            let page = seen_by(&person, &request).await;
            assert_eq!(page.error_code(), "invalid_redirect_uri");
            assert!(!page.has("for-owner") && !page.says("evil.test"), "{}", page.text());
            assert!(!page.says("skiff"), "nor what is registered: {}", page.text());
        }
        assert!(!stranger.has("for-owner") && !stranger.says("evil.test"));
    });
}

#[test]
fn an_error_on_its_way_to_the_app_is_told_to_its_owner_in_full() {
    on_both_databases(async |world| {
        world.registers(a_web_app("dinghy").not_approved().owned_by("ben").asking("vso.work")).await;
        let request = world.app("dinghy").request().with("scope", "openid vso.nonsense");
        let page = seen_by(&world.ben(), &request).await;
        assert_eq!(page.error_code(), "invalid_scope");
        let owner = page.text_of("for-owner");
        assert!(owner.contains("openid vso.nonsense") && page.text_of("expected").contains("vso.work"), "{owner}");
        assert!(page.has("continue"), "it still goes on to the app");
        assert!(!seen_by(&world.max(), &request).await.has("for-owner"));
    });
}

#[test]
fn what_came_is_shown_as_text() {
    on_both_databases(async |world| {
        let request = skiff(&world).await.with("redirect_uri", "https://a.test/<b onclick=x>\u{202e}&amp;");
        let page = seen_by(&world.ben(), &request).await;
        assert!(!page.source().contains("<b onclick") && !page.source().contains('\u{202e}'), "{}", page.source());
        assert!(page.text_of("for-owner").contains("<b onclick=x>"), "{}", page.text_of("for-owner"));
    });
}
