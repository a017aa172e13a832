//! `/{t}/oauth2/v2.0/register`: what an examiner of dynamic registration looks at, line by line.

use std::time::Duration;

use http::Method;
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_identity::client::ClientId;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::{Answer, World, on_both_databases};
use serde_json::{Value, json};

async fn opens(world: &World, gate: RegistrationGate) {
    let event = world.parts().registration_event(world.harbor());
    world.parts().set_registration_gate(world.harbor(), gate, event).await.unwrap();
}

fn endpoint(world: &World) -> String {
    format!("/{}/oauth2/v2.0/register", world.harbor())
}

async fn registers(world: &World, document: Value) -> Answer {
    world.post(&endpoint(world)).json(&document).await
}

fn a_document() -> Value {
    json!({"client_name": "Skiff", "redirect_uris": ["https://skiff.test/callback"], "contacts": ["ana@skiff.test"],
           "client_uri": "https://skiff.test/", "something": "that nobody knows"})
}

async fn managed(world: &World, method: Method, registered: &Value, body: Option<Value>) -> Answer {
    let ask = world.ask(method, registered["registration_client_uri"].as_str().unwrap());
    let ask = ask.bearer(registered["registration_access_token"].as_str().unwrap());
    match body {
        Some(body) => ask.json(&body).await,
        None => ask.await,
    }
}

#[test]
fn nobody_registers_an_app_where_the_gate_is_off() {
    on_both_databases(async |world| {
        let answer = registers(&world, a_document()).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (403, "access_denied"));
        let metadata = format!("/{}/v2.0/.well-known/openid-configuration", world.harbor());
        assert_eq!(world.get(&metadata).await.json().get("registration_endpoint"), None);
        opens(&world, RegistrationGate::Open).await;
        let endpoint = world.get(&metadata).await.json()["registration_endpoint"].clone();
        assert_eq!(endpoint, format!("https://latchkey.test{}", self::endpoint(&world)));
        assert_eq!(world.post("/common/oauth2/v2.0/register").json(&a_document()).await.status, 400);
    });
}

/// Whoever is refused at the gate uses up nothing of what others may do.
#[test]
fn registrations_are_counted_behind_the_gate() {
    on_both_databases(async |world| {
        for _ in 0..610 {
            assert_eq!(registers(&world, a_document()).await.status, 403);
        }
        opens(&world, RegistrationGate::Open).await;
        for _ in 0..600 {
            // What is malformed counts: it was looked at.
            assert_eq!(registers(&world, json!({"redirect_uris": 1})).await.status, 400);
        }
        let refused = registers(&world, a_document()).await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, Some("900")));
        world.later(Duration::from_secs(15 * 60));
        assert_eq!(registers(&world, a_document()).await.status, 201);
    });
}

#[test]
fn a_registration_is_201_json_with_what_was_registered() {
    on_both_databases(async |world| {
        opens(&world, RegistrationGate::Open).await;
        let answer = registers(&world, a_document()).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (201, Some("application/json")));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let told = answer.json();
        assert!(told["client_id"].is_string() && told["client_secret"].is_string());
        assert!(told["client_secret_expires_at"].as_i64().unwrap() > world.now().as_secs());
        assert!(told["registration_access_token"].is_string() && told["registration_client_uri"].is_string());
        for same in ["client_name", "redirect_uris", "contacts", "client_uri"] {
            assert_eq!(told[same], a_document()[same], "{same}");
        }
        assert_eq!(told.get("something"), None, "unknown metadata is ignored");
        let again = managed(&world, Method::GET, &told, None).await;
        assert_eq!(again.status, 200);
        assert_eq!(again.json()["client_id"], told["client_id"]);
        assert_eq!(again.json().get("client_secret"), None, "nothing is kept that it could be read from");
        assert_eq!((&told["subject_type"], &told["id_token_signed_response_alg"]), (&json!("public"), &json!("RS256")));
    });
}

/// `oidcc-server` with a registered client: its keys are told again as it gave them. [RFC 7591 §3.2.1]
#[test]
fn keys_are_told_again_as_they_were_registered_and_replaced() {
    on_both_databases(async |world| {
        opens(&world, RegistrationGate::Open).await;
        let key = || SigningKey::generate(Algorithm::Rs256).unwrap();
        let with = |key: &SigningKey| {
            let mut jwk = json!(key.public_jwk());
            jwk.as_object_mut().unwrap().remove("kid");
            let mut document = a_document();
            document["token_endpoint_auth_method"] = json!("private_key_jwt");
            document["jwks"] = json!({"keys": [jwk]});
            document
        };
        let (first, second) = (with(&key()), with(&key()));
        let told = registers(&world, first.clone()).await.json();
        assert_eq!(told["jwks"]["keys"][0]["n"], first["jwks"]["keys"][0]["n"]);
        assert_eq!(told["jwks"]["keys"][0].get("kid"), None, "the key has no name of its own");
        let mut replaced = second.clone();
        replaced["client_id"] = told["client_id"].clone();
        let answer = managed(&world, Method::PUT, &told, Some(replaced)).await;
        assert_eq!(answer.json()["jwks"]["keys"][0]["n"], second["jwks"]["keys"][0]["n"], "{}", answer.text());
        let read = managed(&world, Method::GET, &told, None).await.json();
        assert_eq!(read["jwks"], answer.json()["jwks"]);
    });
}

#[test]
fn a_redirect_uri_with_a_fragment_and_an_insecure_initiate_login_uri_are_400() {
    on_both_databases(async |world| {
        opens(&world, RegistrationGate::Open).await;
        let mut document = a_document();
        document["redirect_uris"] = json!(["https://skiff.test/callback#fragment"]);
        let answer = registers(&world, document).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_redirect_uri"));
        let mut document = a_document();
        document["initiate_login_uri"] = json!("http://skiff.test/login");
        let answer = registers(&world, document.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_client_metadata"));
        document["initiate_login_uri"] = json!("https://skiff.test/login");
        let told = registers(&world, document).await.json();
        assert_eq!(told["initiate_login_uri"], "https://skiff.test/login");
        let read = managed(&world, Method::GET, &told, None).await.json();
        assert_eq!(read["initiate_login_uri"], "https://skiff.test/login");
        assert_eq!(world.post(&endpoint(&world)).body("application/json", "[]").await.status, 400);
        assert_eq!(world.post(&endpoint(&world)).form([("a", "b")]).await.status, 400);
        let named =
            |name: &str| format!(r#"{{"client_name": "{name}", "redirect_uris": ["https://skiff.test/callback"]}}"#);
        let sent = async |body| world.post(&endpoint(&world)).body("application/json", body).await.status;
        assert_eq!(sent(named(r"a\\u0000b")).await, 201, "a backslash, and no null character");
        assert_eq!(sent(named(r"a\u0000b")).await, 400, "a null character");
    });
}

/// Checklist 8: whatever an examiner registers is accepted and told again; what nobody would keep to is refused.
#[test]
fn all_that_an_examiner_registers_is_accepted_and_told_again() {
    on_both_databases(async |world| {
        opens(&world, RegistrationGate::Open).await;
        let event = world.parts().registration_event(world.harbor());
        world.parts().allow_implicit(world.harbor(), true, event).await.unwrap();
        let document = json!({
            "client_name": "Examiner", "contacts": ["ana@skiff.test"], "redirect_uris": ["https://skiff.test/callback"],
            "grant_types": ["authorization_code", "refresh_token", "implicit"],
            "response_types": ["code", "id_token", "id_token token"],
            "post_logout_redirect_uris": ["https://skiff.test/bye"],
            "backchannel_logout_uri": "https://skiff.test/back", "backchannel_logout_session_required": true,
            "frontchannel_logout_uri": "https://skiff.test/front", "frontchannel_logout_session_required": true,
            "userinfo_signed_response_alg": "RS256", "id_token_signed_response_alg": "ES256",
            "request_object_signing_alg": "RS256", "request_uris": ["https://skiff.test/request.jwt#hash"],
            "subject_type": "pairwise", "default_max_age": 3600, "require_auth_time": true,
            "client_uri": "https://skiff.test/", "logo_uri": "https://skiff.test/logo.png",
            "policy_uri": "https://skiff.test/policy", "tos_uri": "https://skiff.test/terms",
            "initiate_login_uri": "https://skiff.test/login",
        });
        for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"] {
            let mut document = document.clone();
            document["token_endpoint_auth_method"] = json!(method);
            if method == "private_key_jwt" {
                document["jwks_uri"] = json!("https://skiff.test/keys");
            }
            let answer = registers(&world, document.clone()).await;
            assert_eq!(answer.status, 201, "{method}: {}", answer.text());
            let told = answer.json();
            for (name, value) in document.as_object().unwrap() {
                assert_eq!(&told[name], value, "{method}: {name}");
            }
        }
        for name in
            ["id_token_encrypted_response_alg", "userinfo_encrypted_response_enc", "request_object_encryption_alg"]
        {
            let mut document = document.clone();
            document[name] = json!("RSA-OAEP");
            let refused = registers(&world, document).await;
            assert_eq!((refused.status.as_u16(), refused.error().as_str()), (400, "invalid_client_metadata"), "{name}");
        }
    });
}

#[test]
fn an_initial_access_token_opens_the_gate_for_a_week_and_in_its_tenant() {
    on_both_databases(async |world| {
        opens(&world, RegistrationGate::InitialToken).await;
        let event = world.parts().registration_event(world.harbor());
        let (token, _) = world.parts().make_initial_access_token(world.harbor(), event).await.unwrap();
        let with = async |tenant, token: &str| {
            let url = format!("/{tenant}/oauth2/v2.0/register");
            world.post(&url).bearer(token).json(&a_document()).await
        };
        let refused = registers(&world, a_document()).await;
        assert_eq!((refused.status.as_u16(), refused.error().as_str()), (401, "invalid_token"));
        assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"));
        assert_eq!(with(world.harbor(), "lki_wrong").await.status, 401);
        assert_eq!(with(world.harbor(), token.reveal()).await.status, 201);
        let event = world.parts().registration_event(world.shore());
        world.parts().set_registration_gate(world.shore(), RegistrationGate::InitialToken, event).await.unwrap();
        assert_eq!(with(world.shore(), token.reveal()).await.status, 401, "another tenant's");
        world.later(Duration::from_secs(7 * 86_400));
        assert_eq!(with(world.harbor(), token.reveal()).await.status, 401, "it is over");
    });
}

#[test]
fn only_the_registrations_own_token_reads_changes_and_deletes_it() {
    on_both_databases(async |world| {
        opens(&world, RegistrationGate::Open).await;
        let told = registers(&world, a_document()).await.json();
        let other = registers(&world, a_document()).await.json();
        let url = told["registration_client_uri"].as_str().unwrap();
        assert_eq!(world.get(url).await.status, 401);
        let foreign = other["registration_access_token"].as_str().unwrap();
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(world.ask(method, url).bearer(foreign).await.status, 401);
        }
        let id = told["client_id"].clone();
        let changed = json!({"client_id": id, "client_name": "Sloop", "redirect_uris": ["https://skiff.test/other"]});
        let answer = managed(&world, Method::PUT, &told, Some(changed.clone())).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["client_name"]), (200, &json!("Sloop")));
        assert_eq!(answer.json().get("contacts"), None, "a registration is replaced whole");
        let mut by_form = changed.clone();
        by_form["token_endpoint_auth_method"] = json!("client_secret_post");
        let on_record = async || {
            let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
            events.iter().filter(|one| one.event.kind == "app_changed").count()
        };
        assert_eq!(managed(&world, Method::PUT, &told, Some(by_form.clone())).await.status, 200);
        let before = on_record().await;
        assert_eq!(managed(&world, Method::PUT, &told, Some(by_form)).await.status, 200);
        assert_eq!(on_record().await, before, "what changes nothing is not on record");
        let read = managed(&world, Method::GET, &told, None).await.json();
        assert_eq!(read["token_endpoint_auth_method"], "client_secret_post", "the method is stored");
        let own = told["registration_access_token"].as_str().unwrap();
        let twice = world.get(url).bearer(own).bearer(own).await;
        assert_eq!(twice.status, 401, "of two Authorization headers none counts");
        for (name, value) in
            [("client_id", json!("other")), ("registration_access_token", json!("x")), ("client_secret", json!("x"))]
        {
            let mut wrong = changed.clone();
            wrong[name] = value;
            assert_eq!(managed(&world, Method::PUT, &told, Some(wrong)).await.status, 400, "{name}");
        }
        assert_eq!(managed(&world, Method::DELETE, &told, None).await.status, 204);
        assert_eq!(managed(&world, Method::GET, &told, None).await.status, 401, "it is gone");
    });
}

#[test]
fn an_app_that_nobody_authorized_is_gone_after_a_week() {
    on_both_databases(async |world| {
        opens(&world, RegistrationGate::Open).await;
        let told = registers(&world, a_document()).await.json();
        world.later(Duration::from_secs(6 * 86_400));
        world.parts().purge().await.unwrap();
        assert_eq!(managed(&world, Method::GET, &told, None).await.status, 200);
        world.later(Duration::from_secs(86_400));
        world.parts().purge().await.unwrap();
        assert_eq!(managed(&world, Method::GET, &told, None).await.status, 401);
        assert_eq!(world.store().count_dynamic_clients(world.harbor()).await.unwrap(), 0);
    });
}

/// It acts by itself, so that no person ever authorizes it.
#[test]
fn an_app_that_an_organization_made_a_member_stays_as_long_as_it_is_one() {
    on_both_databases(async |world| {
        opens(&world, RegistrationGate::Open).await;
        let told = registers(&world, a_document()).await.json();
        let client = ClientId::parse(told["client_id"].as_str().unwrap()).unwrap();
        world.takes_in_client(client, AccessLevel::Basic, "lighthouse", ProjectGroup::Readers).await;
        world.later(Duration::from_secs(8 * 86_400));
        world.parts().purge().await.unwrap();
        assert_eq!(managed(&world, Method::GET, &told, None).await.status, 200);
        world.lets_client_go(client).await;
        world.parts().purge().await.unwrap();
        assert_eq!(managed(&world, Method::GET, &told, None).await.status, 401);
    });
}

#[test]
fn an_administrator_decides_who_registers_apps_and_nobody_else_does() {
    on_both_databases(async |world| {
        let page = world.ben().opens("/apps/self-registration").await;
        assert_eq!(page.status(), 403);
        let page = world.ana().opens("/apps/self-registration").await;
        let page = page.choose("gate", "initial-token").press("save-gate").await.page();
        assert!(page.says("Saved"), "{}", page.text());
        let page = page.press("make-token").await.page();
        let token = page.text_of("initial-access-token");
        let answer = world.post(&endpoint(&world)).bearer(token.trim()).json(&a_document()).await;
        assert_eq!(answer.status, 201);
        let page = world.ana().opens("/apps/self-registration").await;
        page.choose("gate", "open").press("save-gate").await.page();
        assert_eq!(registers(&world, a_document()).await.status, 201);
    });
}

#[test]
fn a_client_that_knows_only_an_address_of_the_api_connects_with_nobodys_help() {
    on_both_databases(async |world| {
        opens(&world, RegistrationGate::Open).await;
        let resource = world.get("/.well-known/oauth-protected-resource/harbor").await.json();
        let issuer = resource["authorization_servers"][0].as_str().unwrap().to_owned();
        let path = issuer.strip_prefix("https://latchkey.test").unwrap();
        let server = world.get(&format!("/.well-known/oauth-authorization-server{path}")).await.json();
        let document = json!({"client_name": "An agent", "redirect_uris": ["http://localhost:3118/callback"],
                              "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
                              "response_types": ["code"]});
        let told = world.post(server["registration_endpoint"].as_str().unwrap()).json(&document).await.json();
        let verifier = "a".repeat(43);
        let challenge = latchkey_jose::base64url::encode(latchkey_jose::digest::sha256(verifier.as_bytes()));
        let query = latchkey_testkit::server::encode([
            ("client_id", told["client_id"].as_str().unwrap()),
            ("response_type", "code"),
            ("redirect_uri", "http://localhost:3118/callback"),
            ("scope", "vso.work"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("state", "s"),
            ("resource", resource["resource"].as_str().unwrap()),
        ]);
        let ana = world.ana();
        let visit =
            ana.browser().open(&format!("{}?{query}", server["authorization_endpoint"].as_str().unwrap())).await;
        let page = ana.past_sign_in(visit).await.page();
        assert!(page.says("An agent") && page.says("Publisher not verified"), "{}", page.text());
        let left = page.tick_all("place").press("approve").await.left();
        let code = left.parameter("code").unwrap();
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", told["client_id"].as_str().unwrap()),
            ("code", &code),
            ("redirect_uri", "http://localhost:3118/callback"),
            ("code_verifier", &verifier),
            ("resource", resource["resource"].as_str().unwrap()),
        ];
        let tokens = world.post(server["token_endpoint"].as_str().unwrap()).form(pairs).await.json();
        let token = tokens["access_token"].as_str().unwrap();
        let answer = world.get("/harbor/lighthouse/_apis/wit/workitems/1?api-version=7.1").bearer(token).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    });
}
