//! `grant_type=urn:ietf:params:oauth:grant-type:token-exchange`: a token for less, to hand on. [RFC 8693]

use latchkey_identity::grant::token_exchange::ACCESS_TOKEN;
use latchkey_testkit::{RelyingParty, Tokens, World, on_both_databases};

const LIGHTHOUSE: &str = "https://latchkey.test/harbor/lighthouse";
const PROJECTS: &str = "/harbor/_apis/projects";

async fn refused(app: &RelyingParty, token: &str, more: &[(&str, &str)]) -> String {
    let refused = app.exchanges(token, more).await.unwrap_err();
    assert_eq!(refused.status, 400, "{refused:?}");
    refused.error
}

async fn burndown(world: &World) -> (RelyingParty, Tokens) {
    (world.app("burndown"), world.ana().authorizes("burndown").await)
}

#[test]
fn a_token_is_exchanged_for_one_with_fewer_scopes() {
    on_both_databases(async |world| {
        let (app, tokens) = burndown(&world).await;
        let narrow = app.exchanges(&tokens.access, &[("scope", "vso.project")]).await.unwrap();
        assert_eq!(narrow.body["issued_token_type"], ACCESS_TOKEN);
        assert_eq!((&narrow.refresh, &narrow.id), (&None, &None));
        assert_eq!(narrow.access_claims()["scope"], "vso.project");
        let (whole, part) = (tokens.access_claims(), narrow.access_claims());
        assert!(part["exp"].as_i64() <= whole["exp"].as_i64(), "never longer");
        assert_eq!(part["sub"], whole["sub"]);
        assert!(narrow.get(PROJECTS).await.is_ok());
        assert_eq!(narrow.get("/harbor/lighthouse/_apis/git/repositories").await.status, 401, "it does not read code");
        // Nothing leads back, and nothing further.
        assert_eq!(refused(&app, &narrow.access, &[("scope", "vso.code")]).await, "invalid_scope");
        assert_eq!(refused(&app, &tokens.access, &[("scope", "vso.work_full")]).await, "invalid_scope");
        assert_eq!(refused(&app, &tokens.access, &[("scope", "offline_access")]).await, "invalid_scope");
    });
}

#[test]
fn a_token_is_exchanged_for_one_that_counts_in_fewer_places() {
    on_both_databases(async |world| {
        let (app, tokens) = burndown(&world).await;
        assert!(tokens.get("/harbor/_apis/projects/drydock").await.is_ok());
        let narrow = app.exchanges(&tokens.access, &[("resource", LIGHTHOUSE)]).await.unwrap();
        assert!(narrow.get("/harbor/lighthouse/_apis/git/repositories").await.is_ok());
        assert_eq!(narrow.get("/harbor/_apis/projects/drydock").await.status, 404);
        // Left out, it stays as narrow.
        let again = app.exchanges(&narrow.access, &[("scope", "vso.code vso.project")]).await.unwrap();
        assert!(again.get("/harbor/lighthouse/_apis/git/repositories").await.is_ok());
        assert_eq!(again.get("/harbor/_apis/projects/drydock").await.status, 404);
        for wider in ["https://latchkey.test/harbor", "https://latchkey.test/harbor/drydock"] {
            assert_eq!(refused(&app, &narrow.access, &[("resource", wider)]).await, "invalid_target", "{wider}");
        }
        let whole = app.exchanges(&tokens.access, &[("resource", "https://latchkey.test/")]).await.unwrap();
        assert!(whole.get("/harbor/_apis/projects/drydock").await.is_ok(), "the whole resource server narrows nothing");
        for unknown in [
            "https://latchkey.test/shore",
            "https://latchkey.test/harbor/nowhere",
            "https://latchkey.test/harbor/lighthouse/_git/nothing",
            "https://latchkey.test/harbor/lighthouse/_apis/projects",
            "https://elsewhere.test/harbor/lighthouse",
            "lighthouse",
        ] {
            assert_eq!(refused(&app, &tokens.access, &[("resource", unknown)]).await, "invalid_target", "{unknown}");
        }
    });
}

#[test]
fn what_ends_the_first_ends_the_second() {
    on_both_databases(async |world| {
        let (app, tokens) = burndown(&world).await;
        let narrow = app.exchanges(&tokens.access, &[("scope", "vso.project")]).await.unwrap();
        assert_eq!(app.introspects(&narrow.access).await["active"], true);
        assert!(narrow.get(PROJECTS).await.is_ok());
        world.ana().revokes_all().await;
        assert_eq!(app.introspects(&narrow.access).await["active"], false);
        assert_eq!(narrow.get(PROJECTS).await.status, 401);
        assert_eq!(refused(&app, &tokens.access, &[]).await, "invalid_request");
        let (app, tokens) = burndown(&world).await;
        let narrow = app.exchanges(&tokens.access, &[("scope", "vso.project")]).await.unwrap();
        app.gives_back(tokens.refresh_token()).await;
        assert_eq!(narrow.get(PROJECTS).await.status, 401, "its family ended");
    });
}

#[test]
fn an_app_that_acts_is_named_in_the_token_and_when_it_is_looked_at() {
    on_both_databases(async |world| {
        let (app, tokens) = burndown(&world).await;
        let nightly = world.app("nightly");
        let actor = nightly.by_itself("vso.work").await.unwrap();
        let acting = [("actor_token", actor.access.as_str()), ("actor_token_type", ACCESS_TOKEN)];
        let delegated = app.exchanges(&tokens.access, &acting).await.unwrap();
        assert_eq!(delegated.access_claims()["act"]["sub"], nightly.client_id());
        assert_eq!(app.introspects(&delegated.access).await["act"]["sub"], nightly.client_id());
        assert!(delegated.get(PROJECTS).await.is_ok());
        // Who was named stays named.
        let again = app.exchanges(&delegated.access, &[("scope", "vso.work")]).await.unwrap();
        assert_eq!(again.access_claims()["act"]["sub"], nightly.client_id());
        // An organization that stops the app that acts stops what was handed to it, and nothing else.
        let acts = latchkey_devops::ids::AppId(nightly.app().id.0);
        world
            .decides(|policy| {
                policy.blocked_apps.insert(acts);
            })
            .await;
        assert_eq!(delegated.get("/harbor/_apis/projects").await.status, 401);
        assert!(tokens.get("/harbor/_apis/projects").await.is_ok());
        world
            .decides(|policy| {
                policy.blocked_apps.remove(&acts);
            })
            .await;
        assert!(delegated.get(PROJECTS).await.is_ok());
        // It is stopped with the app that acts, too.
        world.suspends("nightly").await;
        assert_eq!(delegated.get(PROJECTS).await.status, 401);
        assert_eq!(app.introspects(&delegated.access).await["active"], false);
        assert!(tokens.get(PROJECTS).await.is_ok());
        // A person's token names no actor.
        let wrong = [("actor_token", tokens.access.as_str()), ("actor_token_type", ACCESS_TOKEN)];
        assert_eq!(refused(&app, &tokens.access, &wrong).await, "invalid_request");
    });
}

#[test]
fn only_a_live_access_token_of_ones_own_is_exchanged() {
    on_both_databases(async |world| {
        let (app, tokens) = burndown(&world).await;
        let own = world.app("nightly").by_itself("").await.unwrap();
        for other in [tokens.refresh_token(), tokens.id.as_deref().unwrap(), own.access.as_str(), "x", "a.b.c"] {
            assert_eq!(refused(&app, other, &[]).await, "invalid_request", "{other:.12}");
        }
        // Somebody else's token makes nothing, whoever holds it.
        let theirs = world.ana().authorizes("chart").await;
        assert_eq!(refused(&app, &theirs.access, &[]).await, "invalid_request");
        let elsewhere = app.clone().at("shore.test");
        assert_eq!(refused(&elsewhere, &tokens.access, &[]).await, "invalid_request");
        world.seconds_later(5_401);
        assert_eq!(refused(&app, &tokens.access, &[]).await, "invalid_request");
    });
}
