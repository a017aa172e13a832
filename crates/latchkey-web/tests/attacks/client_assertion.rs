//! Whoever has not got a client's key says that they are it: by another algorithm, another key, a key that comes along, a token of another
//! kind, an assertion for somebody else.

use std::sync::Arc;

use latchkey_identity::client_auth::ASSERTION_TYPE;
use latchkey_jose::digest::hmac_sha256;
use latchkey_jose::{Algorithm, SigningKey, base64url};
use latchkey_testkit::builders::{a_daemon, a_web_app};
use latchkey_testkit::relying_party::RelyingParty;
use latchkey_testkit::{World, on_both_databases};
use serde_json::{Value, json};

async fn robot(world: &World) -> (RelyingParty, Arc<SigningKey>) {
    let pair = Arc::new(SigningKey::generate(Algorithm::Rs256).unwrap());
    (world.registers(a_daemon("robot").with_key(&pair)).await.signing_with(&pair), pair)
}

async fn is_refused(party: &RelyingParty, assertion: &str) {
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    let answer = party.bare_token_request(&pairs).send().await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_client"), "{assertion}");
}

fn unsigned(header: &Value, payload: &Value) -> String {
    format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(payload.to_string()))
}

#[test]
fn no_other_algorithm_than_the_keys_counts() {
    on_both_databases(async |world| {
        let (robot, pair) = robot(&world).await;
        let claims = robot.assertion_claims();
        // Unsigned, and in every way that a library once let pass.
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            is_refused(&robot, &format!("{}.", unsigned(&json!({"alg": alg}), &claims))).await;
        }
        // The public key as the secret of an HMAC.
        let public = serde_json::to_string(&pair.public_jwk()).unwrap();
        let start = unsigned(&json!({"alg": "HS256"}), &claims);
        let forged = base64url::encode(hmac_sha256(public.as_bytes(), start.as_bytes()));
        is_refused(&robot, &format!("{start}.{forged}")).await;
        // The same RSA key under the padding that it was not registered for.
        let start = unsigned(&json!({"alg": "PS256", "kid": pair.kid()}), &claims);
        let signature = base64url::encode(pair.sign(start.as_bytes()).unwrap());
        is_refused(&robot, &format!("{start}.{signature}")).await;
    });
}

#[test]
fn a_key_that_comes_along_is_nobodys() {
    on_both_databases(async |world| {
        let (robot, _) = robot(&world).await;
        let own = SigningKey::generate(Algorithm::Es256).unwrap();
        for header in [
            json!({"alg": "ES256", "jwk": own.public_jwk()}),
            json!({"alg": "ES256", "jku": "https://evil.test/keys"}),
            json!({"alg": "ES256", "x5u": "https://evil.test/certificate"}),
            json!({"alg": "ES256", "x5c": ["AAAA"]}),
            json!({"alg": "ES256"}),
        ] {
            let start = unsigned(&header, &robot.assertion_claims());
            let signature = base64url::encode(own.sign(start.as_bytes()).unwrap());
            is_refused(&robot, &format!("{start}.{signature}")).await;
        }
    });
}

#[test]
fn a_token_of_another_kind_is_no_assertion() {
    on_both_databases(async |world| {
        let (robot, pair) = robot(&world).await;
        for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "oauth-authz-req+jwt", "secevent+jwt"] {
            is_refused(&robot, &pair.sign_jwt(typ, &robot.assertion_claims()).unwrap()).await;
        }
        let tokens = robot.by_itself("").await.unwrap();
        is_refused(&robot, &tokens.access).await;
        let id_token = world.ana().authorizes("burndown").await.id.unwrap();
        is_refused(&robot, &id_token).await;
    });
}

#[test]
fn an_assertion_of_another_client_or_for_another_server_is_not_ones_own() {
    on_both_databases(async |world| {
        let (robot, pair) = robot(&world).await;
        let other_pair = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let other = world.registers(a_web_app("other").with_key(&other_pair)).await;
        // The other client's key under this client's name, and this one's under the other's.
        is_refused(&robot, &other_pair.sign_jwt("JWT", &robot.assertion_claims()).unwrap()).await;
        is_refused(&robot, &pair.sign_jwt("JWT", &other.assertion_claims()).unwrap()).await;
        // An audience that a client was talked into, in front of or behind ours. (Audience injection)
        for aud in [
            json!(["https://evil.test", robot.endpoint("v2.0")]),
            json!(format!("{}?x=https://evil.test", robot.endpoint("oauth2/v2.0/token"))),
            json!(format!("{}#", robot.endpoint("v2.0"))),
            json!("https://latchkey.test.evil.test/v2.0"),
            json!(robot.client_id()),
            json!(world.app("burndown").at(&world.shore().to_string()).endpoint("v2.0")),
        ] {
            let mut claims = robot.assertion_claims();
            claims["aud"] = aud;
            is_refused(&robot, &pair.sign_jwt("JWT", &claims).unwrap()).await;
        }
    });
}

#[test]
fn an_assertion_says_nothing_twice() {
    on_both_databases(async |world| {
        let (robot, pair) = robot(&world).await;
        let claims = robot.assertion_claims().to_string();
        let doubled = claims.replacen('{', "{\"sub\":\"someone\",", 1);
        let header = json!({"alg": "RS256", "typ": "JWT"}).to_string();
        let start = format!("{}.{}", base64url::encode(header), base64url::encode(doubled));
        let signature = base64url::encode(pair.sign(start.as_bytes()).unwrap());
        is_refused(&robot, &format!("{start}.{signature}")).await;
    });
}
