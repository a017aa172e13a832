use latchkey_jose::{SigningKey, base64url};
use serde_json::json;

use super::*;
use crate::authorize::error::Untrusted;
use crate::authorize::request::CameBy;
use crate::authorize::request::tests::harbor;
use crate::client::Metadata;
use crate::client::key::tests::a_key_of;
use crate::client::registration::tests::a_client;
use crate::parameters::tests::parameters;
use crate::resource::tests::a_resource;
use crate::tenant::Audience;
use crate::token::issuer;

const NOW: Timestamp = Timestamp::from_secs(10_000);
const ORIGIN: &str = "https://id.test";

fn signing(pair: &SigningKey, client: Client) -> Client {
    let mut client = client;
    client.authentication.keys.push(a_key_of(pair));
    client
}

fn payload() -> Value {
    json!({
        "iss": a_client().id.to_string(),
        "aud": issuer(ORIGIN, harbor().id),
        "exp": 10_300,
        "nbf": 9_990,
        "client_id": a_client().id.to_string(),
        "redirect_uri": "https://burndown.test/callback",
        "scope": "openid",
        "state": "inside",
        "max_age": 60,
        "claims": {"id_token": {"email": null}},
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut changed = payload();
    changed[name] = value;
    changed
}

fn without(name: &str) -> Value {
    let mut changed = payload();
    changed.as_object_mut().unwrap().remove(name);
    changed
}

fn sign(pair: &SigningKey, payload: &Value) -> String {
    pair.sign_jwt("oauth-authz-req+jwt", payload).unwrap()
}

fn opened_by(client: &Client, pairs: &[(&str, &str)]) -> Result<Parameters, AuthorizeError> {
    let (audience, resource) = (Audience::Tenant(harbor()), a_resource());
    let context =
        Context { origin: ORIGIN, audience: &audience, resource: &resource, published: &[], came_by: CameBy::Link };
    opened(parameters(pairs), client, context, NOW)
}

fn told(client: &Client, object: &str) -> Option<&'static str> {
    let beside = [("request", object), ("redirect_uri", "https://burndown.test/callback")];
    match opened_by(client, &beside) {
        Ok(_) => None,
        Err(AuthorizeError::TellClient(_, error)) => Some(error.code),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn only_what_is_inside_counts() {
    for algorithm in Algorithm::ALL {
        let pair = SigningKey::generate(algorithm).unwrap();
        let object = sign(&pair, &payload());
        let beside = [("request", object.as_str()), ("state", "outside"), ("nonce", "outside"), ("client_id", "x")];
        let read = opened_by(&signing(&pair, a_client()), &beside).unwrap();
        assert_eq!((read.get("state"), read.get("nonce")), (Some("inside"), None), "{algorithm}");
        assert_eq!((read.get("max_age"), read.get("iss")), (Some("60"), None));
        assert_eq!(read.get("claims"), Some(r#"{"id_token":{"email":null}}"#));
    }
    assert_eq!(opened_by(&a_client(), &[("state", "s")]).unwrap().get("state"), Some("s"), "there is none");
}

#[test]
fn an_object_that_does_not_hold_is_refused() {
    let (pair, other) =
        (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
    let client = signing(&pair, a_client());
    assert_eq!(told(&client, &sign(&pair, &payload())), None);
    for (name, payload) in [
        ("wrong aud", with("aud", json!("https://other.test"))),
        ("another client as iss", with("iss", json!("another"))),
        ("another client_id", with("client_id", json!("another"))),
        ("no client_id", without("client_id")),
        ("expired", with("exp", json!(10_000))),
        ("not valid yet", with("nbf", json!(10_061))),
        ("a request inside", with("request", json!("e30.e30."))),
        ("a request_uri inside", with("request_uri", json!("urn:x"))),
        ("null", with("state", Value::Null)),
    ] {
        assert_eq!(told(&client, &sign(&pair, &payload)), Some("invalid_request_object"), "{name}");
    }
    for good in [with("nbf", json!(10_008)), with("aud", json!(["x", issuer(ORIGIN, harbor().id)])), without("exp")] {
        assert_eq!(told(&client, &sign(&pair, &good)), None, "{good}");
    }
    assert_eq!(told(&client, &sign(&other, &payload())), Some("invalid_request_object"), "another client's key");
    let body = base64url::encode(payload().to_string());
    let unsigned = format!("{}.{body}.", base64url::encode(r#"{"alg":"none"}"#));
    assert_eq!(told(&client, &unsigned), Some("invalid_request_object"), "none");
    let token = pair.sign_jwt("at+jwt", &payload()).unwrap();
    assert_eq!(told(&client, &token), Some("invalid_request_object"), "another kind of token");
}

#[test]
fn the_algorithm_is_the_registered_one_and_a_signature_can_be_required() {
    let pair = SigningKey::generate(Algorithm::Rs256).unwrap();
    let object = sign(&pair, &payload());
    let agreed = Metadata { request_object_signing_alg: Some(Algorithm::Ps256), ..Metadata::default() };
    let client = signing(&pair, Client { metadata: agreed, ..a_client() });
    assert_eq!(told(&client, &object), Some("invalid_request_object"));
    let signed_only = Metadata { require_signed_request_object: true, ..Metadata::default() };
    let client = signing(&pair, Client { metadata: signed_only, ..a_client() });
    assert_eq!(told(&client, &object), None);
    assert_eq!(told(&client, ""), Some("invalid_request"));
}

/// FAPI 2.0 Message Signing §5.3.1.
#[test]
fn in_the_fapi_world_an_object_says_its_time_and_lives_for_an_hour_at_most() {
    let (rsa, pair) =
        (SigningKey::generate(Algorithm::Rs256).unwrap(), SigningKey::generate(Algorithm::Ps256).unwrap());
    let fapi = |pair: &SigningKey| signing(pair, Client { profile: Profile::Fapi2, ..a_client() });
    assert_eq!(told(&fapi(&rsa), &sign(&rsa, &payload())), Some("invalid_request_object"), "RS256");
    assert_eq!(told(&fapi(&pair), &sign(&pair, &payload())), None);
    for bad in [
        without("exp"),
        without("nbf"),
        without("aud"),
        with("exp", json!(9_990 + 3_601)),
        json!({"nbf": 6_399, "exp": 10_000 - 3_601 + 3_600 + 3, "aud": payload()["aud"], "client_id": payload()["client_id"]}),
    ] {
        assert_eq!(told(&fapi(&pair), &sign(&pair, &bad)), Some("invalid_request_object"), "{bad}");
    }
}

#[test]
fn without_a_redirect_uri_that_is_safe_it_is_told_on_our_page() {
    let client = a_client();
    for beside in [vec![("request", "x")], vec![("request", "x"), ("redirect_uri", "https://evil.test/")]] {
        assert_eq!(opened_by(&client, &beside).err(), Some(AuthorizeError::ShowPage(Untrusted::RequestObject)));
    }
}
