//! `GET /oauth2/authorize`.

use latchkey_devops::policy::OrganizationPolicy;
use latchkey_identity::legacy::Imported;
use latchkey_store::devops::Author;
use latchkey_store::devops::organizations::change_policy;
use latchkey_store::identity::LegacyImport;
use latchkey_testkit::legacy::an_exported_app;
use latchkey_testkit::{OldApp, Visit, World, on_both_databases};
use latchkey_web::app::entropy;

#[test]
fn the_person_reads_that_it_is_an_older_app_and_how_long_it_may_act() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let page = app.asks(&world.ana()).await;
        assert_eq!(page.heading(), "oldtimer wants to access your DevOps resources");
        let says = page.text_of("older-app");
        assert!(says.contains("older app") && says.contains("up to a year"), "{says}");
        assert!(page.says("Old & Sons") && page.says("oldtimer shows work items."));
        assert_eq!(page.options("keep"), ["365-days", "90-days", "7-days", "session"]);
        assert_eq!(page.choices("scope"), ["vso.code", "vso.work"]);
        let left = page.press("approve").await.left();
        assert_eq!(left.parameter("state").as_deref(), Some("User1"));
        app.code_of(&left);
    });
}

#[test]
fn its_authorization_is_one_like_any_other_marked_legacy() {
    on_both_databases(async |world| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let tokens = app.authorized_by(&ana).await;
        let listed = world.store().authorizations_of(ana.id()).await.unwrap();
        assert_eq!(listed.len(), 1);
        let year = std::time::Duration::from_secs(365 * 86_400);
        assert_eq!(listed[0].authorization.expires_at, Some(world.now() + year));
        let page = ana.opens("/profile/authorizations").await;
        assert!(page.says("Legacy") && page.says("oldtimer"), "{}", page.text());
        let again = app.authorized_by(&ana).await;
        assert_eq!(
            world.store().authorizations_of(ana.id()).await.unwrap().len(),
            1,
            "asked again, it is the same one"
        );
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        ana.revokes().await;
        for tokens in [tokens, again] {
            assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
            assert!(tokens.refreshed().await.is_err());
        }
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        for kind in ["legacy_app_imported", "authorization_granted", "authorization_revoked"] {
            assert!(events.iter().any(|recorded| recorded.event.kind == kind), "{kind}");
        }
    });
}

#[test]
fn the_answer_to_a_denial_says_so() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let left = app.asks(&world.ana()).await.press("deny").await.left();
        assert_eq!(left.parameter("error").as_deref(), Some("access_denied"));
        assert_eq!((left.parameter("state").as_deref(), left.parameter("code")), (Some("User1"), None));
    });
}

#[test]
fn whoever_may_not_authorize_services_is_told_what_is_missing() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let page = app.asks(&world.ben()).await;
        assert_eq!((page.status(), page.has("approve")), (403, false));
        assert!(page.says("Project Collection Administrators"), "{}", page.text());
        world.decides(|policy| policy.legacy_apps = false).await;
        let page = app.asks(&world.ana()).await;
        assert!(page.says("lets no services of the older OAuth kind in"), "{}", page.text());
    });
}

async fn shown(world: &World, url: &str) -> String {
    let page = world.browser().open(url).await.page();
    assert_eq!(page.status(), 400);
    page.error_code()
}

#[test]
fn without_a_client_and_its_own_redirect_uri_the_page_says_so_and_nothing_is_sent_anywhere() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let burndown = world.app("burndown");
        let nobody = uuid_of_nobody();
        for (edits, code) in [
            (vec![("client_id", "")], "invalid_request"),
            (vec![("client_id", nobody.as_str())], "unauthorized_client"),
            (vec![("client_id", burndown.client_id().leak() as &str)], "unauthorized_client"),
            (vec![("redirect_uri", "")], "invalid_request"),
            (vec![("redirect_uri", "https://evil.test/")], "invalid_redirect_uri"),
            (vec![("redirect_uri", "https://oldtimer.test/oauth/callback?x=1")], "invalid_redirect_uri"),
            (vec![("redirect_uri", "https://oldtimer.test/oauth/CALLBACK")], "invalid_redirect_uri"),
        ] {
            assert_eq!(shown(&world, &app.url(&edits)).await, code, "{edits:?}");
        }
        let doubled = format!("{}&redirect_uri=https%3A%2F%2Fevil.test%2F", app.url(&[]));
        assert_eq!(shown(&world, &doubled).await, "invalid_request");
        world.becomes([stopped(&app)]).await;
        assert_eq!(shown(&world, &app.url(&[])).await, "unauthorized_client");
    });
}

fn uuid_of_nobody() -> String {
    "00000000-0000-4000-8000-000000000000".to_owned()
}

fn stopped(app: &OldApp) -> latchkey_identity::Change {
    let state = latchkey_identity::client::ClientState::Suspended;
    latchkey_identity::Change::SetClientState { client: app.id, state }
}

#[test]
fn everything_else_is_told_to_the_client_by_its_old_name_after_a_click() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        for (edits, name) in [
            (vec![("response_type", "code")], "ResponseTypeNotSupported"),
            (vec![("response_type", "")], "ResponseTypeRequired"),
            (vec![("scope", "")], "ScopeRequired"),
            (vec![("scope", "vso.work")], "InvalidScope"),
            (vec![("scope", "vso.work vso.code vso.code_full")], "InvalidScope"),
            (vec![("scope", "vso.work"), ("scope", "vso.code")], "InvalidRequest"),
        ] {
            let page = world.browser().open(&app.url(&edits)).await.page();
            assert!(page.says("oldtimer.test"), "nobody vouches for it, so the page names where it goes");
            let left = page.press("continue").await.left();
            assert_eq!(left.parameter("error").as_deref(), Some(name), "{edits:?}");
            assert_eq!(left.parameter("state").as_deref(), Some("User1"));
            assert_eq!(left.parameter("iss"), None);
        }
    });
}

#[test]
fn an_app_is_for_the_people_of_the_directory_that_took_it_over() {
    on_both_databases(async |world| {
        let (app, eve) = (world.takes_over("oldtimer").await, world.eve());
        let visit = eve.browser().open(&app.url(&[])).await;
        let Visit::Page(page) = eve.past_sign_in(visit).await else { panic!("nothing is answered") };
        assert!(!page.has("approve") && page.status() == 403, "{}", page.text());
    });
}

#[test]
fn once_a_second_directory_took_it_over_it_is_for_the_people_of_both_and_each_in_their_organizations() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let shore = world.store().organization("shore").await.unwrap().unwrap();
        let policy = OrganizationPolicy { legacy_apps: true, ..shore.organization.policy.clone() };
        let changes = change_policy(&shore, &policy, &Author::server(world.now()));
        world.store().commit(changes).await.unwrap();
        let import = LegacyImport {
            registration: &an_exported_app("oldtimer", "vso.work vso.code"),
            organization: shore.id().0,
            tenant: world.shore(),
            resource: &world.parts().resource,
            key: &world.parts().keys.client_secret,
            address: "console",
            now: world.now(),
        };
        let imported = world.store().import_legacy_app(import, entropy).await.unwrap();
        assert!(matches!(imported, Ok(Imported::Updated(client)) if client.multi_tenant));
        for (person, organization) in [(world.eve(), "shore"), (world.ana(), "harbor")] {
            let page = app.asks(&person).await;
            assert!(page.has("approve"), "{}", page.text());
            let tokens = app.redeems(&app.code_of(&page.press("approve").await.left())).await.unwrap();
            let calls = [("harbor", organization == "harbor"), ("shore", organization == "shore")];
            for (name, reached) in calls {
                let status = tokens.get(&format!("/{name}/_apis/projects")).await.status.as_u16();
                assert_eq!(status == 200, reached, "{organization}: {name} {status}");
            }
            assert!(tokens.refreshed().await.is_ok());
        }
    });
}
