//! The attacker makes tokens.

use latchkey_jose::{Algorithm, SigningKey, base64url};
use latchkey_testkit::relying_party::{claims, header};
use latchkey_testkit::{World, on_both_databases};
use serde_json::{Value, json};

async fn is_refused(world: &World, token: &str, why: &str) {
    assert_eq!(world.get("/oidc/userinfo").bearer(token).await.status, 401, "UserInfo: {why}");
    assert_eq!(world.get("/harbor/_apis/projects").bearer(token).await.status, 401, "the API: {why}");
}

fn jwt(header: &Value, claims: &Value, signature: &str) -> String {
    format!("{}.{}.{signature}", base64url::encode(header.to_string()), base64url::encode(claims.to_string()))
}

#[test]
fn what_we_did_not_sign_is_not_ours() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let (good, body) = (header(&tokens.access), claims(&tokens.access));
        let signature = tokens.access.rsplit('.').next().unwrap();
        for algorithm in ["none", "None", "", "HS256", "RS256", "ES384"] {
            let mut changed = good.clone();
            changed["alg"] = json!(algorithm);
            is_refused(&world, &jwt(&changed, &body, ""), algorithm).await;
            is_refused(&world, &jwt(&changed, &body, signature), algorithm).await;
        }
        for name in ["crit", "jku", "x5u", "jwk", "x5c", "b64"] {
            let mut changed = good.clone();
            changed[name] = json!("https://evil.test/keys");
            is_refused(&world, &jwt(&changed, &body, signature), name).await;
        }
        let mut unknown = good.clone();
        unknown["kid"] = json!("nobody");
        is_refused(&world, &jwt(&unknown, &body, signature), "another kid").await;
        let mut longer = body.clone();
        longer["exp"] = json!(4_000_000_000_i64);
        is_refused(&world, &jwt(&good, &longer, signature), "changed claims").await;
        let mut wider = body;
        wider["scope"] = json!("user_impersonation");
        is_refused(&world, &jwt(&good, &wider, signature), "more scopes").await;
        assert!(tokens.userinfo().await.is_ok());
    });
}

#[test]
fn another_key_signs_nothing_of_ours() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let body = claims(&tokens.access);
        for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
            let key = SigningKey::generate(algorithm).unwrap();
            is_refused(&world, &key.sign_jwt("at+jwt", &body).unwrap(), "another key").await;
            let signed = key.sign_jwt("at+jwt", &body).unwrap();
            let (_, rest) = signed.split_once('.').unwrap();
            let ours = base64url::encode(header(&tokens.access).to_string());
            is_refused(&world, &format!("{ours}.{rest}"), "another key under our kid").await;
        }
    });
}

#[test]
fn the_public_key_is_no_secret_to_sign_with() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let keys = world.get(&format!("/{}/discovery/v2.0/keys", world.harbor())).await.text();
        let mut head = header(&tokens.access);
        head["alg"] = json!("HS256");
        let unsigned = jwt(&head, &claims(&tokens.access), "");
        let mac = latchkey_jose::digest::hmac_sha256(keys.as_bytes(), unsigned.trim_end_matches('.').as_bytes());
        is_refused(&world, &format!("{unsigned}{}", base64url::encode(mac)), "HMAC with the public key").await;
    });
}

#[test]
fn one_token_has_one_spelling() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let token = &tokens.access;
        let (start, signature) = token.rsplit_once('.').unwrap();
        for (changed, why) in [
            (format!("{token}="), "padding"),
            (format!("{token}."), "a fourth part"),
            (format!("{start}.{}", &signature[..signature.len() - 1]), "a short signature"),
            (format!("{start}."), "no signature"),
            (start.to_owned(), "two parts"),
            (format!("{}{}", token, "A".repeat(20_000)), "twenty kilobytes"),
            (token.to_uppercase(), "capitals"),
        ] {
            is_refused(&world, &changed, why).await;
        }
        assert_eq!(
            world.get("/oidc/userinfo").header("authorization", &format!("Bearer  {token} x")).await.status,
            401
        );
    });
}

/// Our own keys of other algorithms sign tokens for apps that are called. Whoever held one of them would not have a key to the DevOps side.
#[test]
fn a_key_for_apps_that_are_called_signs_nothing_for_us() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let body = claims(&tokens.access);
        let app = world.parts();
        for algorithm in Algorithm::ALL {
            app.begin_to_sign_with(algorithm).await.unwrap();
            let mut for_userinfo = body.clone();
            for_userinfo["aud"] = json!("https://latchkey.test/oidc/userinfo");
            for claims in [&body, &for_userinfo] {
                let signed = app.signer.sign(algorithm, "at+jwt", claims).unwrap();
                let worth = world.app("burndown").introspects(&signed).await;
                assert_eq!(worth["active"], algorithm == Algorithm::Es256, "{algorithm}");
                if algorithm != Algorithm::Es256 {
                    is_refused(&world, &signed, algorithm.name()).await;
                    // Nor under the name of the key that may.
                    let (_, rest) = signed.split_once('.').unwrap();
                    let ours = base64url::encode(header(&tokens.access).to_string());
                    is_refused(&world, &format!("{ours}.{rest}"), "another algorithm under our kid").await;
                }
            }
        }
    });
}
