//! Tokens that are bound to a key, at the API and at git: RFC 9449 §7 and §9.

use latchkey_testkit::dpop::{DpopKey, Proof};
use latchkey_testkit::server::{Answer, Ask};
use latchkey_testkit::{Tokens, World, on_both_databases};
use serde_json::Value;

const PROJECTS: &str = "/harbor/_apis/projects";

/// Ana's tokens of a service that holds a key.
async fn bound(world: &World, key: &DpopKey) -> Tokens {
    let party = world.app("burndown").proving_by(key);
    let code = world.ana().approves_request(&party.request()).await;
    party.redeem(&code).await.unwrap()
}

fn challenges(answer: &Answer) -> Vec<String> {
    let all = answer.headers.get_all("www-authenticate").iter();
    all.map(|value| value.to_str().unwrap().to_owned()).collect()
}

/// The error that the DPoP challenge of a refusal names.
fn refused(answer: &Answer) -> String {
    assert_eq!(answer.status, 401, "{}", answer.text());
    let challenges = challenges(answer);
    let dpop = challenges.iter().find_map(|challenge| challenge.strip_prefix("DPoP "));
    let dpop = dpop.unwrap_or_else(|| panic!("no DPoP challenge: {challenges:?}"));
    assert!(dpop.contains("algs=\"ES256 EdDSA PS256\""), "{dpop}");
    let error = dpop.split_once("error=\"").and_then(|(_, rest)| rest.split_once('"'));
    error.map(|(error, _)| error.to_owned()).unwrap_or_default()
}

#[test]
fn a_bound_token_opens_the_api_with_a_proof_and_with_a_new_one_each_time() {
    on_both_databases(async |world| {
        let key = DpopKey::new();
        let tokens = bound(&world, &key).await;
        for _ in 0..2 {
            let answer = tokens.get(PROJECTS).await;
            assert!(answer.is_ok() && answer.header("dpop-nonce").is_some(), "{}", answer.text());
        }
        let with_query = tokens.get(&format!("{PROJECTS}?api-version=7.1&$top=1")).await;
        assert!(with_query.is_ok(), "htu has no query: {}", with_query.text());
        let connected = tokens.get("/harbor/_apis/connectionData").await;
        assert_eq!(connected.json()["authenticatedUser"]["id"], world.account("ana").to_string());
        // Seen before is not proved before.
        assert_eq!(refused(&world.get(PROJECTS).bearer(&tokens.access).await), "");
        assert_eq!(refused(&world.get(PROJECTS).presenting(&tokens.access).await), "invalid_dpop_proof");
    });
}

#[test]
fn each_proof_that_does_not_hold_is_refused_at_the_api() {
    on_both_databases(async |world| {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let tokens = bound(&world, &key).await;
        let (ask, now) = (world.get(PROJECTS), world.now().as_secs());
        let good = || ask.proof(&key).for_token(&tokens.access);
        let with = async |proof: Proof| {
            let answer = ask.clone().presenting(&tokens.access).proving(&proof).await;
            if answer.is_ok() { "accepted".to_owned() } else { refused(&answer) }
        };
        assert_eq!(with(good()).await, "accepted");
        for (name, value) in [
            ("jti", Value::Null),
            ("htm", Value::Null),
            ("htm", "POST".into()),
            ("htu", Value::Null),
            ("htu", "https://latchkey.test/harbor/_apis/teams".into()),
            ("iat", Value::Null),
            ("iat", (now - 3_600).into()),
            ("iat", (now + 3_600).into()),
            ("ath", Value::Null),
            ("ath", "nonsense".into()),
        ] {
            assert_eq!(with(good().with(name, value.clone())).await, "invalid_dpop_proof", "{name} {value}");
        }
        for (name, value) in [("typ", Value::Null), ("typ", "JWT".into()), ("alg", "none".into()), ("jwk", Value::Null)]
        {
            assert_eq!(with(good().with_header(name, value.clone())).await, "invalid_dpop_proof", "{name} {value}");
        }
        // Signed by another key than the token's; for another token.
        assert_eq!(with(ask.proof(&other).for_token(&tokens.access)).await, "invalid_dpop_proof");
        assert_eq!(with(ask.proof(&key).for_token("another")).await, "invalid_dpop_proof");
        // Two `DPoP` headers.
        let twice = ask.clone().presenting(&tokens.access).proving(&good()).proving(&good()).await;
        assert_eq!(refused(&twice), "invalid_dpop_proof");
        // A reused `jti`.
        let once = good();
        assert_eq!(with(once.clone()).await, "accepted");
        assert_eq!(with(once).await, "invalid_dpop_proof");
        // A nonce that is not of this moment.
        assert_eq!(with(good().with("nonce", "stale")).await, "use_dpop_nonce");
    });
}

#[test]
fn what_ended_is_refused_in_the_words_of_the_scheme() {
    on_both_databases(async |world| {
        let key = DpopKey::new();
        let tokens = bound(&world, &key).await;
        world.ana().revokes().await;
        assert_eq!(refused(&tokens.get(PROJECTS).await), "invalid_token");
        let unbound = world.max().authorizes("burndown").await;
        assert_eq!(refused(&world.get(PROJECTS).dpop(&unbound.access, &key).await), "invalid_dpop_proof");
        assert!(!challenges(&world.get(PROJECTS).bearer("nonsense").await)[0].starts_with("DPoP"));
    });
}

#[test]
fn git_takes_a_bound_token_with_its_proof_and_never_as_a_password() {
    on_both_databases(async |world| {
        let key = DpopKey::new();
        let tokens = bound(&world, &key).await;
        let refs = || -> Ask { world.get("/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack") };
        assert!(refs().dpop(&tokens.access, &key).await.is_ok());
        assert_eq!(refused(&refs().basic("git", &tokens.access).await), "");
        assert_eq!(refused(&refs().basic("git", &tokens.access).proving_by(&key).await), "");
        assert_eq!(refused(&refs().bearer(&tokens.access).await), "");
    });
}

#[test]
fn a_page_of_another_origin_may_prove() {
    on_both_databases(async |world| {
        let asked =
            world.options(PROJECTS).from_page_of("https://lens.test").header("access-control-request-method", "GET");
        assert!(asked.await.header("access-control-allow-headers").unwrap().contains("dpop"));
        let answer = world.get(PROJECTS).await;
        assert!(answer.header("access-control-expose-headers").unwrap().contains("DPoP-Nonce"));
    });
}
