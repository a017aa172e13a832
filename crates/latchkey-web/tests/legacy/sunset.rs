//! The end of the older kind in an organization.

use latchkey_testkit::{World, on_both_databases};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn every_answer_tells_of_the_end_and_of_the_way_out() {
    on_both_databases(async |world: World| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let tokens = app.authorized_by(&ana).await;
        assert_eq!(tokens.answer.header("deprecation"), Some("@1743465600"));
        assert_eq!(tokens.answer.header("sunset"), None, "nothing is decided yet");
        let end = world.now() + DAY * 100;
        world.ends_older_apps(None, Some(end)).await;
        let expected = latchkey_devops::date::http(end);
        let refreshed = tokens.refreshed().await.unwrap();
        assert_eq!(refreshed.answer.header("sunset"), Some(expected.as_str()));
        for url in ["/harbor/_apis/projects", "/harbor/_apis/nothing", "/harbor/lighthouse/_apis/build/builds"] {
            let call = refreshed.get(url).await;
            let told = (call.header("deprecation").is_some(), call.header("sunset"));
            assert_eq!(told, (call.status != 404, (call.status != 404).then_some(expected.as_str())), "{url}");
        }
        let newer = world.ana().authorizes("burndown").await.get("/harbor/_apis/projects").await;
        assert!(newer.header("deprecation").is_none() && newer.header("sunset").is_none());
        for url in [app.url(&[]), app.url(&[("scope", "vso.work")])] {
            let answer = world.get(&url).await;
            assert!(answer.header("deprecation").is_some(), "{url}");
            let link = answer.header("link").unwrap();
            assert!(link.contains("<https://latchkey.test/legacy>; rel=\"sunset\""), "{link}");
        }
        assert_eq!(world.get(&app.url(&[])).await.header("sunset"), Some(expected.as_str()));
        let refused = world.post("/oauth2/token").form(app.form("refresh_token", "lkl_x", &[])).await;
        assert_eq!((refused.status.as_u16(), refused.header("sunset")), (400, Some(expected.as_str())));
        let unknown = world.post("/oauth2/token").form([("grant_type", "refresh_token")]).await;
        assert!(unknown.header("deprecation").is_some() && unknown.header("sunset").is_none());
        let page = app.asks(&world.max()).await;
        assert!(page.text_of("older-app").contains("stop working here"), "{}", page.text_of("older-app"));
        assert_eq!(world.browser().open("/legacy").await.page().status(), 200);
    });
}

#[test]
fn an_administrator_lets_older_apps_in_or_not_on_the_policy_page() {
    on_both_databases(async |world: World| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let tokens = app.authorized_by(&ana).await;
        let saves = async |older: &str| {
            let page = ana.opens("/organizations/harbor/policy").await.choose("older", older);
            page.press("save-policy").await.page()
        };
        let page = saves("off").await;
        assert!(page.says("Saved.") && !world.policy().await.legacy_apps, "{}", page.text());
        assert!(page.source().contains("id=\"older-off\" checked"));
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert!(tokens.refreshed().await.is_err());
        // A form that does not say is refused, and changes nothing.
        saves("on").await;
        let page = ana.opens("/organizations/harbor/policy").await;
        let refused = page.tamper("older", "maybe").press("save-policy").await.page();
        assert_eq!(refused.status(), 403);
        assert!(world.policy().await.legacy_apps);
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200, "nothing had ended");
        assert!(tokens.refreshed().await.is_ok());
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        let changed: Vec<_> = events.iter().filter(|one| one.event.kind == "policy_changed").collect();
        assert!(changed[0].event.actor == Some(ana.id().0) && changed[0].event.address.is_some());
        assert!(changed[0].event.detail.contains("\"legacy_apps\":true"), "{}", changed[0].event.detail);
    });
}

#[test]
fn after_the_date_nothing_is_accepted_and_a_moved_date_brings_it_back() {
    on_both_databases(async |world: World| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let tokens = app.authorized_by(&ana).await;
        let code = app.approved_by(&ana).await;
        let end = world.now() + Duration::from_secs(60);
        world.ends_older_apps(Some(world.now()), Some(end)).await;
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        world.seconds_later(60);
        let call = tokens.get("/harbor/_apis/projects").await;
        assert_eq!(call.status, 401);
        assert!(call.text().contains("older OAuth kind is over"), "{}", call.text());
        for refused in [app.redeems(&code).await, tokens.refreshed().await] {
            let refused = refused.map(|_| ()).unwrap_err();
            assert_eq!((refused.error.as_str(), refused.reason()), ("access_denied", "hostAuthorizationIsNotValid"));
            assert!(refused.description.contains("/legacy"), "{}", refused.description);
        }
        let page = app.asks(&world.max()).await;
        assert!(
            !page.has("approve") && page.says("lets no services of the older OAuth kind in since"),
            "{}",
            page.text()
        );
        // An administrator moves the date: nothing was consumed meanwhile.
        world.ends_older_apps(None, Some(end + DAY)).await;
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        assert!(app.redeems(&code).await.is_ok() && tokens.refreshed().await.is_ok());
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        let moved: Vec<_> = events.iter().filter(|one| one.event.kind == "legacy_sunset_changed").collect();
        assert_eq!(moved.len(), 2);
        assert!(moved[0].event.detail.contains("legacy_refuse_from"), "{}", moved[0].event.detail);
        assert!(world.policy().await.sunset.refuse_from().is_some());
    });
}

#[test]
fn a_policy_that_lets_none_of_them_in_ends_their_refreshing_until_it_does_again() {
    on_both_databases(async |world: World| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let tokens = app.authorized_by(&ana).await;
        let code = app.approved_by(&ana).await;
        const OWN: [&str; 3] = ["/_apis/profile/profiles/me", "/_apis/accounts", "/harbor/_apis/accounts"];
        for url in OWN {
            assert_eq!(tokens.get(url).await.status, 200, "{url}");
        }
        world.decides(|policy| policy.legacy_apps = false).await;
        assert_ne!(tokens.get("/harbor/_apis/projects").await.status, 200);
        for url in OWN {
            let refused = tokens.get(url).await;
            assert_eq!(refused.status, 401, "{url}: {}", refused.text());
        }
        for refused in [app.redeems(&code).await, tokens.refreshed().await] {
            let refused = refused.map(|_| ()).unwrap_err();
            assert_eq!((refused.error.as_str(), refused.reason()), ("access_denied", "hostAuthorizationIsNotValid"));
            assert!(refused.description.contains("harbor accepts no apps"), "{}", refused.description);
        }
        world.decides(|policy| policy.legacy_apps = true).await;
        assert!(app.redeems(&code).await.is_ok() && tokens.refreshed().await.is_ok(), "nothing was consumed");
    });
}

#[test]
fn the_end_of_the_older_kind_is_no_end_for_the_newer() {
    on_both_databases(async |world: World| {
        let tokens = world.ana().authorizes("burndown").await;
        world.ends_older_apps(None, Some(world.now())).await;
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        assert!(tokens.refreshed().await.is_ok());
    });
}
