//! DPoP at the token endpoint, at `par`, at UserInfo and in introspection: RFC 9449 §4.3, §5, §8 and §10.
//! The API's side is in `devops/dpop.rs`.

use latchkey_jose::Algorithm;
use latchkey_testkit::builders::{a_daemon, a_native_app, a_single_page_app};
use latchkey_testkit::dpop::{DpopKey, Proof};
use latchkey_testkit::server::{Answer, Ask};
use latchkey_testkit::{Code, RelyingParty, Tokens, World, on_both_databases};
use serde_json::{Value, json};

/// What a refusal says: status and code.
fn said(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error())
}

fn refusal(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// Ana's tokens of a service that holds a key.
async fn bound(world: &World, party: &RelyingParty) -> Tokens {
    let code = world.ana().approves_request(&party.request()).await;
    party.redeem(&code).await.unwrap()
}

/// A request for a token that needs nothing but a proof.
fn by_itself(world: &World) -> Ask {
    world.app("nightly").token_request(&[("grant_type", "client_credentials")])
}

/// What comes of a proof that `spoil` made another.
async fn with(ask: &Ask, key: &DpopKey, spoil: impl Fn(Proof) -> Proof) -> (u16, String) {
    let answer = ask.clone().proving(&spoil(ask.proof(key))).await;
    if answer.is_ok() { (200, String::new()) } else { said(&answer) }
}

#[test]
fn a_token_is_bound_to_the_key_that_proved() {
    on_both_databases(async |world| {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256] {
            let key = DpopKey::of(algorithm);
            let answer = by_itself(&world).proving_by(&key).await;
            assert_eq!(answer.json()["token_type"], "DPoP");
            let tokens = world.app("nightly").proving_by(&key).read(&answer).unwrap();
            assert_eq!(tokens.access_claims()["cnf"], json!({ "jkt": key.thumbprint() }));
        }
        let key = DpopKey::new();
        let tokens = bound(&world, &world.app("burndown").proving_by(&key)).await;
        assert_eq!(tokens.access_claims()["cnf"], json!({ "jkt": key.thumbprint() }));
        let unbound = world.ana().authorizes("burndown").await;
        assert_eq!(unbound.access_claims().get("cnf"), None);
    });
}

#[test]
fn each_proof_that_does_not_hold_is_refused_at_the_token_endpoint() {
    on_both_databases(async |world| {
        let (key, ask) = (DpopKey::new(), by_itself(&world));
        let (other, bad) = (DpopKey::new(), refusal(400, "invalid_dpop_proof"));
        let now = world.now().as_secs();
        // Two `DPoP` headers; not a JWT.
        let twice = ask.clone().proving(&ask.proof(&key)).proving(&ask.proof(&key)).await;
        assert_eq!(said(&twice), bad);
        for text in ["", "nonsense", "a.b.c", &format!("{}, {}", ask.proof(&key).text(), ask.proof(&key).text())] {
            assert_eq!(said(&ask.clone().header("DPoP", text).await), bad, "{text}");
        }
        // `typ` missing or another; `alg` missing, `none`, or not allowed; `jwk` missing or private.
        let jwk = |change: Value| {
            let mut jwk = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"});
            jwk.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            jwk
        };
        for (name, value) in [
            ("typ", Value::Null),
            ("typ", "JWT".into()),
            ("alg", Value::Null),
            ("alg", "none".into()),
            ("alg", "HS256".into()),
            ("alg", "RS256".into()),
            ("jwk", Value::Null),
            ("jwk", jwk(json!({"d": "AA"}))),
            ("jwk", json!({"kty": "oct", "k": "AA"})),
        ] {
            assert_eq!(with(&ask, &key, |proof| proof.with_header(name, value.clone())).await, bad, "{name} {value}");
        }
        let rsa = DpopKey::of(Algorithm::Rs256);
        assert_eq!(with(&ask, &rsa, |proof| proof).await, bad, "RS256");
        // A bad signature, and the signature of another key.
        let mut text = ask.proof(&key).text();
        text.truncate(text.len() - 4);
        assert_eq!(said(&ask.clone().header("DPoP", &format!("{text}AAAA")).await), bad);
        let foreign = other.proof("POST", "https://latchkey.test/", world.now());
        let foreign = foreign.text().split('.').next_back().unwrap().to_owned();
        let mine = ask.proof(&key).text();
        let mixed = format!("{}.{foreign}", mine.rsplit_once('.').unwrap().0);
        assert_eq!(said(&ask.clone().header("DPoP", &mixed).await), bad);
        // `jti`, `htm`, `htu`, `iat` missing; `htm`, `htu` of another request; `iat` one hour off.
        for (name, value) in [
            ("jti", Value::Null),
            ("htm", Value::Null),
            ("htm", "GET".into()),
            ("htu", Value::Null),
            ("htu", "https://latchkey.test/".into()),
            ("htu", "https://evil.test/token".into()),
            ("iat", Value::Null),
            ("iat", (now - 3_600).into()),
            ("iat", (now + 3_600).into()),
        ] {
            assert_eq!(with(&ask, &key, |proof| proof.with(name, value.clone())).await, bad, "{name} {value}");
        }
        // A reused `jti`.
        let proof = ask.proof(&key);
        assert!(ask.clone().proving(&proof).await.is_ok());
        assert_eq!(said(&ask.clone().proving(&proof).await), bad);
        let elsewhere = ask.proof(&key).with("jti", proof.claim("jti").clone());
        assert_eq!(said(&ask.clone().proving(&elsewhere).await), bad);
        assert!(ask.clone().proving(&ask.proof(&other).with("jti", proof.claim("jti").clone())).await.is_ok());
    });
}

#[test]
fn what_a_proof_may_say_beside_is_accepted() {
    on_both_databases(async |world| {
        world.seconds_later(120);
        let (key, ask, now) = (DpopKey::new(), by_itself(&world), world.now().as_secs());
        let ok = (200, String::new());
        for (name, value) in [
            ("iat", json!(now - 10)),
            ("iat", json!(now + 10)),
            ("extra", json!({"a": [1]})),
            ("nbf", json!(now - 5)),
            ("exp", json!(now + 60)),
        ] {
            assert_eq!(with(&ask, &key, |proof| proof.with(name, value.clone())).await, ok, "{name} {value}");
        }
        assert_eq!(with(&ask, &key, |proof| proof.with_header("extra", 1)).await, ok);
        let htu = ask.proof(&key).claim("htu").as_str().unwrap().to_owned();
        for written in [
            format!("{htu}?a=b#c"),
            htu.replace("https://latchkey.test", "HTTPS://LATCHKEY.TEST"),
            htu.replace("latchkey.test", "latchkey.test:443"),
        ] {
            assert_eq!(with(&ask, &key, |proof| proof.with("htu", written.clone())).await, ok, "{written}");
        }
        let capitals = ask.clone().header("DPOP", &ask.proof(&key).text()).await;
        assert!(capitals.is_ok());
    });
}

#[test]
fn a_stale_nonce_is_answered_with_a_fresh_one_that_works_at_once() {
    on_both_databases(async |world| {
        let (key, ask) = (DpopKey::new(), by_itself(&world));
        let first = ask.clone().proving_by(&key).await;
        key.learns(&first);
        assert_eq!(first.header("cache-control"), Some("no-store"));
        assert!(ask.clone().proving_by(&key).await.is_ok());
        world.seconds_later(3_600);
        for stale in [ask.proof(&key), ask.proof(&key).with("nonce", "made up")] {
            let answer = ask.clone().proving(&stale).await;
            assert_eq!(said(&answer), refusal(400, "use_dpop_nonce"));
            let fresh = DpopKey::new();
            fresh.learns(&answer);
            assert!(ask.clone().proving_by(&fresh).await.is_ok());
        }
        // A clock that is wrong does no harm then.
        key.learns(&ask.clone().proving_by(&DpopKey::new()).await);
        let slow = ask.proof(&key).with("iat", world.now().as_secs() - 3_600);
        assert!(ask.clone().proving(&slow).await.is_ok());
    });
}

#[test]
fn a_page_may_prove_and_read_the_nonce() {
    on_both_databases(async |world| {
        let party = world.registers(a_single_page_app("lens")).await.proving_by(&DpopKey::new());
        let code = world.ana().approves_request(&party.request()).await;
        let answer = party.token_request(&party.redemption(&code)).await;
        assert!(answer.is_ok() && answer.header("dpop-nonce").is_some(), "{}", answer.text());
        assert!(answer.header("access-control-expose-headers").unwrap().contains("DPoP-Nonce"));
        let preflight = world.options(&party.endpoint("oauth2/v2.0/token")).await;
        assert!(preflight.header("access-control-allow-headers").unwrap().contains("dpop"));
    });
}

#[test]
fn a_client_that_registered_for_it_gets_nothing_that_is_not_bound() {
    on_both_databases(async |world| {
        world.changes_app("nightly", |client| client.metadata.dpop_bound_access_tokens = true).await;
        world.changes_app("burndown", |client| client.metadata.dpop_bound_access_tokens = true).await;
        let bare = world.app("nightly").by_itself("").await.unwrap_err();
        assert_eq!((bare.status, bare.error.as_str()), (400, "invalid_request"));
        assert!(by_itself(&world).proving_by(&DpopKey::new()).await.is_ok());
        let code = world.ana().approves("burndown").await;
        let unproven = world.redeem(&code).await.unwrap_err();
        assert_eq!(unproven.error, "invalid_request");
        let party = world.app("burndown").proving_by(&DpopKey::new());
        assert!(party.redeem(&code).await.is_ok(), "the code was not used up by a request without a proof");
    });
}

/// Redeems a code by a request with the proof of a key, or with none.
async fn redeemed_by(party: &RelyingParty, code: &Code, key: Option<&DpopKey>) -> Result<(), String> {
    let party = match key {
        Some(key) => party.clone().proving_by(key),
        None => party.clone().proving_nothing(),
    };
    party.redeem(code).await.map(drop).map_err(|refused| refused.error)
}

#[test]
fn a_code_may_be_bound_to_a_key_by_dpop_jkt() {
    on_both_databases(async |world| {
        let (key, other, party, ana) = (DpopKey::new(), DpopKey::new(), world.app("burndown"), world.ana());
        let request = party.request().with("dpop_jkt", key.thumbprint());
        let code = ana.approves_request(&request).await;
        let grant = Err("invalid_grant".to_owned());
        assert_eq!(redeemed_by(&party, &code, Some(&other)).await, grant);
        assert_eq!(redeemed_by(&party, &code, None).await, grant);
        assert_eq!(redeemed_by(&party, &code, Some(&key)).await, Ok(()));
        let nonsense = party.request().with("dpop_jkt", "nonsense").with("prompt", "consent");
        let refused = nonsense.answered(&ana.goes_to(&nonsense).await.left()).err().unwrap();
        assert_eq!(refused.error, "invalid_request");
    });
}

#[test]
fn a_pushed_request_binds_its_code_by_dpop_jkt_or_by_its_proof() {
    on_both_databases(async |world| {
        let (key, other, ana) = (DpopKey::new(), DpopKey::new(), world.ana());
        let party = world.app("burndown").proving_by(&key);
        // `dpop_jkt` and the proof are of two keys.
        let two = party.request().with("dpop_jkt", other.thumbprint()).pushed().await;
        assert_eq!(said(&two), refusal(400, "invalid_dpop_proof"));
        for named in [None, Some(key.thumbprint())] {
            let request = party.request();
            let request = named.map_or(request.clone(), |named| request.with("dpop_jkt", named));
            let pushed = request.pushed().await;
            assert_eq!(pushed.status, 201, "{}", pushed.text());
            assert!(pushed.header("dpop-nonce").is_some());
            let by_reference =
                request.clone().with("request_uri", pushed.json()["request_uri"].as_str().unwrap()).without("dpop_jkt");
            let code = ana.approves_request(&by_reference).await;
            assert_eq!(redeemed_by(&party, &code, Some(&other)).await, Err("invalid_grant".to_owned()));
            assert_eq!(redeemed_by(&party, &code, None).await, Err("invalid_grant".to_owned()));
            assert_eq!(redeemed_by(&party, &code, Some(&key)).await, Ok(()));
        }
    });
}

#[test]
fn the_refresh_token_of_a_public_client_is_bound_to_its_key() {
    on_both_databases(async |world| {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let party = world.registers(a_native_app("lantern")).await.proving_by(&key);
        let tokens = bound(&world, &party).await;
        for (party, who) in
            [(party.clone().proving_by(&other), "another key"), (party.clone().proving_nothing(), "none")]
        {
            let refused = party.refresh(tokens.refresh_token()).await.unwrap_err();
            assert_eq!((refused.status, refused.error.as_str()), (400, "invalid_grant"), "{who}");
        }
        let next = tokens.refreshed().await.unwrap();
        assert_eq!(next.access_claims()["cnf"]["jkt"], key.thumbprint());
        assert!(next.refreshed().await.is_ok(), "the refusals used nothing up");
    });
}

#[test]
fn a_confidential_client_may_come_with_another_key_and_not_with_none() {
    on_both_databases(async |world| {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let party = world.app("burndown").proving_by(&key);
        let tokens = bound(&world, &party).await;
        let bare = party.clone().proving_nothing().refresh(tokens.refresh_token()).await.unwrap_err();
        assert_eq!((bare.status, bare.error.as_str()), (400, "invalid_grant"));
        let next = party.clone().proving_by(&other).refresh(tokens.refresh_token()).await.unwrap();
        assert_eq!(next.access_claims()["cnf"]["jkt"], other.thumbprint());
        assert!(next.userinfo().await.is_ok());
    });
}

#[test]
fn a_device_proves_like_anybody() {
    on_both_databases(async |world| {
        let key = DpopKey::new();
        let device = world.app("beacon").proving_by(&key).begins_on_a_device().await;
        world.ana().approves_on(&device).await;
        world.seconds_later(5);
        let tokens = device.polls().await.unwrap();
        assert_eq!(tokens.access_claims()["cnf"]["jkt"], key.thumbprint());
    });
}

#[test]
fn userinfo_asks_for_the_proof_each_time() {
    on_both_databases(async |world| {
        let key = DpopKey::new();
        let tokens = bound(&world, &world.app("burndown").proving_by(&key)).await;
        for _ in 0..2 {
            let answer = tokens.userinfo().await;
            assert!(answer.is_ok() && answer.header("dpop-nonce").is_some(), "{}", answer.text());
        }
        let ask = world.get("/oidc/userinfo");
        let lower = ask.clone().header("authorization", &format!("dpop {}", tokens.access));
        assert!(lower.proving(&ask.proof(&key).for_token(&tokens.access)).await.is_ok());

        // As `Bearer`, in a form, without a proof, by another key, for another token.
        let challenges = |answer: &Answer| -> Vec<String> {
            let all = answer.headers.get_all("www-authenticate").iter();
            all.map(|value| value.to_str().unwrap().to_owned()).collect()
        };
        let bearer = ask.clone().bearer(&tokens.access).proving_by(&key).await;
        assert_eq!(said(&bearer), refusal(401, "invalid_dpop_proof"));
        assert!(challenges(&bearer)[1].starts_with("DPoP ") && challenges(&bearer)[1].contains("algs=\"ES256"));
        let form = world.post("/oidc/userinfo").form([("access_token", &tokens.access)]).await;
        assert_eq!(said(&form), refusal(401, "invalid_dpop_proof"));
        let bare = ask.clone().presenting(&tokens.access).await;
        assert_eq!(said(&bare), refusal(401, "invalid_dpop_proof"));
        assert!(challenges(&bare)[1].contains("error=\"invalid_dpop_proof\""), "{:?}", challenges(&bare));
        let other = ask.clone().dpop(&tokens.access, &DpopKey::new()).await;
        assert_eq!(said(&other), refusal(401, "invalid_dpop_proof"));
        let without_ath = ask.clone().presenting(&tokens.access).proving_by(&key).await;
        assert_eq!(said(&without_ath), refusal(401, "invalid_dpop_proof"));
        let stale = ask.proof(&key).for_token(&tokens.access).with("nonce", "stale");
        let stale = ask.clone().presenting(&tokens.access).proving(&stale).await;
        assert_eq!(said(&stale), refusal(401, "use_dpop_nonce"));
        assert!(challenges(&stale)[1].contains("error=\"use_dpop_nonce\"") && stale.header("dpop-nonce").is_some());
        // A token that is not bound is presented as what it is.
        let unbound = world.ana().authorizes("burndown").await;
        assert_eq!(ask.clone().dpop(&unbound.access, &key).await.status, 401);
    });
}

#[test]
fn introspection_says_what_a_token_is_bound_to() {
    on_both_databases(async |world| {
        let key = DpopKey::new();
        let party = world.app("burndown").proving_by(&key);
        let tokens = bound(&world, &party).await;
        let worth = party.introspects(&tokens.access).await;
        assert_eq!((&worth["active"], &worth["token_type"]), (&json!(true), &json!("DPoP")));
        assert_eq!(worth["cnf"], json!({ "jkt": key.thumbprint() }));
        assert_eq!(party.introspects(tokens.refresh_token()).await["active"], true);
        assert_eq!(party.gives_back(&tokens.access).await, 200, "giving a token back takes no proof");
        let robot = world.registers(a_daemon("robot")).await;
        let own = robot.clone().proving_by(&key).by_itself("").await.unwrap();
        assert_eq!(robot.introspects(&own.access).await["cnf"]["jkt"], key.thumbprint());
        let unbound = robot.by_itself("").await.unwrap();
        let worth = robot.introspects(&unbound.access).await;
        assert_eq!((&worth["token_type"], worth.get("cnf")), (&json!("Bearer"), None));
    });
}

#[test]
fn the_metadata_lists_what_proofs_may_be_signed_with() {
    on_both_databases(async |world| {
        let metadata = world.get(&format!("/{}/v2.0/.well-known/openid-configuration", world.harbor())).await.json();
        assert_eq!(metadata["dpop_signing_alg_values_supported"], json!(["ES256", "EdDSA", "PS256"]));
    });
}
