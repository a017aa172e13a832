//! `/profile/authorizations/pause` and `/resume`: nothing of it works meanwhile, and nothing of it is lost.

use latchkey_testkit::databases::on_both_engines;
use latchkey_testkit::{Tokens, World, on_both_databases};

const CALLS: [&str; 5] = [
    "/harbor/_apis/projects",
    "/harbor/lighthouse/_apis/wit/workitems/1",
    "/harbor/lighthouse/_apis/build/builds",
    "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack",
    "/oidc/userinfo",
];

async fn statuses(tokens: &Tokens) -> Vec<u16> {
    let mut statuses = Vec::new();
    for url in CALLS {
        statuses.push(tokens.get(url).await.status.as_u16());
    }
    statuses
}

async fn is_active(world: &World, token: &str) -> bool {
    world.app("burndown").introspects(token).await["active"] == true
}

#[test]
fn a_paused_authorization_opens_nothing_and_loses_nothing() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let code = ana.approves("burndown").await;
        let other = ana.authorizes("compass").await;
        assert_eq!(statuses(&tokens).await, [200; 5]);

        let list = ana.pauses("burndown").await;
        assert_eq!(list.path(), "/profile/authorizations");
        assert_eq!(list.attributes("data-paused").len(), 1, "{}", list.text());
        assert_eq!(statuses(&tokens).await, [401; 5]);
        let why = tokens.get(CALLS[0]).await.text();
        assert!(why.contains("paused by the person"), "it says why: {why}");
        assert!(!is_active(&world, &tokens.access).await && !is_active(&world, tokens.refresh_token()).await);
        for refused in [tokens.refreshed().await, tokens.refreshed().await, world.redeem(&code).await] {
            let refused = refused.err().unwrap();
            assert_eq!(refused.error, "invalid_grant");
            assert!(refused.description.contains("paused by the person"), "{refused:?}");
        }
        assert_eq!(statuses(&other).await, [200; 5], "and nothing else");

        assert!(ana.resumes("burndown").await.attributes("data-paused").is_empty());
        assert_eq!(statuses(&tokens).await, [200; 5]);
        assert!(is_active(&world, &tokens.access).await && is_active(&world, tokens.refresh_token()).await);
        assert!(world.redeem(&code).await.is_ok(), "the code was not used up");
        assert!(tokens.refreshed().await.is_ok(), "nor the refresh token");
    });
}

#[test]
fn an_older_app_is_paused_like_any_other() {
    on_both_databases(async |world| {
        let (ana, app) = (world.ana(), world.takes_over("oldtimer").await);
        let tokens = app.authorized_by(&ana).await;
        let code = app.approved_by(&ana).await;
        ana.pauses("oldtimer").await;
        assert_eq!(tokens.get(CALLS[0]).await.status, 401);
        assert_eq!(tokens.refreshed().await.err().unwrap().reason(), "invalidRefreshToken");
        assert_eq!(app.redeems(&code).await.err().unwrap().reason(), "invalidAuthorizationGrant");
        assert!(app.asks(&ana).await.says("You paused it on"));
        ana.resumes("oldtimer").await;
        assert!(tokens.get(CALLS[0]).await.is_ok());
        assert!(app.redeems(&code).await.is_ok());
        assert!(tokens.refreshed().await.is_ok());
    });
}

#[test]
fn a_device_that_was_approved_waits_for_the_end_of_the_pause() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let device = world.app("beacon").begins_on_a_device().await;
        ana.approves_on(&device).await;
        ana.pauses("beacon").await;
        assert_eq!(device.polls().await.err().unwrap().error, "invalid_grant");
        ana.resumes("beacon").await;
        assert!(device.polls().await.is_ok());
    });
}

#[test]
fn an_app_that_asks_meanwhile_is_answered_by_the_person_only() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let id = ana.authorization("burndown").await;
        ana.pauses("burndown").await;
        // `prompt=none` shows no page. [OpenID Connect Core §3.1.2.6]
        let silent = world.app("burndown").request().with("prompt", "none");
        assert_eq!(ana.answers(&silent, |page| page).await.err().unwrap().error, "consent_required");
        let request = world.app("burndown").request();
        let page = ana.goes_to(&request).await.page();
        assert!(page.has("approve") && page.has("paused"), "{}", page.text());
        let denied = request.answered(&page.press("deny").await.left()).err().unwrap();
        assert_eq!(
            (denied.error.as_str(), statuses(&tokens).await),
            ("access_denied", vec![401; 5]),
            "it stays paused"
        );
        assert!(ana.answers(&world.app("burndown").request(), |page| page).await.is_ok());
        assert_eq!(statuses(&tokens).await, [200; 5], "what was there goes on");
        assert!(tokens.refreshed().await.is_ok());
        assert_eq!(ana.authorization("burndown").await, id, "it is the same authorization");
        let page = ana.opens(&format!("/profile/authorizations/{id}")).await;
        assert!(page.says("You resumed it from") && page.says("You paused it from"), "{}", page.text());
    });
}

#[test]
fn a_page_made_before_the_pause_does_not_end_it() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let page = ana.goes_to(&world.app("burndown").request().with("prompt", "consent")).await.page();
        ana.pauses("burndown").await;
        let again = page.press("approve").await.page();
        assert!(again.has("changed") && again.has("paused"), "{}", again.text());
        assert_eq!(statuses(&tokens).await, [401; 5]);
    });
}

#[test]
fn it_is_paused_from_its_details_too_and_twice_is_once() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let id = ana.authorization("burndown").await;
        let details = ana.opens(&format!("/profile/authorizations/{id}")).await;
        let paused = details.press(&format!("pause-{id}")).await.page();
        assert_eq!(paused.path(), details.path());
        assert!(paused.says("None, while it is paused"), "{}", paused.text());
        details.press(&format!("pause-{id}")).await.page();
        let events = world.store().audit_events_about(world.harbor().0, id.parse().unwrap(), None, 100).await.unwrap();
        let kinds: Vec<&str> = events.iter().map(|recorded| &*recorded.event.kind).collect();
        assert_eq!(kinds, ["authorization_paused", "authorization_granted"]);
        paused.press(&format!("resume-{id}")).await.page();
        paused.press(&format!("resume-{id}")).await.page();
        assert_eq!(statuses(&tokens).await, [200; 5]);
    });
}

#[test]
fn what_is_paused_is_revoked_like_any_other_and_what_ended_is_not_paused() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let list = ana.opens("/profile/authorizations").await;
        let id = ana.authorization("burndown").await;
        let paused = ana.pauses("burndown").await;
        assert_eq!(paused.press(&format!("revoke-{id}")).await.page().heading(), "Access has ended");
        let resumed = paused.press(&format!("resume-{id}")).await.page();
        assert_eq!(resumed.path(), format!("/profile/authorizations/{id}"), "its page says that it has ended");
        list.press(&format!("pause-{id}")).await.page();
        assert_eq!(statuses(&tokens).await, [401; 5]);
        assert!(tokens.refreshed().await.is_err());
    });
}

#[test]
fn administrators_see_that_it_is_paused() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        assert!(!world.max().opens("/organizations/harbor/services").await.says("Paused"));
        ana.pauses("burndown").await;
        assert!(world.max().opens("/organizations/harbor/services").await.says("Paused"));
    });
}

#[test]
fn a_pause_outlives_a_restart() {
    on_both_engines(async |database| {
        let world = World::on(database).await;
        let (access, refresh, id) = {
            let ana = world.ana();
            let tokens = ana.authorizes("burndown").await;
            ana.pauses("burndown").await;
            (tokens.access.clone(), tokens.refresh_token().to_owned(), ana.authorization("burndown").await)
        };
        let world = world.restarted(database).await;
        assert_eq!(world.get(CALLS[0]).bearer(&access).await.status, 401);
        assert!(world.app("burndown").refresh(&refresh).await.is_err());
        let ana = world.ana();
        assert_eq!(ana.authorization("burndown").await, id);
        ana.resumes("burndown").await;
        assert!(world.get(CALLS[0]).bearer(&access).await.is_ok());
        assert!(world.app("burndown").refresh(&refresh).await.is_ok());
    });
}
