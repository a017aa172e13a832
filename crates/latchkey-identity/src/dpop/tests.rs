use latchkey_jose::{SigningKey, base64url};
use serde_json::{Value, json};

use super::*;
use crate::secret::{Purpose, PurposeKey};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
const TOKEN: &str = "an.access.token";

const AT_THE_TOKEN_ENDPOINT: ProvenRequest<'_> = ProvenRequest {
    method: "POST",
    origin: "https://id.test",
    path: "/harbor/oauth2/v2.0/token",
    access_token: None,
    nonce_required: false,
};

const AT_THE_API: ProvenRequest<'_> =
    ProvenRequest { method: "GET", path: "/harbor/_apis/projects", access_token: Some(TOKEN), ..AT_THE_TOKEN_ENDPOINT };

fn nonces() -> Nonces {
    nonces_since(Timestamp::from_secs(0))
}

fn nonces_since(started: Timestamp) -> Nonces {
    Nonces::new(PurposeKey::derive(&[0; 32], Purpose::DpopNonce).unwrap(), started)
}

/// A proof whose claims are `claims`, signed by `key`.
fn proof(key: &SigningKey, claims: &Value) -> String {
    let header = json!({"typ": "dpop+jwt", "alg": key.algorithm().name(), "jwk": key.public_jwk()});
    let message = format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(claims.to_string()));
    let signature = key.sign(message.as_bytes()).unwrap();
    format!("{message}.{}", base64url::encode(signature))
}

/// Good claims for a request to the API with a change; `null` takes a claim out.
fn claims(change: &Value) -> Value {
    let mut claims = json!({
        "jti": "once", "htm": "GET", "htu": "https://id.test/harbor/_apis/projects", "iat": NOW.as_secs(),
        "ath": base64url::encode(sha256(TOKEN)),
    });
    let members = claims.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
    claims
}

fn checked(request: ProvenRequest<'_>, claims: &Value) -> Result<Fitting, DpopError> {
    check(&proof(&SigningKey::generate(Algorithm::Es256).unwrap(), claims), request, &nonces(), NOW)
}

fn refused(change: Value) -> &'static str {
    match checked(AT_THE_API, &claims(&change)) {
        Ok(_) => panic!("{change} was accepted"),
        Err(error) => error.code(),
    }
}

#[test]
fn a_proof_is_for_one_request_with_one_token() {
    assert!(checked(AT_THE_API, &claims(&json!({}))).is_ok());
    for change in [
        json!({"jti": null}),
        json!({"jti": ""}),
        json!({"jti": "x".repeat(1_000)}),
        json!({"jti": 1}),
        json!({"htm": null}),
        json!({"htm": "POST"}),
        json!({"htm": "get"}),
        json!({"htu": null}),
        json!({"htu": "https://id.test/harbor/_apis/teams"}),
        json!({"htu": "https://other.test/harbor/_apis/projects"}),
        json!({"iat": null}),
        json!({"iat": "now"}),
        json!({"ath": null}),
        json!({"ath": base64url::encode(sha256("another"))}),
        json!({"ath": TOKEN}),
        json!({"nbf": NOW.as_secs() + 600}),
        json!({"exp": NOW.as_secs() - 600}),
    ] {
        assert_eq!(refused(change.clone()), "invalid_dpop_proof", "{change}");
    }
}

#[test]
fn what_else_stands_in_a_proof_does_no_harm() {
    let with = json!({"extra": {"a": [1]}, "nbf": NOW.as_secs() - 5, "exp": NOW.as_secs() + 60});
    assert!(checked(AT_THE_API, &claims(&with)).is_ok());
    assert!(
        checked(
            AT_THE_TOKEN_ENDPOINT,
            &claims(&json!({"htm": "POST", "htu": "https://id.test/harbor/oauth2/v2.0/token"}))
        )
        .is_ok()
    );
}

#[test]
fn clocks_differ_by_seconds_and_not_by_an_hour() {
    for (seconds, holds) in
        [(-3_600, false), (-61, false), (-60, true), (-10, true), (10, true), (11, false), (3_600, false)]
    {
        let made = checked(AT_THE_API, &claims(&json!({"iat": NOW.as_secs() + seconds})));
        assert_eq!(made.is_ok(), holds, "{seconds}");
    }
}

#[test]
fn a_time_with_a_fraction_is_a_time() {
    let made = claims(&json!({"iat": 1_000_000.75, "exp": 1_000_060.5}));
    assert!(checked(AT_THE_API, &made).is_ok());
    assert_eq!(refused(json!({"iat": 1_000_011.75})), "invalid_dpop_proof");
}

#[test]
fn a_nonce_of_ours_tells_the_time_better_than_the_clock_of_the_client() {
    let nonce = nonces().current(NOW);
    assert!(checked(AT_THE_API, &claims(&json!({"nonce": nonce}))).is_ok());
    assert!(checked(AT_THE_API, &claims(&json!({"nonce": nonce, "iat": NOW.as_secs() - 3_600}))).is_ok());
    let old = nonces().current(Timestamp::from_secs(NOW.as_secs() - 3_600));
    for stale in [old.as_str(), "", "made up"] {
        assert_eq!(refused(json!({"nonce": stale})), "use_dpop_nonce", "{stale}");
    }
    let required = ProvenRequest { nonce_required: true, ..AT_THE_API };
    assert_eq!(checked(required, &claims(&json!({}))), Err(DpopError::UseNonce));
    assert!(checked(required, &claims(&json!({"nonce": nonce}))).is_ok());
    // Who is told to come back with a nonce has done everything else right.
    let wrong = checked(required, &claims(&json!({"htm": "POST"}))).unwrap_err();
    assert_eq!(wrong.code(), "invalid_dpop_proof");
}

#[test]
fn what_may_have_been_used_before_the_server_started_is_proved_anew() {
    let (key, started) = (SigningKey::generate(Algorithm::Es256).unwrap(), nonces_since(NOW));
    let made = |claims: Value| check(&proof(&key, &claims), AT_THE_API, &started, NOW).map(drop);
    assert_eq!(made(claims(&json!({}))), Ok(()));
    assert_eq!(made(claims(&json!({"iat": NOW.as_secs() - 1}))), Err(DpopError::UseNonce));
    let before = started.current(NOW - Duration::from_secs(1));
    assert_eq!(made(claims(&json!({"nonce": before}))), Err(DpopError::UseNonce));
    assert_eq!(made(claims(&json!({"nonce": started.current(NOW), "iat": 0}))), Ok(()));
}

#[test]
fn a_proof_counts_once_and_names_its_key() {
    let (key, mut replays) = (SigningKey::generate(Algorithm::EdDsa).unwrap(), Replays::default());
    let text = proof(&key, &claims(&json!({})));
    let fitting = || check(&text, AT_THE_API, &nonces(), NOW).unwrap();
    let proven = fitting().used(&mut replays, NOW).unwrap();
    assert_eq!(proven.confirmation(), Confirmation::Key(Thumbprint::of(&key.public_jwk().key)));
    let again = fitting().used(&mut replays, NOW).unwrap_err();
    assert_eq!(again, DpopError::Invalid("the DPoP proof was used before".into()));
}

#[test]
fn every_algorithm_that_is_advertised_is_accepted_and_no_other() {
    for algorithm in Algorithm::ALL {
        let text = proof(&SigningKey::generate(algorithm).unwrap(), &claims(&json!({})));
        assert_eq!(check(&text, AT_THE_API, &nonces(), NOW).is_ok(), ALGORITHMS.contains(&algorithm), "{algorithm}");
    }
}
