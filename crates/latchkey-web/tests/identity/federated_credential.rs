//! Tokens of another issuer in place of a secret, at the token endpoint: a CI job holds none.

use std::sync::Arc;

use latchkey_identity::Change;
use latchkey_identity::client::federated_credential::USUAL_AUDIENCE;
use latchkey_identity::client_auth::ASSERTION_TYPE;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::relying_party::{Refused, RelyingParty, Tokens};
use latchkey_testkit::remote::{json as document, status};
use latchkey_testkit::{World, on_both_databases};
use serde_json::{Value, json};

const CI: &str = "https://ci.test";
const JOB: &str = "repo:harbor/lighthouse:ref:refs/heads/main";

fn a_pair() -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(Algorithm::Rs256).unwrap())
}

/// What a job is handed by its platform.
fn job(world: &World, issuer: &str) -> Value {
    let now = world.now().as_secs();
    json!({"iss": issuer, "sub": JOB, "aud": USUAL_AUDIENCE, "iat": now, "nbf": now, "exp": now + 600})
}

async fn shows(app: &RelyingParty, pair: &SigningKey, claims: &Value) -> Result<Tokens, Refused> {
    let (id, assertion) = (app.client_id(), pair.sign_jwt("JWT", claims).unwrap());
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
    ];
    let answer = app.bare_token_request(&pairs).send().await;
    app.read(&answer)
}

#[test]
fn a_job_gets_a_token_by_what_its_platform_says_of_it_again_and_again() {
    on_both_databases(async |world| {
        let pair = a_pair();
        let app = world.registers(a_daemon("deployer").trusting(CI, JOB, Some(&pair))).await;
        let claims = job(&world, CI);
        let tokens = shows(&app, &pair, &claims).await.unwrap();
        assert_eq!(tokens.access_claims()["sub"], app.client_id());
        assert!(shows(&app, &pair, &claims).await.is_ok(), "a workload has one token for a while");
        assert_eq!(app.introspects(&tokens.access).await["active"], true);
        // With the credential ends what was got with it.
        let client = world.store().client(app.app().id).await.unwrap().unwrap();
        let credential = client.authentication.federated[0].id;
        world.becomes([Change::RemoveFederatedCredential { client: client.id, credential }]).await;
        assert_eq!(app.introspects(&tokens.access).await["active"], false);
        assert_eq!(shows(&app, &pair, &claims).await.unwrap_err().error, "invalid_client");
    });
}

#[test]
fn what_does_not_fit_letter_by_letter_is_refused() {
    on_both_databases(async |world| {
        let pair = a_pair();
        let app = a_daemon("deployer").trusting(CI, JOB, Some(&pair)).of_the_microsoft_profile();
        let app = world.registers(app).await;
        let now = world.now().as_secs();
        for (name, value, number) in [
            ("iss", json!("https://ci.test/"), 700_211),
            ("sub", json!("repo:harbor/lighthouse:ref:refs/heads/main2"), 700_212),
            ("sub", json!("REPO:harbor/lighthouse:ref:refs/heads/main"), 700_212),
            ("aud", json!("https://elsewhere.test"), 700_213),
            ("aud", json!([USUAL_AUDIENCE, "https://elsewhere.test"]), 700_213),
            ("exp", json!(now - 300), 700_024),
            ("exp", json!(now + 3 * 86_400), 700_024),
            ("nbf", json!(now + 300), 700_024),
        ] {
            let mut claims = job(&world, CI);
            claims[name] = value.clone();
            let refused = shows(&app, &pair, &claims).await.unwrap_err();
            assert_eq!((refused.status, refused.error.as_str()), (401, "invalid_client"), "{name}={value}");
            assert!(refused.description.starts_with(&format!("AADSTS{number}:")), "{}", refused.description);
        }
        assert!(shows(&app, &a_pair(), &job(&world, CI)).await.is_err(), "another key");
    });
}

#[test]
fn the_keys_are_those_that_the_issuer_publishes() {
    on_both_databases(async |world| {
        let (pair, next) = (a_pair(), a_pair());
        let issuer = "https://service.test/ci";
        let publishes = |pair: &SigningKey, named: &str| {
            let keys = json!({"keys": [pair.public_jwk()]});
            let metadata = json!({"issuer": named, "jwks_uri": "https://service.test/keys"});
            move |asked: &latchkey_testkit::remote::Asked| match asked.head.uri.path() {
                "/ci/.well-known/openid-configuration" => document(&metadata),
                "/keys" => document(&keys),
                _ => status(404),
            }
        };
        let ci = world.remote("service.test", publishes(&pair, issuer)).await;
        let app = world.registers(a_daemon("deployer").trusting(issuer, JOB, None)).await;
        for _ in 0..3 {
            assert!(shows(&app, &pair, &job(&world, issuer)).await.is_ok());
        }
        assert_eq!(ci.asked().len(), 2, "metadata and keys, once");
        // It rotates: an unknown key makes it be asked again, not at once but soon.
        ci.answers(publishes(&next, issuer));
        assert!(shows(&app, &next, &job(&world, issuer)).await.is_err());
        world.seconds_later(60);
        assert!(shows(&app, &next, &job(&world, issuer)).await.is_ok());
        // Metadata of another issuer are not its own.
        ci.answers(publishes(&pair, "https://evil.test"));
        world.seconds_later(60);
        assert!(shows(&app, &pair, &job(&world, issuer)).await.is_err());
    });
}

#[test]
fn a_token_of_ours_stands_for_nobodys_app() {
    on_both_databases(async |world| {
        let ours = format!("https://latchkey.test/{}/v2.0", world.harbor());
        // Even if it was registered so, as no page and no command does.
        let app = world.registers(a_daemon("deployer").trusting(&ours, JOB, None)).await;
        let tokens = world.app("nightly").by_itself("").await.unwrap();
        let id_token = world.ana().authorizes("burndown").await.id.unwrap();
        for text in [&tokens.access, &id_token] {
            let id = app.client_id();
            let pairs = [
                ("grant_type", "client_credentials"),
                ("client_id", id.as_str()),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", text),
            ];
            assert_eq!(app.bare_token_request(&pairs).send().await.error(), "invalid_client");
        }
    });
}

#[test]
fn the_issuer_does_not_speak_in_the_apps_own_name() {
    on_both_databases(async |world| {
        let pair = a_pair();
        let app = world.registers(a_daemon("deployer").trusting(CI, JOB, Some(&pair))).await;
        assert_eq!(shows(&app, &pair, &app.assertion_claims()).await.unwrap_err().error, "invalid_client");
        let other = world.registers(a_daemon("other")).await;
        assert_eq!(shows(&other, &pair, &job(&world, CI)).await.unwrap_err().error, "invalid_client");
    });
}
