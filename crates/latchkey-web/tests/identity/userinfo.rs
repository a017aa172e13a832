//! `/oidc/userinfo`

use latchkey_testkit::server::Answer;
use latchkey_testkit::{Tokens, World, on_both_databases};

async fn tokens(world: &World, scope: &str) -> Tokens {
    world.ana().authorizes_part(&world.app("burndown").asking(scope).request(), |page| page).await
}

fn challenge(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.header("www-authenticate").unwrap_or_default().to_owned())
}

#[test]
fn scopes_open_claims() {
    on_both_databases(async |world| {
        let bare = tokens(&world, "openid").await;
        let claims = bare.userinfo().await.json();
        assert_eq!(claims.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
        assert_eq!(claims["sub"], bare.id_claims()["sub"]);
        let full = tokens(&world, "openid profile email").await.userinfo().await.json();
        assert_eq!((&full["name"], &full["email"]), (&"Ana Harbor".into(), &"ana@harbor.test".into()));
        assert_eq!(full["email_verified"], true);
        assert!(full["updated_at"].is_i64());
    });
}

#[test]
fn the_token_comes_in_the_header_or_in_a_form_and_never_in_the_query() {
    on_both_databases(async |world| {
        let tokens = tokens(&world, "openid").await;
        let token = tokens.access.as_str();
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let header = format!("{scheme} {token}");
            assert!(world.get("/oidc/userinfo").header("authorization", &header).await.is_ok(), "{scheme}");
            assert!(world.post("/oidc/userinfo").header("authorization", &header).await.is_ok(), "{scheme}");
        }
        assert!(world.post("/oidc/userinfo").form([("access_token", token)]).await.is_ok());
        let shouted =
            world.post("/oidc/userinfo").body("Application/X-WWW-Form-Urlencoded", format!("access_token={token}"));
        assert!(shouted.await.is_ok(), "no media type minds its case");
        let query = format!("/oidc/userinfo?access_token={token}");
        assert_eq!(world.get(&query).await.status, 401);
        assert_eq!(world.post(&query).await.status, 401);
        let (status, asked) = challenge(&world.get("/oidc/userinfo").bearer(token).bearer("another").await);
        assert!(status == 400 && asked.contains("invalid_request"), "of two headers none counts: {asked}");
        let twice = world.post("/oidc/userinfo").bearer(token).form([("access_token", token)]).await;
        assert_eq!(twice.status, 400);
    });
}

#[test]
fn what_is_wrong_is_said_in_the_challenge() {
    on_both_databases(async |world| {
        let (status, bare) = challenge(&world.get("/oidc/userinfo").await);
        assert_eq!(status, 401);
        assert!(bare.starts_with("Bearer") && !bare.contains("error"), "{bare}");
        let (status, invalid) = challenge(&world.get("/oidc/userinfo").bearer("nonsense").await);
        assert!(status == 401 && invalid.contains("error=\"invalid_token\""), "{invalid}");
        let (status, scope) = challenge(&tokens(&world, "vso.work").await.userinfo().await);
        assert!(status == 403 && scope.contains("error=\"insufficient_scope\""), "{scope}");
        let expired = tokens(&world, "openid").await;
        world.seconds_later(5_400);
        let (status, expired) = challenge(&expired.userinfo().await);
        assert!(status == 401 && expired.contains("error=\"invalid_token\""), "{expired}");
    });
}

#[test]
fn any_page_may_ask_and_no_cache_keeps_the_answer() {
    on_both_databases(async |world| {
        let tokens = tokens(&world, "openid").await;
        let answer = tokens.get("/oidc/userinfo").from_page_of("https://chart.test").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(world.options("/oidc/userinfo").from_page_of("https://chart.test").await.status, 204);
    });
}
