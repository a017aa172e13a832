//! What counts once, and what is counted, counts at all servers together.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use futures_util::future::join_all;
use latchkey_identity::client_auth::ASSERTION_TYPE;
use latchkey_identity::throttle::WINDOW;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::World;
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::dpop::DpopKey;

use crate::on_two_servers;

/// What was shown before the second server began may have been used up, and takes a nonce there: let it be long ago.
fn some_time_later(world: &World) {
    world.seconds_later(300);
}

/// Whoever overheard a request to the token endpoint takes it to the other server. [RFC 9449 §11.1]
#[test]
fn a_proof_that_got_tokens_at_one_server_gets_none_at_another() {
    on_two_servers(async |one, two| {
        some_time_later(one);
        let key = DpopKey::new();
        let ask = one.app("nightly").token_request(&[("grant_type", "client_credentials")]);
        let proof = ask.proof(&key);
        let at = |server: &World| {
            let ask = server.app("nightly").token_request(&[("grant_type", "client_credentials")]);
            ask.proving(&proof).send()
        };
        assert!(at(one).await.is_ok());
        assert_eq!(at(two).await.error(), "invalid_dpop_proof");
        // The same in a crowd.
        let proof = ask.proof(&key);
        let all = (0..64).map(|turn| {
            let ask = (if turn % 2 == 0 { one } else { two }).app("nightly");
            tokio::spawn(ask.token_request(&[("grant_type", "client_credentials")]).proving(&proof).send())
        });
        let answers: Vec<_> = join_all(all).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let refused = answers.iter().filter(|answer| !answer.is_ok());
        assert!(refused.map(latchkey_testkit::Answer::error).all(|error| error == "invalid_dpop_proof"));
    });
}

/// [RFC 7523 §3], 7. [Hydra GHSA-3p3g-vpw6-4w66, Keycloak CVE-2025-2559]
#[test]
fn a_client_assertion_that_was_used_at_one_server_is_worth_nothing_at_another() {
    on_two_servers(async |one, two| {
        let pair = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let robot = one.registers(a_daemon("robot").with_key(&pair)).await;
        let assertion = pair.sign_jwt("JWT", &robot.assertion_claims()).unwrap();
        let at = async |server: &World| {
            let url = robot.endpoint("oauth2/v2.0/token");
            let form = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", assertion.as_str()),
            ];
            server.post(&url).form(form).await
        };
        assert!(at(one).await.is_ok());
        assert_eq!(at(two).await.error(), "invalid_client");
        assert_eq!(at(one).await.error(), "invalid_client");
    });
}

async fn guess(server: &World, from: u8, email: &str, password: &str) -> u16 {
    let browser = server.browser_at(IpAddr::V4(Ipv4Addr::new(198, 51, from, 1)));
    let page = browser.open("/signin").await.page();
    page.fill("email", email).fill("password", password).press("sign-in").await.page().status()
}

/// Whoever guesses has ten tries in a quarter of an hour, however many servers there are and at however many of them they guess at once.
#[test]
fn ten_guesses_at_an_account_reach_the_hash_at_all_servers_together() {
    on_two_servers(async |one, two| {
        let ana = one.ana();
        ana.signs_in().await;
        for email in ["ana@harbor.test", "nobody@harbor.test"] {
            let all = (0..30).map(|from| guess(if from % 2 == 0 { one } else { two }, from, email, "a wrong password"));
            let statuses = join_all(all).await;
            assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 10, "{email}: {statuses:?}");
            assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 20, "{email}: {statuses:?}");
        }
        for server in [one, two] {
            assert_eq!(guess(server, 77, "ana@harbor.test", "correct horse battery staple").await, 429);
        }
        // The owner comes in on the device she knows, at either of them, and nothing that was right is counted.
        for server in [one, two].repeat(6) {
            let there = ana.browser().answered_by(server);
            let page = there.open("/signin?another=1").await.page();
            let page = page.fill("email", "ana@harbor.test").fill("password", "correct horse battery staple");
            assert_eq!(page.press("sign-in").await.page().status(), 200);
        }
        one.later(WINDOW);
        for server in [one, two] {
            assert_eq!(guess(server, 78, "ana@harbor.test", "correct horse battery staple").await, 200);
        }
    });
}
