//! `POST /oauth2/token`: the old shapes, and every bad input refused in them.

use latchkey_identity::limits;
use latchkey_testkit::relying_party::claims;
use latchkey_testkit::{OldRefusal, OldTokens, on_both_databases};
use std::time::Duration;

const DAY: u64 = 86_400;

fn reason(answer: Result<OldTokens, OldRefusal>) -> (String, String) {
    let refused = answer.map(|_| ()).unwrap_err();
    (refused.error.clone(), refused.reason().to_owned())
}

fn is(error: &str, reason: &str) -> (String, String) {
    (error.to_owned(), reason.to_owned())
}

#[test]
fn a_code_brings_an_hour_and_a_refresh_token_and_the_api_cannot_tell_the_difference() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let tokens = app.authorized_by(&world.ana()).await;
        assert_eq!(tokens.answer.json()["scope"], "vso.code vso.work");
        assert_eq!(tokens.answer.json()["expires_in"], "3600", "a number as text");
        let claims = claims(&tokens.access);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
        for url in ["/harbor/_apis/projects", "/harbor/lighthouse/_apis/git/repositories/lamp"] {
            assert_eq!(tokens.get(url).await.status, 200, "{url}");
        }
        assert_eq!(tokens.get("/harbor/lighthouse/_apis/build/builds").await.status, 401, "a scope it was not given");
        world.seconds_later(3_601);
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        let next = tokens.refreshed().await.unwrap();
        assert_eq!(next.get("/harbor/_apis/projects").await.status, 200);
        assert_ne!(next.refresh, tokens.refresh);
    });
}

#[test]
fn a_refresh_token_lives_a_year_used_or_not_and_no_longer() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let tokens = app.authorized_by(&world.ana()).await;
        let secret = |seed| {
            latchkey_identity::legacy::secret::generate(
                app.id,
                world.now() + Duration::from_secs(60 * DAY),
                &world.parts().keys.client_secret,
                world.now(),
                &mut latchkey_identity::Entropy::seeded(seed),
            )
        };
        world.seconds_later(200 * DAY);
        world.parts().purge().await.unwrap();
        let (fresh, kept) = secret(1);
        let version = world.store().client(app.id).await.unwrap().unwrap().version;
        world
            .becomes([latchkey_identity::Change::AddSecret { client: app.id, secret: kept, from_version: version }])
            .await;
        assert_eq!(reason(tokens.refreshed().await), is("invalid_client", "clientSecretExpired"));
        let app = app.with_secret(fresh.reveal());
        let next = app.refreshes(&tokens.refresh).await.unwrap();
        world.seconds_later(59 * DAY);
        assert!(app.refreshes(&next.refresh).await.is_ok());
        world.seconds_later(106 * DAY);
        let gone = app.refreshes(&next.refresh).await;
        assert!(gone.is_err(), "a year is over");
    });
}

#[test]
fn a_replay_of_a_code_ends_what_it_produced() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let code = app.approved_by(&world.ana()).await;
        let tokens = app.redeems(&code).await.unwrap();
        assert_eq!(reason(app.redeems(&code).await), is("invalid_request", "accessAlreadyIssued"));
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert!(tokens.refreshed().await.is_err());
    });
}

#[test]
fn a_lost_answer_is_given_again_and_a_replay_of_a_refresh_token_ends_the_family() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let first = app.authorized_by(&world.ana()).await;
        let second = first.refreshed().await.unwrap();
        world.seconds_later(60);
        assert_eq!(first.refreshed().await.unwrap().refresh, second.refresh, "the answer was lost");
        world.seconds_later(1);
        assert_eq!(reason(first.refreshed().await), is("invalid_request", "accessTokenAlreadyRefreshed"));
        assert!(second.refreshed().await.is_err());
        assert_eq!(second.get("/harbor/_apis/projects").await.status, 401);
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        assert!(events.iter().any(|recorded| recorded.event.kind == "refresh_token_replayed"));
    });
}

#[test]
fn a_code_lives_a_quarter_of_an_hour() {
    on_both_databases(async |world| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let (soon, late) = (app.approved_by(&ana).await, app.approved_by(&ana).await);
        world.later(limits::LEGACY_CODE_LIFETIME - Duration::from_secs(1));
        assert!(app.redeems(&soon).await.is_ok());
        world.seconds_later(1);
        assert_eq!(reason(app.redeems(&late).await), is("invalid_request", "authorizationGrantExpired"));
    });
}

#[test]
fn a_code_is_no_refresh_token_and_a_refresh_token_no_code_and_neither_is_consumed() {
    on_both_databases(async |world| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let tokens = app.authorized_by(&ana).await;
        let code = app.approved_by(&ana).await;
        assert_eq!(reason(app.refreshes(&code).await), is("invalid_request", "invalidRefreshToken"));
        assert_eq!(reason(app.redeems(&tokens.refresh).await), is("invalid_request", "invalidAuthorizationGrant"));
        assert_eq!(reason(app.redeems(&tokens.access).await), is("invalid_request", "invalidAuthorizationGrant"));
        assert!(app.redeems(&code).await.is_ok() && tokens.refreshed().await.is_ok());
    });
}

#[test]
fn another_apps_assertion_brings_nothing() {
    on_both_databases(async |world| {
        let (app, other, ana) = (world.takes_over("oldtimer").await, world.takes_over("elder").await, world.ana());
        let tokens = app.authorized_by(&ana).await;
        let code = app.approved_by(&ana).await;
        // By its own callback, and by that of the app it was sent to.
        assert_eq!(reason(other.redeems(&code).await), is("invalid_request", "invalidAuthorizationGrant"));
        let borrowed = other.redeems_with(&code, &[("redirect_uri", &app.redirect_uri)]).await;
        assert_eq!(reason(borrowed), is("invalid_request", "invalidRedirectUri"));
        assert_eq!(reason(other.refreshes(&tokens.refresh).await), is("invalid_request", "invalidRefreshToken"));
        assert!(tokens.refreshed().await.is_ok(), "the owner's line goes on");
    });
}

#[test]
fn a_changed_redirect_uri_is_refused_and_consumes_nothing() {
    on_both_databases(async |world| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let code = app.approved_by(&ana).await;
        let changed = app.redeems_with(&code, &[("redirect_uri", "https://oldtimer.test/other")]).await;
        assert_eq!(reason(changed), is("invalid_request", "invalidRedirectUri"));
        let missing = app.redeems_with(&code, &[("redirect_uri", "")]).await;
        assert_eq!(reason(missing), is("invalid_request", "redirectUriRequired"));
        let tokens = app.redeems(&code).await.unwrap();
        let changed = app.refreshes_with(&tokens.refresh, &[("redirect_uri", "https://evil.test/")]).await;
        assert_eq!(reason(changed), is("invalid_request", "invalidRedirectUri"));
        assert!(tokens.refreshed().await.is_ok());
    });
}

#[test]
fn scopes_beyond_the_registered_ones_are_refused() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let code = app.approved_by(&world.ana()).await;
        let beyond = app.redeems_with(&code, &[("scope", "vso.work vso.code_full")]).await;
        assert_eq!(reason(beyond), is("invalid_scope", "invalidScope"));
        assert!(app.redeems_with(&code, &[("scope", "vso.work")]).await.is_ok());
    });
}

#[test]
fn a_scope_in_a_token_request_narrows_nothing_and_the_answer_says_so() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let code = app.approved_by(&world.ana()).await;
        let first = app.redeems_with(&code, &[("scope", "vso.work")]).await.unwrap();
        let next = app.refreshes_with(&first.refresh, &[("scope", "vso.work")]).await.unwrap();
        for tokens in [first, next] {
            assert_eq!(tokens.answer.json()["scope"], "vso.code vso.work");
            assert_eq!(tokens.get("/harbor/lighthouse/_apis/git/repositories").await.status, 200);
        }
    });
}

#[test]
fn a_secret_that_is_past_its_date_wrong_or_none_is_refused_and_consumes_nothing() {
    on_both_databases(async |world| {
        let (app, other, ana) = (world.takes_over("oldtimer").await, world.takes_over("elder").await, world.ana());
        let code = app.approved_by(&ana).await;
        let with = async |secret: &str| reason(app.redeems_with(&code, &[("client_assertion", secret)]).await);
        let changed = format!("{}x", app.secret);
        assert_eq!(with(&changed).await, is("invalid_client", "invalidClientSecret"));
        assert_eq!(with(&other.secret).await, is("invalid_request", "invalidRedirectUri"), "another app's secret");
        assert_eq!(with("lks_an-app-secret").await.0, "invalid_client");
        let refused = app.redeems_with(&code, &[("client_assertion", "lks_x")]).await.err().unwrap();
        assert_eq!(refused.description, "Failed to deserialize the JsonWebToken object.");
        assert_eq!(with("").await, is("invalid_request", "clientSecretRequired"));
        let kind = app.redeems_with(&code, &[("client_assertion_type", "jwt")]).await;
        assert_eq!(reason(kind), is("invalid_client", "invalidClient"));
        assert!(app.redeems(&code).await.is_ok());
        world.seconds_later(60 * DAY);
        let late = app.refreshes("lkl_x").await;
        assert_eq!(reason(late), is("invalid_client", "clientSecretExpired"));
    });
}

#[test]
fn a_doubled_parameter_is_refused_and_consumes_nothing() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let code = app.approved_by(&world.ana()).await;
        let own = app.form("urn:ietf:params:oauth:grant-type:jwt-bearer", &code, &[]);
        for (name, value) in own.clone() {
            let mut form = own.clone();
            form.push((name.clone(), value));
            assert_eq!(app.sends(form).await.err().unwrap().error, "invalid_request", "{name}");
        }
        assert!(app.redeems(&code).await.is_ok());
    });
}

#[test]
fn what_is_missing_or_of_another_form_is_named() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let answer = app.sends(app.form("", "lkl.x", &[])).await;
        assert_eq!(reason(answer), is("invalid_request", "grantTypeRequired"));
        let answer = app.sends(app.form("authorization_code", "lkl.x", &[])).await;
        assert_eq!(reason(answer), is("invalid_request", "invalidAuthorizationGrant"));
        assert_eq!(reason(app.redeems("").await), is("invalid_request", "authorizationGrantRequired"));
        assert_eq!(reason(app.redeems("lkl.unknown").await), is("invalid_request", "invalidAuthorizationGrant"));
        let json = world.post("/oauth2/token").body("application/json", "{}").await;
        assert_eq!((json.status.as_u16(), json.json()["Error"].as_str()), (400, Some("invalid_request")));
        let fetched = world.get("/oauth2/token").await;
        assert_eq!((fetched.status.as_u16(), fetched.header("allow")), (405, Some("POST")));
    });
}

#[test]
fn what_the_person_narrowed_and_whom_an_administrator_stopped_holds_here_too() {
    on_both_databases(async |world| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let page = app.asks(&ana).await;
        let left = page.tick_only("scope", &["vso.work"]).press("approve").await.left();
        let tokens = app.redeems(&app.code_of(&left)).await.unwrap();
        assert_eq!(tokens.answer.json()["scope"], "vso.work");
        assert_eq!(tokens.get("/harbor/lighthouse/_apis/git/repositories/lamp").await.status, 401);
        world.disables("ana").await;
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert!(tokens.refreshed().await.is_err());
    });
}
