//! `client_secret_jwt` at every endpoint that clients call in the background. OpenID Connect Core §9, RFC 7523 §3.

use latchkey_identity::client_auth::ASSERTION_TYPE;
use latchkey_identity::client_auth::Method;
use latchkey_jose::mac::MacAlgorithm;
use latchkey_testkit::builders::{a_daemon, a_web_app};
use latchkey_testkit::{RelyingParty, World, on_both_databases};
use serde_json::Value;

async fn robot(world: &World) -> RelyingParty {
    world.registers(a_daemon("robot").authenticating_only_by(Method::ClientSecretJwt)).await
}

async fn presents(party: &RelyingParty, assertion: &str) -> Result<(), String> {
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    let answer = party.bare_token_request(&pairs).await;
    if answer.is_ok() { Ok(()) } else { Err(answer.error()) }
}

#[test]
fn a_secret_that_is_never_sent_opens_what_one_that_is_opens() {
    on_both_databases(async |world| {
        for mac in MacAlgorithm::ALL {
            let name = format!("sharing-{}", mac.name().to_lowercase());
            let app = a_web_app(&name).authenticating_only_by(Method::ClientSecretJwt);
            let app = world.registers(app).await.authenticating_with(mac);
            let code = world.ana().approves_request(&app.request()).await;
            let tokens = app.redeem(&code).await.unwrap();
            assert!(app.refresh(tokens.refresh_token()).await.is_ok(), "{mac:?}: token");
            assert_eq!(app.request().without("client_id").pushed().await.status, 201, "{mac:?}: par");
            assert_eq!(app.introspects(&tokens.access).await["active"], true, "{mac:?}: introspect");
            assert_eq!(app.gives_back(&tokens.access).await, 200, "{mac:?}: revoke");
        }
    });
}

#[test]
fn an_assertion_counts_once_and_the_secret_itself_does_not_count() {
    on_both_databases(async |world| {
        let robot = robot(&world).await;
        let assertion = robot.authenticated(MacAlgorithm::Hs256, &robot.assertion_claims());
        assert_eq!(presents(&robot, &assertion).await, Ok(()));
        assert_eq!(presents(&robot, &assertion).await, Err("invalid_client".into()), "its jti was used");
        // By basic and by post: the app is fixed to its method.
        assert_eq!(robot.by_itself("vso.work").await.unwrap_err().error, "invalid_client");
        let other = world.app("nightly");
        let foreign = other.authenticated(MacAlgorithm::Hs256, &other.assertion_claims());
        assert_eq!(presents(&other, &foreign).await, Err("invalid_client".into()), "it is not registered for it");
        let mut claims = robot.assertion_claims();
        claims["aud"] = Value::from("https://elsewhere.test/token");
        let elsewhere = robot.authenticated(MacAlgorithm::Hs512, &claims);
        assert_eq!(presents(&robot, &elsewhere).await, Err("invalid_client".into()));
    });
}

#[test]
fn the_metadata_lists_it_with_its_algorithms_and_never_for_tokens() {
    on_both_databases(async |world| {
        let path = format!("/{}/v2.0/.well-known/openid-configuration", world.harbor());
        let metadata = world.get(&path).await.json();
        let has = |name: &str, value: &str| metadata[name].as_array().unwrap().iter().any(|one| one == value);
        for endpoint in ["token", "revocation", "introspection"] {
            assert!(has(&format!("{endpoint}_endpoint_auth_methods_supported"), "client_secret_jwt"), "{endpoint}");
            for mac in MacAlgorithm::ALL {
                assert!(has(&format!("{endpoint}_endpoint_auth_signing_alg_values_supported"), mac.name()));
            }
        }
        assert!(!has("id_token_signing_alg_values_supported", "HS256"));
        assert!(!has("request_object_signing_alg_values_supported", "HS256"));
    });
}

#[test]
fn an_app_of_a_strict_profile_cannot_choose_it() {
    on_both_databases(async |world| {
        let app = world.registers(a_web_app("strict").of_the_fapi2_profile().owned_by("ana")).await;
        let page = world.ana().opens(&format!("/apps/{}/keys", app.client_id())).await;
        let page = page.choose("method", "client_secret_jwt").press("save-method").await.page();
        assert_eq!(page.status(), 422);
    });
}

#[test]
fn the_page_chooses_it_and_adds_a_secret_for_it() {
    on_both_databases(async |world| {
        let app = world.registers(a_web_app("chooser").owned_by("ana")).await;
        let ana = world.ana();
        let page = ana.opens(&format!("/apps/{}/keys", app.client_id())).await;
        page.choose("method", "client_secret_jwt").press("save-method").await.page();
        let shown = ana.opens(&format!("/apps/{}", app.client_id())).await.press("add-secret").await.page();
        let secret = shown.text_of("client-secret");
        assert_eq!(secret.len(), 4 + 86, "as long as the longest hash");
    });
}
