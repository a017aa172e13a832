//! What is signed for an app is signed with a key that was published when the app came, or became what it is: whoever reads the key set next
//! knows it (OpenID Connect Core §10.1.1).

use std::collections::BTreeMap;

use http::Method;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::relying_party::header;
use latchkey_testkit::remote::json as answers;
use latchkey_testkit::{Answer, World, on_both_databases};
use serde_json::{Value, json};

const CALLBACK: &str = "https://skiff.test/callback";

/// How many keys of each algorithm are published.
async fn published(world: &World) -> BTreeMap<String, usize> {
    let document = world.get("/harbor.test/discovery/v2.0/keys").await.json();
    let mut published = BTreeMap::new();
    for key in document["keys"].as_array().unwrap() {
        *published.entry(key["alg"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    published
}

async fn opens(world: &World) {
    let event = world.parts().registration_event(world.harbor());
    world.parts().set_registration_gate(world.harbor(), RegistrationGate::Open, event).await.unwrap();
}

async fn registers(world: &World, name: &str, algorithm: &str) -> Answer {
    let document =
        json!({"client_name": "Skiff", "redirect_uris": [CALLBACK], "scope": "openid vso.work", name: algorithm});
    world.post(&format!("/{}/oauth2/v2.0/register", world.harbor())).json(&document).await
}

#[test]
fn an_app_that_registers_itself_or_changes_its_registration_finds_its_key_published() {
    on_both_databases(async |world| {
        opens(&world).await;
        assert_eq!(published(&world).await, BTreeMap::from([("ES256".into(), 1), ("RS256".into(), 1)]));
        let registered = registers(&world, "id_token_signed_response_alg", "EdDSA").await;
        assert_eq!(registered.status, 201, "{}", registered.text());
        let read = published(&world).await;
        assert_eq!(read.get("EdDSA"), Some(&1), "{read:?}");
        let registered = registered.json();
        let document = json!({"client_id": registered["client_id"], "client_name": "Skiff", "redirect_uris": [CALLBACK],
                              "userinfo_signed_response_alg": "PS256"});
        let changes = world
            .ask(Method::PUT, registered["registration_client_uri"].as_str().unwrap())
            .bearer(registered["registration_access_token"].as_str().unwrap());
        let changed = changes.json(&document).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(published(&world).await.get("PS256"), Some(&1));
    });
}

#[test]
fn a_registration_that_is_refused_makes_no_key() {
    on_both_databases(async |world| {
        assert_eq!(registers(&world, "id_token_signed_response_alg", "EdDSA").await.status, 403);
        opens(&world).await;
        assert_eq!(registers(&world, "id_token_signed_response_alg", "none").await.status, 400);
        assert_eq!(published(&world).await.len(), 2);
    });
}

#[test]
fn of_many_who_register_for_a_new_algorithm_at_once_each_finds_the_same_key() {
    on_both_databases(async |world| {
        opens(&world).await;
        let registering = (0..12).map(|_| registers(&world, "authorization_signed_response_alg", "EdDSA"));
        for registered in futures_util::future::join_all(registering).await {
            assert_eq!(registered.status, 201, "{}", registered.text());
        }
        assert_eq!(published(&world).await.get("EdDSA"), Some(&1));
    });
}

#[test]
fn an_app_that_an_administrator_declares_finds_its_key_published() {
    on_both_databases(async |world| {
        let steward = a_daemon("steward").owned_by("ana").asking("vso.tenant_manage");
        let steward = world.registers(steward).await.by_itself("vso.tenant_manage").await.unwrap();
        let mut app = json!({"name": "Skiff", "kind": "web", "redirect_uris": [CALLBACK],
                             "introspection_signed_response_alg": "EdDSA"});
        let made = steward.ask(Method::POST, "/_admin/v1/apps").json(&app).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(published(&world).await.get("EdDSA"), Some(&1));
        // Others call it with tokens that it reads by our keys.
        app["exposed_scopes"] = json!(["read"]);
        app["access_token_signed_response_alg"] = json!("PS256");
        let path = format!("/_admin/v1/apps/{}", made.json()["client_id"].as_str().unwrap());
        let changed = steward.ask(Method::PUT, &path).json(&app).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(published(&world).await.get("PS256"), Some(&1));
    });
}

#[test]
fn an_app_that_is_changed_on_its_page_is_answered_with_a_key_that_was_published_before() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        let page = ana.opens(&format!("/apps/{}/requests", burndown.client_id())).await;
        let page = page.choose("id_token_signed_response_alg", "EdDSA").press("save-answers").await.page();
        assert!(page.says("How it asks and is answered was saved"), "{}", page.text());
        let read = world.get("/harbor.test/discovery/v2.0/keys").await.json();
        let tokens = ana.authorizes("burndown").await;
        let header = header(tokens.id.as_deref().unwrap());
        assert_eq!(header["alg"], "EdDSA");
        let knew = read["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header["kid"]);
        assert!(knew, "{header} is not in {read}");
    });
}

#[test]
fn an_app_that_describes_itself_finds_its_key_published() {
    on_both_databases(async |world| {
        let (at, back) = ("https://service.test/oauth/agent.json", "http://127.0.0.1:3118/callback");
        let document: Value = json!({"client_id": at, "client_name": "An agent", "redirect_uris": [back],
            "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "EdDSA"});
        let _remote = world.remote("service.test", move |_| answers(&document)).await;
        let agent = world.agent(at, back, "vso.work");
        assert!(world.browser().open(&agent.request().url()).await.page().has("sign-in"));
        assert_eq!(published(&world).await.get("EdDSA"), Some(&1));
    });
}
