//! Tokens through the browser: response types other than `code`, which a tenant and an app have to be switched on for.
//! [OpenID Connect Core §3.2, §3.3]

use http::Method;
use latchkey_identity::authorize::ResponseType;
use latchkey_identity::client::Metadata;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_jose::digest::left_half_hash;
use latchkey_jose::{Algorithm, JwkSet, KeySet, verify};
use latchkey_testkit::browser::Departure;
use latchkey_testkit::builders::{AppBuilder, a_web_app};
use latchkey_testkit::relying_party::{AuthorizationRequest, RelyingParty};
use latchkey_testkit::{World, on_both_databases};
use serde_json::{Value, json};

/// Decides for the tenant of harbor.
async fn switched(world: &World, allowed: bool) {
    let event = world.parts().registration_event(world.harbor());
    world.parts().allow_implicit(world.harbor(), allowed, event).await.unwrap();
}

fn with_all_types(app: AppBuilder) -> AppBuilder {
    app.with_metadata(Metadata { response_types: ResponseType::ALL.into(), ..Metadata::default() })
}

async fn skiff(world: &World) -> RelyingParty {
    world.registers(with_all_types(a_web_app("skiff"))).await.asking("openid profile offline_access vso.work")
}

/// An app whose request was approved once, so that the next answers come at once.
async fn approved(world: &World) -> RelyingParty {
    switched(world, true).await;
    let skiff = skiff(world).await;
    world.ana().approves_request(&skiff.request()).await;
    skiff
}

async fn leaves(world: &World, request: &AuthorizationRequest) -> Departure {
    world.ana().goes_to(request).await.left()
}

/// The claims of an ID token that came by the browser, after what a client checks.
async fn id_token(world: &World, departure: &Departure, request: &AuthorizationRequest) -> Value {
    let document = world.get("/harbor.test/discovery/v2.0/keys").await.text();
    let keys = KeySet::from_jwks(&JwkSet::parse(document.as_bytes()).unwrap());
    let claims = verify::<Value>(&departure.parameter("id_token").unwrap(), &keys, &["JWT"]).unwrap().into_claims();
    assert_eq!(claims["nonce"], request.value("nonce"), "the nonce comes back");
    assert_eq!(claims["aud"], request.party().client_id());
    assert_eq!(claims["iss"].as_str(), departure.parameter("iss").as_deref());
    claims
}

/// Checklist 2.1, 2.4, 5: each response type carries what it names, in the fragment, and the ID token vouches for it.
#[test]
fn each_response_type_is_answered_in_the_fragment_with_what_it_names() {
    on_both_databases(async |world| {
        let skiff = approved(&world).await;
        for one in ResponseType::ALL.into_iter().filter(|one| one.has_tokens()) {
            let request = skiff.request().with("response_type", one.name());
            let left = leaves(&world, &request).await;
            assert!(left.url.starts_with("https://skiff.test/callback#"), "{}", left.url);
            let mut names: Vec<String> = left.parameters().into_iter().map(|(name, _)| name).collect();
            names.sort();
            let mut expected = vec!["iss", "state"];
            expected.extend(one.has_code().then_some("code"));
            expected.extend(one.has_id_token().then_some("id_token"));
            if one.has_access_token() {
                expected.extend(["access_token", "expires_in", "scope", "token_type"]);
                assert_eq!(left.parameter("scope").as_deref(), Some("openid profile vso.work"), "nothing offline");
            }
            expected.sort_unstable();
            assert_eq!(names, expected, "{one:?}");
            let access = left.parameter("access_token");
            let mut subject = None;
            if one.has_id_token() {
                let claims = id_token(&world, &left, &request).await;
                let hash = |text: Option<String>| text.map(|text| json!(left_half_hash(Algorithm::Rs256, &text)));
                assert_eq!(claims.get("at_hash"), hash(access.clone()).as_ref(), "{one:?}");
                assert_eq!(claims.get("c_hash"), hash(left.parameter("code")).as_ref(), "{one:?}");
                // OpenID Connect Core §5.4: profile claims only where no access token will ever be had.
                assert_eq!(claims.get("name").is_some(), one == ResponseType::IdToken, "{claims}");
                subject = Some(claims["sub"].clone());
            }
            if let Some(access) = access {
                assert_eq!(
                    world.get("/harbor/lighthouse/_apis/wit/workitems/1").bearer(&access).await.status,
                    200,
                    "{one:?}"
                );
                assert_eq!(world.get("/oidc/userinfo").bearer(&access).await.status, 200);
            }
            if one.has_code() {
                // Checklist 5: `iss` and `sub` are the same in both ID tokens.
                let tokens = skiff.redeem(&request.answered(&left).unwrap()).await.unwrap();
                assert!(tokens.refresh.is_some(), "the code brings what the request asked for");
                assert!(subject.is_none_or(|subject| subject == tokens.id_claims()["sub"]));
                assert_eq!(tokens.id_claims().get("c_hash"), None);
            }
        }
    });
}

/// Checklist 2.1: without a nonce no ID token travels; `code token` does without.
#[test]
fn a_nonce_is_required_for_an_id_token_and_nothing_travels_in_a_query() {
    on_both_databases(async |world| {
        let skiff = approved(&world).await;
        for one in ResponseType::ALL.into_iter().filter(|one| one.has_tokens()) {
            let request = skiff.request().with("response_type", one.name());
            let left = leaves(&world, &request.clone().without("nonce")).await;
            match one.has_id_token() {
                true => assert_eq!(left.parameter("error").as_deref(), Some("invalid_request"), "{one:?}"),
                false => assert!(left.parameter("access_token").is_some()),
            }
            assert!(left.url.starts_with("https://skiff.test/callback#"), "{}", left.url);
            let queried = leaves(&world, &request.clone().with("response_mode", "query")).await;
            assert_eq!(queried.parameter("error").as_deref(), Some("invalid_request"));
            assert!(queried.url.starts_with("https://skiff.test/callback#"), "{}", queried.url);
            let posted = world.ana().goes_to(&request.with("response_mode", "form_post")).await.page();
            let posted = posted.press("continue").await.left();
            assert_eq!(posted.url, "https://skiff.test/callback");
            assert_eq!(posted.parameter("id_token").is_some(), one.has_id_token());
        }
        let denied = skiff.request().with("response_type", "id_token").with("prompt", "none");
        let nobody = world.browser().open(&denied.url()).await.left();
        assert!(nobody.url.contains("#error=login_required"), "{}", nobody.url);
    });
}

/// The switch is the tenant's, and an app is registered for each response type by itself.
#[test]
fn tokens_travel_only_where_tenant_and_app_are_switched_on() {
    on_both_databases(async |world| {
        let skiff = approved(&world).await;
        let asking = |party: &RelyingParty| party.request().with("response_type", "id_token");
        assert!(leaves(&world, &asking(&skiff)).await.parameter("id_token").is_some());
        let error = async |request: AuthorizationRequest| leaves(&world, &request).await.parameter("error").unwrap();
        assert_eq!(error(asking(&world.app("burndown"))).await, "unsupported_response_type");
        switched(&world, false).await;
        assert_eq!(error(asking(&skiff)).await, "unsupported_response_type");
        assert_eq!(error(asking(&skiff.clone().at("common"))).await, "unsupported_response_type");
        assert!(leaves(&world, &skiff.request()).await.parameter("code").is_some(), "codes go on");
    });
}

/// An app of one tenant is answered by another only if that one lets tokens travel too.
#[test]
fn the_tenant_that_answers_decides_too() {
    on_both_databases(async |world| {
        let skiff = approved(&world).await.asking("openid").at("common");
        let eve = world.eve();
        let request = skiff.request().with("response_type", "id_token").with("login_hint", "eve@shore.test");
        let left = eve.goes_to(&request).await.left();
        assert_eq!(left.parameter("error").as_deref(), Some("unsupported_response_type"), "{}", left.url);
    });
}

/// Checklist 1.1 and 8: metadata and registration say what the tenant decided, and no more.
#[test]
fn metadata_and_registration_follow_the_switch() {
    on_both_databases(async |world| {
        let metadata = async || {
            let url = format!("/{}/v2.0/.well-known/openid-configuration", world.harbor());
            world.get(&url).await.json()
        };
        let event = world.parts().registration_event(world.harbor());
        world.parts().set_registration_gate(world.harbor(), RegistrationGate::Open, event).await.unwrap();
        let endpoint = format!("/{}/oauth2/v2.0/register", world.harbor());
        let registers = async |types: Value| {
            let document = json!({"client_name": "Skiff", "redirect_uris": ["https://skiff.test/callback"],
                                  "grant_types": ["authorization_code", "implicit"], "response_types": types});
            world.post(&endpoint).json(&document).await
        };
        let (asked, off) = (json!(["code", "token id_token", "id_token"]), metadata().await);
        assert_eq!(off["response_types_supported"], json!(["code"]));
        assert!(!off["grant_types_supported"].as_array().unwrap().contains(&json!("implicit")));
        assert_eq!(registers(asked.clone()).await.json()["response_types"], json!(["code"]));
        assert_eq!(registers(json!(["id_token"])).await.error(), "invalid_client_metadata");

        switched(&world, true).await;
        let on = metadata().await;
        assert_eq!(on["response_types_supported"], json!(ResponseType::ALL.map(ResponseType::name)));
        assert!(on["grant_types_supported"].as_array().unwrap().contains(&json!("implicit")));
        let told = registers(asked).await.json();
        assert_eq!(told["response_types"], json!(["code", "id_token", "id_token token"]));
        assert_eq!(told["grant_types"], json!(["authorization_code", "refresh_token", "implicit"]));
        let alone = registers(json!(["id_token"])).await.json();
        assert_eq!(alone["grant_types"], json!(["implicit"]));
        let uri = alone["registration_client_uri"].as_str().unwrap();
        let read = world.ask(Method::GET, uri).bearer(alone["registration_access_token"].as_str().unwrap()).await;
        assert_eq!(read.json()["response_types"], json!(["id_token"]));
        assert_eq!(registers(json!(["nonsense"])).await.error(), "invalid_client_metadata");
    });
}

/// Entra's "ID tokens (used for implicit and hybrid flows)": ID tokens, and no access tokens.
#[test]
fn an_app_of_the_microsoft_profile_gets_id_tokens_and_goes_on_with_codes() {
    on_both_databases(async |world| {
        switched(&world, true).await;
        let response_types = vec![ResponseType::IdToken, ResponseType::CodeIdToken];
        let metadata = Metadata { response_types, ..Metadata::default() };
        let skiff = world.registers(a_web_app("skiff").of_the_microsoft_profile().with_metadata(metadata)).await;
        let skiff = skiff.asking("openid profile");
        world.ana().approves_request(&skiff.request()).await;
        let request = skiff.request().with("response_type", "code id_token");
        let left = leaves(&world, &request).await;
        let claims = id_token(&world, &left, &request).await;
        assert_eq!((&claims["ver"], &claims["preferred_username"]), (&json!("2.0"), &json!("ana@harbor.test")));
        assert!(claims["c_hash"].is_string() && left.parameter("code").is_some());
        let token = leaves(&world, &skiff.request().with("response_type", "id_token token")).await;
        assert_eq!(token.parameter("error").as_deref(), Some("unsupported_response_type"));
        assert!(token.parameter("error_description").unwrap().starts_with("AADSTS700054"));
    });
}

/// What the browser carried ends with the authorization, as everything does.
#[test]
fn an_access_token_that_the_browser_carried_ends_with_its_authorization() {
    on_both_databases(async |world| {
        let skiff = approved(&world).await;
        let left = leaves(&world, &skiff.request().with("response_type", "id_token token")).await;
        let access = left.parameter("access_token").unwrap();
        assert_eq!(world.get("/harbor/lighthouse/_apis/wit/workitems/1").bearer(&access).await.status, 200);
        world.ana().revokes().await;
        assert_eq!(world.get("/harbor/lighthouse/_apis/wit/workitems/1").bearer(&access).await.status, 401);
    });
}

/// The first request of an app is approved on a page, which sends the tokens.
#[test]
fn the_approval_page_sends_the_tokens() {
    on_both_databases(async |world| {
        switched(&world, true).await;
        let skiff = skiff(&world).await;
        let request = skiff.request().with("response_type", "id_token token");
        let left = world.ana().goes_to(&request).await.page().press("approve").await.left();
        assert_eq!(id_token(&world, &left, &request).await["at_hash"], {
            json!(left_half_hash(Algorithm::Rs256, &left.parameter("access_token").unwrap()))
        });
    });
}

/// Only who administers a directory decides, and it is on record.
#[test]
fn an_administrator_of_the_directory_decides_on_a_page() {
    on_both_databases(async |world| {
        assert_eq!(world.ben().opens("/apps/implicit").await.status(), 403);
        let page = world.ana().opens("/apps/implicit").await;
        let saved = page.tick("allowed", "yes").press("save-implicit").await.page();
        assert!(saved.says("It holds from now on"), "{}", saved.text());
        assert!(world.parts().store.allows_implicit(world.harbor()).await.unwrap());
        assert!(!world.parts().store.allows_implicit(world.shore()).await.unwrap());
    });
}
