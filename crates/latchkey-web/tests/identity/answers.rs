//! How an app is answered: by which algorithm, signed or not, and by which subject it knows a person.

use latchkey_identity::client::{Client, Metadata, SubjectType};
use latchkey_jose::{Algorithm, JwkSet, KeySet, verify};
use latchkey_testkit::builders::{a_native_app, a_web_app};
use latchkey_testkit::relying_party::{claims, header};
use latchkey_testkit::{World, on_both_databases};
use serde_json::{Value, json};

async fn published(world: &World) -> KeySet {
    let document = world.get("/harbor.test/discovery/v2.0/keys").await.text();
    KeySet::from_jwks(&JwkSet::parse(document.as_bytes()).unwrap())
}

/// The claims of a token, after what a client checks.
async fn verified(world: &World, token: &str, typ: &str, algorithm: Algorithm) -> Value {
    assert_eq!(header(token)["alg"], algorithm.name());
    verify::<Value>(token, &published(world).await, &[typ]).unwrap().into_claims()
}

/// OpenID Connect Registration §2: the algorithm that the client registered; RS256 for those that registered none.
#[test]
fn an_id_token_is_signed_by_the_registered_algorithm() {
    on_both_databases(async |world| {
        for algorithm in Algorithm::ALL {
            let metadata = Metadata { id_token_signed_response_alg: Some(algorithm), ..Metadata::default() };
            let name = format!("skiff-{}", algorithm.name().to_lowercase());
            let skiff = world.registers(a_web_app(&name).with_metadata(metadata)).await.asking("openid");
            let ana = world.ana();
            let tokens = ana.authorizes_part(&skiff.request(), |page| page).await;
            let id_token = tokens.id.as_deref().unwrap();
            let told = verified(&world, id_token, "JWT", algorithm).await;
            assert_eq!(told["at_hash"], latchkey_jose::digest::left_half_hash(algorithm, &tokens.access));
            let hinted = skiff.request().with("prompt", "none").with("id_token_hint", id_token);
            assert!(hinted.answered(&ana.goes_to(&hinted).await.left()).is_ok(), "it comes back as a hint");
        }
        let usual = world.ana().authorizes("burndown").await;
        assert_eq!(header(usual.id.as_deref().unwrap())["alg"], "RS256");
    });
}

/// OpenID Connect Core §5.3.2: signed UserInfo is `application/jwt` with `iss` and `aud`, and no `nonce`.
#[test]
fn userinfo_is_signed_for_those_that_registered_for_it() {
    on_both_databases(async |world| {
        for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
            let metadata = Metadata { userinfo_signed_response_alg: Some(algorithm), ..Metadata::default() };
            let name = format!("skiff-{}", algorithm.name().to_lowercase());
            let skiff = world.registers(a_web_app(&name).with_metadata(metadata)).await.asking("openid email");
            let tokens = world.ana().authorizes_part(&skiff.request(), |page| page).await;
            let answer = tokens.userinfo().await;
            assert_eq!(answer.header("content-type"), Some("application/jwt"));
            let told = verified(&world, &answer.text(), "JWT", algorithm).await;
            assert_eq!((&told["iss"], &told["sub"]), (&tokens.id_claims()["iss"], &tokens.id_claims()["sub"]));
            assert_eq!((&told["aud"], &told["email"]), (&json!(skiff.client_id()), &json!("ana@harbor.test")));
            assert!(told.get("nonce").is_none());
            // The same keys sign ID tokens, and it is none.
            let hint = format!("{}?id_token_hint={}", skiff.endpoint("oauth2/v2.0/logout"), answer.text());
            assert_eq!(world.ana().browser().open(&hint).await.page().error_code(), "id_token_hint");
        }
    });
}

/// RFC 9701.
#[test]
fn introspection_is_signed_for_those_that_ask_so() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        let tokens = ana.authorizes("burndown").await;
        let asked = burndown.request_to("introspect", &[("token", &tokens.access)]);
        let answer = asked.header("accept", "application/token-introspection+jwt").await;
        assert_eq!(answer.header("content-type"), Some("application/token-introspection+jwt"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let told = verified(&world, &answer.text(), "token-introspection+jwt", Algorithm::Rs256).await;
        assert_eq!((&told["iss"], &told["aud"]), (&tokens.id_claims()["iss"], &json!(burndown.client_id())));
        assert_eq!(told["token_introspection"]["active"], true);
        assert!(told["iat"].is_i64() && told.get("sub").is_none() && told.get("exp").is_none(), "{told}");
        let foreign = world.app("compass").request_to("introspect", &[("token", &tokens.access)]);
        let foreign = foreign.header("accept", "text/html, application/token-introspection+jwt; q=0.9").await.text();
        assert_eq!(claims(&foreign)["token_introspection"], json!({"active": false}));
    });
}

/// JARM: code, state and errors in one signed parameter.
#[test]
fn an_answer_of_the_authorization_endpoint_can_be_signed() {
    on_both_databases(async |world| {
        let metadata = Metadata { authorization_signed_response_alg: Some(Algorithm::Ps256), ..Metadata::default() };
        let skiff = world.registers(a_web_app("skiff").with_metadata(metadata)).await.asking("openid");
        let ana = world.ana();
        ana.approves_request(&skiff.request()).await;
        for (mode, mark) in [("jwt", '?'), ("query.jwt", '?'), ("fragment.jwt", '#'), ("form_post.jwt", ' ')] {
            for prompt in ["none", ""] {
                let request = skiff.request().with("response_mode", mode).with("prompt", prompt);
                let departure = match ana.goes_to(&request).await {
                    latchkey_testkit::Visit::Page(page) => page.press("continue").await.left(),
                    latchkey_testkit::Visit::Left(departure) => departure,
                };
                assert_eq!(departure.url.contains(&format!("{mark}response=")), mark != ' ', "{}", departure.url);
                assert_eq!(departure.parameters().len(), 1, "{:?}", departure.parameters());
                let told = verified(&world, &departure.parameter("response").unwrap(), "JWT", Algorithm::Ps256).await;
                assert_eq!(told["aud"], skiff.client_id());
                assert_eq!(told["state"], request.value("state"));
                assert!(told["code"].is_string() && told["exp"].is_i64() && told["iss"].is_string(), "{told}");
            }
        }
        let refused = skiff.request().with("response_mode", "jwt").with("scope", "vso.nonsense");
        let left = ana.goes_to(&refused).await.left();
        let told = verified(&world, &left.parameter("response").unwrap(), "JWT", Algorithm::Ps256).await;
        assert_eq!((&told["error"], told.get("code")), (&json!("invalid_scope"), None));
        assert!(left.parameter("error").is_none());
    });
}

/// Nobody is sent to a host that shows who such an app is, so it is a sector of its own: by its id, in whatever way it asks.
#[test]
fn a_pairwise_subject_of_a_native_app_is_its_own_in_a_browser_and_on_a_device() {
    on_both_databases(async |world| {
        let metadata = || Metadata { subject_type: SubjectType::Pairwise, ..Metadata::default() };
        for name in ["kayak", "canoe"] {
            world.registers(a_native_app(name).with_device_codes()).await;
            let pairwise = |client: &mut Client| {
                client.redirect_uris.truncate(1);
                client.metadata = metadata();
            };
            world.changes_app(name, pairwise).await;
        }
        let (kayak, canoe) = (world.app("kayak"), world.app("canoe"));
        let ana = world.ana();
        let mut subjects = Vec::new();
        for party in [&kayak, &canoe] {
            let party = party.clone().asking("openid vso.work");
            let there = ana.authorizes_part(&party.request(), |page| page).await.id_claims()["sub"].clone();
            let device = party.begins_on_a_device().await;
            ana.approves_on(&device).await;
            let on_a_device = device.polls().await.unwrap();
            assert_eq!(on_a_device.id_claims()["sub"], there);
            assert_eq!(on_a_device.userinfo().await.json()["sub"], there);
            subjects.push(there);
        }
        assert_ne!(subjects[0], subjects[1], "both listen on localhost, which is nobody's host");
        assert!(!subjects.contains(&json!(ana.id().to_string())));
    });
}

#[test]
fn a_pairwise_subject_is_the_same_everywhere_and_names_nobody() {
    on_both_databases(async |world| {
        let metadata = || Metadata { subject_type: SubjectType::Pairwise, ..Metadata::default() };
        let skiff = world.registers(a_web_app("skiff").with_metadata(metadata())).await;
        let dinghy = world.registers(a_web_app("dinghy").with_metadata(metadata())).await;
        let ana = world.ana();
        let public = ana.authorizes("burndown").await.id_claims()["sub"].as_str().unwrap().to_owned();
        let asking = |party: &latchkey_testkit::RelyingParty| {
            party.clone().asking("openid offline_access").request().with("client_info", "1")
        };
        let tokens = ana.authorizes_part(&asking(&skiff), |page| page).await;
        let sub = tokens.id_claims()["sub"].clone();
        assert_ne!(sub, json!(public));
        assert_eq!(tokens.userinfo().await.json()["sub"], sub);
        assert_eq!(tokens.access_claims()["sub"], sub);
        for token in [&tokens.access, tokens.refresh.as_ref().unwrap()] {
            assert_eq!(skiff.introspects(token).await["sub"], sub);
        }
        assert_eq!(tokens.refreshed().await.unwrap().id_claims()["sub"], sub);
        let everything = format!("{} {} {}", tokens.id_claims(), tokens.access_claims(), tokens.body);
        assert!(!everything.contains(&public) && tokens.body.get("client_info").is_none(), "{everything}");
        let other = ana.authorizes_part(&asking(&dinghy), |page| page).await.id_claims()["sub"].clone();
        assert_ne!(other, sub, "another host, another subject");
        let hinted = skiff.request().with("scope", "openid").with("prompt", "none");
        let hinted = hinted.with("id_token_hint", tokens.id.as_deref().unwrap());
        assert!(hinted.answered(&ana.goes_to(&hinted).await.left()).is_ok());
        let max = world.max();
        max.approves_request(&asking(&skiff)).await;
        let hinted = hinted.with("state", "2");
        assert_eq!(hinted.answered(&max.goes_to(&hinted).await.left()).err().unwrap().error, "login_required");
    });
}
