//! What access tokens are signed with: an app that is called says so, and the DevOps side reads one algorithm. [RFC 9068 §2.1]

use std::sync::Arc;

use latchkey_identity::client::Metadata;
use latchkey_jose::{Algorithm, JwkSet, KeySet, SigningKey, verify};
use latchkey_testkit::builders::{a_daemon, a_native_app, a_web_app};
use latchkey_testkit::dpop::DpopKey;
use latchkey_testkit::relying_party::header;
use latchkey_testkit::{RelyingParty, World, on_both_databases};
use serde_json::{Value, json};

/// What the app that is called does: it verifies by the published keys.
async fn verified(world: &World, token: &str, algorithm: Algorithm) -> Value {
    let document = world.get("/harbor.test/discovery/v2.0/keys").await.text();
    let keys = KeySet::from_jwks(&JwkSet::parse(document.as_bytes()).unwrap());
    assert_eq!(header(token)["alg"], algorithm.name());
    verify::<Value>(token, &keys, &["at+jwt"]).unwrap().into_claims()
}

fn signed_by(algorithm: Algorithm) -> Metadata {
    Metadata {
        exposed_scopes: vec!["boards.read".into()],
        access_token_signed_response_alg: Some(algorithm),
        ..Metadata::default()
    }
}

fn scope(api: &RelyingParty) -> String {
    format!("api://{}/boards.read", api.client_id())
}

/// An app that lets another one call it in its own name, and that one.
async fn boards_and_nightfall(world: &World, algorithm: Algorithm) -> (RelyingParty, RelyingParty) {
    let api = world.registers(a_web_app("boards").with_metadata(signed_by(algorithm))).await;
    let caller = world.registers(a_daemon("nightfall").asking(&format!("vso.work {}", scope(&api)))).await;
    let id = caller.client_id();
    world.changes_app("boards", move |client| client.metadata.callers = vec![id.clone()]).await;
    (api, caller)
}

#[test]
fn an_app_is_called_with_tokens_that_are_signed_as_it_registered() {
    on_both_databases(async |world| {
        for algorithm in Algorithm::ALL {
            let name = format!("boards-{}", algorithm.name().to_lowercase());
            let api = world.registers(a_web_app(&name).with_metadata(signed_by(algorithm))).await;
            let front = world.registers(a_native_app(&format!("front-{name}")).asking(&scope(&api))).await;
            let front = front.asking(&format!("openid offline_access {}", scope(&api)));
            let tokens = world.ana().authorizes_part(&front.request(), |page| page).await;
            let told = verified(&world, &tokens.access, algorithm).await;
            assert_eq!((&told["aud"], &told["scope"]), (&json!(api.client_id()), &json!("boards.read")));
            assert_eq!(header(tokens.id.as_deref().unwrap())["alg"], "RS256", "that is for who signs in");
            // Whoever may ask is told what it is worth, and it is refreshed and given back like any other.
            assert_eq!(api.introspects(&tokens.access).await["scope"], "boards.read");
            let again = front.refresh(tokens.refresh_token()).await.unwrap();
            verified(&world, &again.access, algorithm).await;
            world.ana().authorizes(&name).await;
            let on = api.read(&api.token_request(&on_behalf(&again.access)).await).unwrap();
            verified(&world, &on.access, Algorithm::Es256).await;
            assert!(on.get("/harbor/_apis/projects").await.is_ok());
            assert_eq!(front.gives_back(&again.access).await, 200);
            assert_eq!(api.introspects(&again.access).await["active"], false);
        }
        let usual = world.ana().authorizes("burndown").await;
        verified(&world, &usual.access, Algorithm::Es256).await;
    });
}

fn on_behalf(assertion: &str) -> [(&'static str, &str); 4] {
    [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", assertion),
        ("scope", "vso.project"),
    ]
}

#[test]
fn an_app_that_is_listed_calls_another_in_its_own_name() {
    on_both_databases(async |world| {
        let (api, caller) = boards_and_nightfall(&world, Algorithm::Rs256).await;
        let default = format!("api://{}/.default", api.client_id());
        for asked in [scope(&api), default] {
            let tokens = caller.by_itself(&asked).await.unwrap();
            let told = verified(&world, &tokens.access, Algorithm::Rs256).await;
            assert_eq!((&told["aud"], &told["sub"]), (&json!(api.client_id()), &json!(caller.client_id())));
            assert_eq!(told["scope"], "boards.read");
            assert_eq!(tokens.body["scope"], asked.as_str());
        }
        // Without a word it is for the DevOps side, and never for both at once.
        assert_eq!(caller.by_itself("").await.unwrap().scopes(), ["vso.work"]);
        let both = format!("vso.work {}", scope(&api));
        assert_eq!(caller.by_itself(&both).await.unwrap_err().error, "invalid_scope");
        // It opens nothing else.
        let tokens = caller.by_itself(&scope(&api)).await.unwrap();
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert_eq!(tokens.userinfo().await.status, 401);
        // Both learn what it is worth, and nobody else.
        for asker in [&api, &caller] {
            let told = asker.introspects(&tokens.access).await;
            assert_eq!((&told["scope"], &told["client_id"]), (&json!("boards.read"), &json!(caller.client_id())));
        }
        assert_eq!(world.app("burndown").introspects(&tokens.access).await["active"], false);
        // Who is not listed any more gets none, and is nobody to the app.
        world.changes_app("boards", |client| client.metadata.callers.clear()).await;
        assert_eq!(api.introspects(&tokens.access).await["active"], false);
        assert_eq!(caller.by_itself(&scope(&api)).await.unwrap_err().error, "invalid_scope");
    });
}

#[test]
fn an_app_of_the_fapi_profile_gets_no_token_of_an_algorithm_that_it_does_not_trust() {
    on_both_databases(async |world| {
        let (api, _) = boards_and_nightfall(&world, Algorithm::Rs256).await;
        let pair = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let vault = a_daemon("vault").of_the_fapi2_profile().with_key(&pair).asking(&scope(&api));
        let key = DpopKey::new();
        let vault = world.registers(vault).await.signing_with(&pair).proving_by(&key);
        key.learns(&vault.token_request(&[("grant_type", "client_credentials")]).await);
        let id = vault.client_id();
        world.changes_app("boards", move |client| client.metadata.callers = vec![id.clone()]).await;
        assert_eq!(vault.by_itself(&scope(&api)).await.unwrap_err().error, "invalid_scope");
        world
            .changes_app("boards", |client| {
                client.metadata.access_token_signed_response_alg = Some(Algorithm::Ps256);
            })
            .await;
        let tokens = vault.by_itself(&scope(&api)).await.unwrap();
        let told = verified(&world, &tokens.access, Algorithm::Ps256).await;
        assert_eq!(told["cnf"]["jkt"], key.thumbprint());
    });
}
