//! What the token endpoint answers, and the ID token in it.

use latchkey_jose::Algorithm;
use latchkey_jose::digest::left_half_hash;
use latchkey_testkit::on_both_databases;
use latchkey_testkit::relying_party::header;

/// Checklist 4: an answer is JSON that no cache keeps, of a token and of a refusal.
#[test]
fn every_answer_is_json_that_no_cache_keeps() {
    on_both_databases(async |world| {
        let (burndown, code) = (world.app("burndown"), world.ana().approves("burndown").await);
        let (good, spent) = (burndown.redemption(&code), burndown.redemption(&code));
        for (pairs, status) in [(good, 200), (spent, 400)] {
            let answer = burndown.token_request(&pairs).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, Some("application/json")));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let body = answer.json();
            if status == 200 {
                assert_eq!(body["token_type"], "Bearer");
                assert!((1..=31_536_000).contains(&body["expires_in"].as_i64().unwrap()));
                assert!(body["access_token"].as_str().unwrap().len() >= 22, "128 bits and more");
            } else {
                let told = body["error_description"].as_str().unwrap();
                assert!(told.bytes().all(|byte| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{told}");
            }
        }
    });
}

/// Checklist 5: an ID token of `openid` alone says nothing beyond the protocol, and each of its claims is of its type.
#[test]
fn an_id_token_says_nothing_beyond_the_protocol() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown").asking("openid profile email offline_access");
        let tokens = world.ana().authorizes_part(&burndown.request(), |page| page).await;
        let (claims, now) = (tokens.id_claims(), world.now().as_secs());
        let of_protocol = [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "nbf",
            "jti",
            "auth_time",
            "nonce",
            "acr",
            "amr",
            "azp",
            "at_hash",
            "c_hash",
            "s_hash",
            "sid",
            "txn",
        ];
        for (name, value) in claims.as_object().unwrap() {
            assert!(of_protocol.contains(&name.as_str()), "{name} is for UserInfo");
            assert!(!value.is_null() && value != "", "{name}");
        }
        assert!(header(tokens.id.as_deref().unwrap())["kid"].is_string());
        let number = |name: &str| claims[name].as_i64().unwrap();
        assert_eq!(number("iat"), now);
        assert!((300..=3_600).contains(&(number("exp") - now)), "it lives from 5 to 60 minutes");
        assert!((now - 60..=now).contains(&number("auth_time")));
        assert_eq!(claims["aud"], burndown.client_id());
        let sub = claims["sub"].as_str().unwrap();
        assert!(sub.is_ascii() && (1..=255).contains(&sub.len()) && !sub.trim().is_empty());
        assert_eq!(claims["at_hash"], left_half_hash(Algorithm::Rs256, &tokens.access));
    });
}
