//! `private_key_jwt` at every endpoint that clients call in the background. RFC 7523 §3,
//! OpenID Connect Core §9.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use latchkey_identity::client_auth::ASSERTION_TYPE;
use latchkey_identity::client_auth::Method;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::builders::{a_daemon, a_web_app};
use latchkey_testkit::relying_party::RelyingParty;
use latchkey_testkit::server::Answer;
use latchkey_testkit::{World, on_both_databases};
use serde_json::{Value, json};

fn a_pair(algorithm: Algorithm) -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(algorithm).unwrap())
}

async fn robot(world: &World) -> (RelyingParty, Arc<SigningKey>) {
    let pair = a_pair(Algorithm::Es256);
    (world.registers(a_daemon("robot").with_key(&pair)).await.signing_with(&pair), pair)
}

/// A client credentials request with this assertion.
async fn presents(party: &RelyingParty, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let usual = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    party.bare_token_request(&[&usual, more].concat()).send().await
}

#[test]
fn a_key_opens_what_a_secret_opens_at_every_endpoint() {
    on_both_databases(async |world| {
        for algorithm in Algorithm::ALL {
            let pair = a_pair(algorithm);
            let name = format!("keyed-{}", algorithm.name().to_lowercase());
            let app = a_web_app(&name).with_key(&pair).authenticating_only_by(Method::PrivateKeyJwt);
            let keyed = world.registers(app).await.signing_with(&pair);
            let ana = world.ana();
            let code = ana.approves(&keyed.app().name).await;
            let tokens = keyed.redeem(&code).await.unwrap();
            assert!(keyed.by_itself("vso.work").await.is_ok(), "{algorithm}: token");
            let request = keyed.request();
            assert_eq!(request.without("client_id").pushed().await.status, 201, "{algorithm}: par");
            assert_eq!(keyed.introspects(&tokens.access).await["active"], true, "{algorithm}: introspect");
            assert_eq!(keyed.gives_back(&tokens.access).await, 200, "{algorithm}: revoke");
        }
    });
}

#[test]
fn only_the_registered_method_works() {
    on_both_databases(async |world| {
        let pair = a_pair(Algorithm::EdDsa);
        let app = a_daemon("robot").with_key(&pair).authenticating_only_by(Method::PrivateKeyJwt);
        let by_secret = world.registers(app).await;
        let refused = by_secret.by_itself("").await.unwrap_err();
        assert_eq!((refused.status, refused.error.as_str()), (401, "invalid_client"));
        // No assertion at all.
        let id = by_secret.client_id();
        let nothing =
            by_secret.bare_token_request(&[("grant_type", "client_credentials"), ("client_id", &id)]).send().await;
        assert_eq!((nothing.status.as_u16(), nothing.error().as_str()), (401, "invalid_client"));
        assert!(by_secret.signing_with(&pair).by_itself("").await.is_ok());
        let other = world.registers(a_daemon("other").authenticating_only_by(Method::ClientSecretPost)).await;
        assert_eq!(other.by_itself("").await.unwrap_err().error, "invalid_client", "the header is another method");
    });
}

#[test]
fn two_ways_at_once_and_anothers_id_are_refused() {
    on_both_databases(async |world| {
        let (robot, pair) = robot(&world).await;
        let text = |claims: &Value| pair.sign_jwt("JWT", claims).unwrap();
        let doubled = presents(&robot, &text(&robot.assertion_claims()), &[("client_secret", "x")]).await;
        assert_eq!((doubled.status.as_u16(), doubled.error().as_str()), (400, "invalid_request"));
        let nightly = world.app("nightly").client_id();
        let another = presents(&robot, &text(&robot.assertion_claims()), &[("client_id", &nightly)]).await;
        assert_eq!((another.status.as_u16(), another.error().as_str()), (401, "invalid_client"));
        let own = robot.client_id();
        assert!(presents(&robot, &text(&robot.assertion_claims()), &[("client_id", &own)]).await.is_ok());
    });
}

#[test]
fn iss_sub_aud_exp_and_jti_have_to_fit() {
    on_both_databases(async |world| {
        let (robot, pair) = robot(&world).await;
        let now = world.now().as_secs();
        let with = |name: &str, value: Value| {
            let mut claims = robot.assertion_claims();
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value,
            }
            pair.sign_jwt("JWT", &claims).unwrap()
        };
        for (name, value) in [
            ("sub", Value::Null),
            ("iss", json!("someone")),
            ("exp", json!(now - 300)),
            ("exp", json!(now + 86_400)),
            ("exp", Value::Null),
            ("aud", json!("https://elsewhere.test/v2.0")),
            ("aud", json!([robot.endpoint("v2.0"), "https://elsewhere.test"])),
            ("aud", json!(robot.endpoint("oauth2/v2.0/token").replace("https", "http"))),
            ("iat", json!(now + 120)),
            ("nbf", json!(now + 120)),
            ("jti", Value::Null),
        ] {
            let answer = presents(&robot, &with(name, value.clone()), &[]).await;
            assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_client"), "{name}={value}");
        }
        for (name, value) in [
            ("aud", json!(robot.endpoint("oauth2/v2.0/token"))),
            ("aud", json!([robot.endpoint("v2.0")])),
            ("iat", json!(now + 8)),
            ("nbf", json!(now + 8)),
        ] {
            assert!(presents(&robot, &with(name, value.clone()), &[]).await.is_ok(), "{name}={value}");
        }
    });
}

#[test]
fn an_assertion_is_used_once() {
    on_both_databases(async |world| {
        let (robot, pair) = robot(&world).await;
        let claims = robot.assertion_claims();
        assert!(presents(&robot, &pair.sign_jwt("JWT", &claims).unwrap(), &[]).await.is_ok());
        // The same `jti` in another assertion is the same assertion.
        let again = presents(&robot, &pair.sign_jwt("JWT", &claims).unwrap(), &[]).await;
        assert_eq!((again.status.as_u16(), again.error().as_str()), (401, "invalid_client"));
        world.later(std::time::Duration::from_secs(30 * 60));
        assert_eq!(presents(&robot, &pair.sign_jwt("JWT", &claims).unwrap(), &[]).await.status, 401, "it has run out");
    });
}

#[test]
fn the_microsoft_world_writes_as_its_libraries_do_and_sends_it_again() {
    on_both_databases(async |world| {
        let pair = a_pair(Algorithm::Ps256);
        let robot =
            world.registers(a_daemon("robot").of_the_microsoft_profile().with_key(&pair)).await.signing_with(&pair);
        let (id, now) = (robot.client_id(), world.now().as_secs());
        let sign = |header: Value, payload: Value, padded: bool| {
            let encode = |bytes: &[u8]| {
                let text = URL_SAFE.encode(bytes);
                if padded { text } else { text.trim_end_matches('=').to_owned() }
            };
            let start = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.to_string().as_bytes()));
            format!("{start}.{}", encode(&pair.sign(start.as_bytes()).unwrap()))
        };
        let header =
            json!({"alg": "PS256", "typ": "JWT", "x5c": STANDARD.encode("a certificate that nobody looks at")});
        let payload =
            |aud: String| json!({"iss": id, "sub": id, "aud": aud, "jti": "one", "exp": now + 600, "nbf": now});
        let of = |segment: &str| format!("https://latchkey.test/{segment}/oauth2/v2.0/token");
        for segment in [&world.harbor().to_string(), "harbor.test", "common", "organizations"] {
            let text = sign(header.clone(), payload(of(segment)), false);
            for time in ["first", "again"] {
                assert!(presents(&robot, &text, &[]).await.is_ok(), "{segment} {time}");
            }
        }
        let mut texts = payload(of("common"));
        (texts["exp"], texts["nbf"]) = (json!((now + 600).to_string()), json!(now.to_string()));
        assert!(presents(&robot, &sign(header.clone(), texts, false), &[]).await.is_ok(), "times as texts");
        let mut fractions = payload(of("common"));
        fractions["exp"] = json!(now as f64 + 599.966);
        assert!(presents(&robot, &sign(header.clone(), fractions, false), &[]).await.is_ok(), "fractions");
        assert!(presents(&robot, &sign(header.clone(), payload(of("common")), true), &[]).await.is_ok(), "padding");
        let elsewhere = presents(&robot, &sign(header.clone(), payload(of("shore.test")), false), &[]).await;
        assert_eq!((elsewhere.status.as_u16(), elsewhere.error().as_str()), (401, "invalid_client"));
        let tokens = robot.by_itself("").await.unwrap();
        assert_eq!(tokens.access_claims()["azpacr"], "2");
        world.later(std::time::Duration::from_secs(11 * 60));
        assert_eq!(presents(&robot, &sign(header, payload(of("common")), false), &[]).await.status, 401);
        let stranger = a_pair(Algorithm::Ps256);
        let refused = robot.signing_with(&stranger).by_itself("").await.unwrap_err();
        assert!(refused.description.starts_with("AADSTS700027"), "{}", refused.description);
    });
}

#[test]
fn a_token_ends_with_the_key_that_it_was_got_with() {
    on_both_databases(async |world| {
        let (robot, _) = robot(&world).await;
        let tokens = robot.by_itself("").await.unwrap();
        assert_eq!(robot.introspects(&tokens.access).await["active"], true);
        let id = robot.app().id;
        let client = world.store().client(id).await.unwrap().unwrap();
        let key = client.authentication.keys[0].id;
        world.becomes([latchkey_identity::Change::RemoveClientKey { client: id, key }]).await;
        let by_secret = world.app("robot");
        assert_eq!(by_secret.introspects(&tokens.access).await["active"], false);
        assert_eq!(robot.by_itself("").await.unwrap_err().error, "invalid_client");
    });
}

#[test]
fn discovery_names_the_method_and_its_algorithms() {
    on_both_databases(async |world| {
        let document = world.get(&format!("/{}/v2.0/.well-known/openid-configuration", world.harbor())).await.json();
        for endpoint in ["token", "revocation", "introspection"] {
            let methods = document[format!("{endpoint}_endpoint_auth_methods_supported")].as_array().unwrap().clone();
            assert!(methods.contains(&"private_key_jwt".into()), "{endpoint}");
            let algorithms = &document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
            // Behind them stand those of client_secret_jwt.
            let algorithms = &algorithms.as_array().unwrap()[..Algorithm::ALL.len()];
            assert_eq!(json!(algorithms), json!(Algorithm::ALL.map(Algorithm::name)), "{endpoint}");
        }
    });
}
