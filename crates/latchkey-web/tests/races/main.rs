//! Many at once, on one thing that happens once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use futures_util::future::join_all;
use latchkey_identity::client_auth::ASSERTION_TYPE;
use latchkey_identity::client_auth::Method;
use latchkey_jose::mac::MacAlgorithm;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::builders::{a_daemon, a_web_app};
use latchkey_testkit::dpop::DpopKey;
use latchkey_testkit::remote::status;
use latchkey_testkit::{Refused, Tokens, World, on_both_databases};

const CROWD: usize = 64;

/// The results of as many of the same request, all at once.
async fn crowd<F>(request: impl Fn() -> F) -> Vec<Result<Tokens, Refused>>
where
    F: Future<Output = Result<Tokens, Refused>> + Send + 'static,
{
    let all: Vec<_> = (0..CROWD).map(|_| tokio::spawn(request())).collect();
    join_all(all).await.into_iter().map(|joined| joined.expect("nothing panics")).collect()
}

/// The errors of those that were refused.
fn errors(results: &[Result<Tokens, Refused>]) -> Vec<&str> {
    results.iter().filter_map(|result| result.as_ref().err()).map(|refused| refused.error.as_str()).collect()
}

fn winners(results: &[Result<Tokens, Refused>]) -> Vec<&Tokens> {
    results.iter().filter_map(|result| result.as_ref().ok()).collect()
}

#[test]
fn of_64_that_redeem_one_code_one_gets_tokens_and_they_are_worth_nothing() {
    on_both_databases(async |world| {
        let code = world.ana().approves("burndown").await;
        let results = crowd(|| {
            let (world, code) = (world.clone(), code.clone());
            async move { world.redeem(&code).await }
        })
        .await;
        let winners = winners(&results);
        assert_eq!(winners.len(), 1);
        assert_eq!(errors(&results), ["invalid_grant"; CROWD - 1]);
        // Sixty-three others held a copy of the code, so what it produced has ended.
        assert_eq!(winners[0].userinfo().await.status, 401);
        assert_eq!(winners[0].refreshed().await.err().unwrap().error, "invalid_grant");
    });
}

#[test]
fn of_64_that_send_one_refresh_token_all_get_the_same_successor() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let results = crowd(|| {
            let tokens = tokens.clone();
            async move { tokens.refreshed().await }
        })
        .await;
        assert_eq!(errors(&results), [""; 0]);
        let successor = winners(&results)[0].refresh.clone();
        assert!(winners(&results).iter().all(|tokens| tokens.refresh == successor && tokens.refresh.is_some()));
        assert!(winners(&results)[0].refreshed().await.is_ok(), "the family lives");
    });
}

#[test]
fn a_refresh_token_and_its_successor_at_once_leave_one_line_or_none() {
    on_both_databases(async |world| {
        let first = world.ana().authorizes("burndown").await;
        let second = first.refreshed().await.unwrap();
        let turn = std::sync::atomic::AtomicUsize::new(0);
        let results = crowd(|| {
            let even = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed).is_multiple_of(2);
            let tokens = if even { first.clone() } else { second.clone() };
            async move { tokens.refreshed().await }
        })
        .await;
        // The old token after its successor was used is a theft: the family ends, and every successor with it.
        let mut lines: Vec<&str> = winners(&results).into_iter().map(Tokens::refresh_token).collect();
        lines.sort_unstable();
        lines.dedup();
        assert!(lines.len() <= 2, "the one successor of each: {}", lines.len());
        assert!(first.refreshed().await.is_err());
        assert!(second.refreshed().await.is_err());
        for tokens in winners(&results) {
            assert!(tokens.refreshed().await.is_err(), "nothing of that family works");
        }
    });
}

#[test]
fn after_a_revocation_is_acknowledged_no_refresh_gets_through() {
    on_both_databases(async |world: World| {
        for _ in 0..8 {
            let ana = world.ana();
            let tokens = ana.authorizes("burndown").await;
            let page = ana.opens("/profile/authorizations").await;
            let id = page.attributes("data-authorization")[0].clone();
            let refreshing = crowd(|| {
                let tokens = tokens.clone();
                async move { tokens.refreshed().await }
            });
            let revoking = async {
                let done = page.press(&format!("revoke-{id}")).await.page();
                assert_eq!(done.heading(), "Access has ended");
                tokens.refreshed().await
            };
            let (results, after) = tokio::join!(refreshing, revoking);
            assert_eq!(after.err().unwrap().error, "invalid_grant");
            for tokens in winners(&results) {
                assert_eq!(tokens.userinfo().await.status, 401, "what got out before has ended with it");
                assert!(tokens.refreshed().await.is_err());
            }
        }
    });
}

#[test]
fn after_a_pause_is_acknowledged_no_refresh_gets_through_and_after_a_resume_nothing_is_lost() {
    on_both_databases(async |world: World| {
        for _ in 0..4 {
            let ana = world.ana();
            let tokens = ana.authorizes("burndown").await;
            let id = ana.authorization("burndown").await;
            let page = ana.opens("/profile/authorizations").await;
            let refreshing = crowd(|| {
                let tokens = tokens.clone();
                async move { tokens.refreshed().await }
            });
            let pausing = async {
                page.press(&format!("pause-{id}")).await.page();
                tokens.refreshed().await
            };
            let (results, after) = tokio::join!(refreshing, pausing);
            assert_eq!(after.err().unwrap().error, "invalid_grant");
            for tokens in winners(&results) {
                assert_eq!(tokens.userinfo().await.status, 401, "what got out before is paused too");
            }
            ana.resumes("burndown").await;
            let successors = winners(&results);
            assert!(successors.iter().all(|one| one.refresh == successors[0].refresh));
            assert!(successors.first().copied().unwrap_or(&tokens).refreshed().await.is_ok(), "the line goes on");
        }
    });
}

#[test]
fn of_64_that_pause_resume_refresh_and_revoke_one_authorization_the_revocation_stays() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let id = ana.authorization("burndown").await;
        let open = ana.opens("/profile/authorizations").await;
        let paused = open.press(&format!("pause-{id}")).await.page();
        let all: Vec<_> = (0..CROWD)
            .map(|number| {
                let (open, paused, tokens, id) = (open.clone(), paused.clone(), tokens.clone(), id.clone());
                tokio::spawn(async move {
                    match number % 8 {
                        0 => drop(open.press(&format!("revoke-{id}")).await),
                        1 | 2 => drop(open.press(&format!("pause-{id}")).await),
                        3 | 4 => drop(paused.press(&format!("resume-{id}")).await),
                        _ => drop(tokens.refreshed().await),
                    }
                })
            })
            .collect();
        for done in join_all(all).await {
            done.expect("nothing panics");
        }
        assert_eq!(world.store().authorizations_of(ana.id()).await.unwrap(), []);
        assert_eq!(tokens.userinfo().await.status, 401);
        assert!(tokens.refreshed().await.is_err());
        paused.press(&format!("resume-{id}")).await.page();
        assert_eq!(tokens.userinfo().await.status, 401, "nothing brings back what was revoked");
    });
}

#[test]
fn of_64_answers_to_one_approval_page_one_counts() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let request = world.app("burndown").request();
        let page = ana.goes_to(&request).await.page();
        let all: Vec<_> = (0..CROWD)
            .map(|_| {
                let page = page.clone();
                tokio::spawn(async move { page.press("approve").await })
            })
            .collect();
        let mut codes = 0;
        for visit in join_all(all).await {
            match visit.expect("nothing panics") {
                latchkey_testkit::Visit::Left(departure) => codes += usize::from(request.answered(&departure).is_ok()),
                latchkey_testkit::Visit::Page(page) => assert!(matches!(page.status(), 400 | 422), "{}", page.text()),
            }
        }
        assert_eq!(codes, 1);
        assert_eq!(world.store().authorizations_of(ana.id()).await.unwrap().len(), 1);
    });
}

#[test]
fn of_64_denials_on_one_approval_page_one_is_told_to_the_app() {
    on_both_databases(async |world| {
        let page = world.ana().goes_to(&world.app("burndown").request()).await.page();
        let all: Vec<_> = (0..CROWD)
            .map(|_| {
                let page = page.clone();
                tokio::spawn(async move { page.press("deny").await })
            })
            .collect();
        let mut told = 0;
        for visit in join_all(all).await {
            match visit.expect("nothing panics") {
                latchkey_testkit::Visit::Left(_) => told += 1,
                latchkey_testkit::Visit::Page(page) => assert_eq!(page.error_code(), "flow_answered"),
            }
        }
        assert_eq!(told, 1);
    });
}

#[test]
fn eight_approvals_of_one_app_in_as_many_browsers_make_one_authorization() {
    on_both_databases(async |world| {
        let mut pages = Vec::new();
        for _ in 0..8 {
            let ana = world.ana();
            pages.push(ana.goes_to(&world.app("burndown").request()).await.page());
        }
        let all: Vec<_> =
            pages.into_iter().map(|page| tokio::spawn(async move { page.press("approve").await })).collect();
        for visit in join_all(all).await {
            drop(visit.expect("nothing panics"));
        }
        assert_eq!(world.store().authorizations_of(world.account("ana")).await.unwrap().len(), 1);
    });
}

#[test]
fn of_64_polls_of_one_approved_device_one_gets_tokens_and_they_are_worth_nothing() {
    on_both_databases(async |world| {
        let device = world.app("beacon").begins_on_a_device().await;
        world.ana().approves_on(&device).await;
        let results = crowd(|| {
            let device = device.clone();
            async move { device.polls().await }
        })
        .await;
        let winners = winners(&results);
        assert_eq!(winners.len(), 1);
        assert_eq!(errors(&results), ["invalid_grant"; CROWD - 1]);
        // Sixty-three others held a copy of the device code, so what it produced has ended.
        assert_eq!(winners[0].userinfo().await.status, 401);
        assert_eq!(winners[0].refreshed().await.err().unwrap().error, "invalid_grant");
    });
}

#[test]
fn of_eight_people_who_answer_for_one_device_one_counts() {
    on_both_databases(async |world| {
        let device = world.app("beacon").begins_on_a_device().await;
        let mut pages = Vec::new();
        for name in ["ana", "max", "ana", "max", "ana", "max", "ana", "max"] {
            pages.push(world.person(name).considers(&device).await);
        }
        let all: Vec<_> =
            pages.into_iter().map(|page| tokio::spawn(async move { page.press("approve").await })).collect();
        let mut approved = 0;
        for visit in join_all(all).await {
            let page = visit.expect("nothing panics").page();
            match page.status() {
                200 => approved += 1,
                status => assert!(matches!(status, 400 | 422), "{}", page.text()),
            }
        }
        assert_eq!(approved, 1);
        let given = async |name| world.store().authorizations_of(world.account(name)).await.unwrap().len();
        assert_eq!(given("ana").await + given("max").await, 1);
        assert!(device.polls().await.is_ok());
    });
}

#[test]
fn of_64_browsers_that_bring_one_pushed_request_one_is_answered() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let request = world.app("burndown").request();
        let uri = request.pushed().await.json()["request_uri"].as_str().unwrap().to_owned();
        let pairs = [("client_id", request.party().client_id()), ("request_uri", uri)];
        let url = format!("{}?{}", request.endpoint(), latchkey_testkit::server::encode(pairs));
        let all: Vec<_> = (0..CROWD)
            .map(|_| {
                let (browser, url) = (ana.browser().clone(), url.clone());
                tokio::spawn(async move { browser.open(&url).await })
            })
            .collect();
        let mut codes = 0;
        for visit in join_all(all).await {
            match visit.expect("nothing panics") {
                latchkey_testkit::Visit::Left(departure) => codes += usize::from(request.answered(&departure).is_ok()),
                latchkey_testkit::Visit::Page(page) => assert_eq!(page.error_code(), "invalid_request_uri"),
            }
        }
        assert_eq!(codes, 1);
    });
}

#[test]
fn of_64_that_tell_of_one_sign_out_one_tells() {
    on_both_databases(async |world| {
        let remote = world.remote("service.test", |_| status(200)).await;
        world.registers(a_web_app("skiff").and_backchannel_logout_uri("https://service.test/out")).await;
        let ana = world.ana();
        ana.authorizes("skiff").await;
        ana.opens("/signout").await.press("signout-confirm").await;
        let all: Vec<_> = (0..CROWD)
            .map(|_| {
                let world = world.clone();
                tokio::spawn(async move { world.parts().tell_of_sign_outs().await })
            })
            .collect();
        assert!(join_all(all).await.into_iter().all(|told| told.unwrap().is_ok()));
        assert_eq!(remote.asked().len(), 1);
    });
}

#[test]
fn of_64_that_send_one_client_assertion_one_gets_a_token() {
    on_both_databases(async |world| {
        let pair = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let robot = world.registers(a_daemon("robot").with_key(&pair)).await;
        let signed = pair.sign_jwt("JWT", &robot.assertion_claims()).unwrap();
        let sharing = world.registers(a_daemon("sharing").authenticating_only_by(Method::ClientSecretJwt)).await;
        let authenticated = sharing.authenticated(MacAlgorithm::Hs256, &sharing.assertion_claims());
        for (robot, assertion) in [(robot, signed), (sharing, authenticated)] {
            let results = crowd(|| {
                let (robot, assertion) = (robot.clone(), assertion.clone());
                async move {
                    let pairs = [
                        ("grant_type", "client_credentials"),
                        ("client_assertion_type", ASSERTION_TYPE),
                        ("client_assertion", assertion.as_str()),
                    ];
                    robot.read(&robot.bare_token_request(&pairs).send().await)
                }
            })
            .await;
            assert_eq!(winners(&results).len(), 1);
            assert_eq!(errors(&results), ["invalid_client"; CROWD - 1]);
        }
    });
}

#[test]
fn of_64_that_send_one_dpop_proof_one_is_answered() {
    on_both_databases(async |world| {
        let key = DpopKey::new();
        let nightly = world.app("nightly").proving_by(&key);
        let ask = nightly.clone().proving_nothing().token_request(&[("grant_type", "client_credentials")]);
        let ask = ask.clone().proving(&ask.proof(&key));
        let results = crowd(|| {
            let (nightly, ask) = (nightly.clone(), ask.clone());
            async move { nightly.read(&ask.send().await) }
        })
        .await;
        assert_eq!(winners(&results).len(), 1);
        assert_eq!(errors(&results), ["invalid_dpop_proof"; CROWD - 1]);
        // The same at the API, where nothing else would be used up.
        let tokens = winners(&results)[0];
        let call = world.get("/oidc/userinfo");
        assert_eq!(call.dpop(&tokens.access, &key).await.status, 401, "an app's own token is no person's");
        let party = world.app("burndown").proving_by(&key);
        let code = world.ana().approves_request(&party.request()).await;
        let tokens = party.redeem(&code).await.unwrap();
        let call = world.get("/harbor/_apis/projects").dpop(&tokens.access, &key);
        let all: Vec<_> = (0..CROWD).map(|_| tokio::spawn(call.clone().send())).collect();
        let statuses: Vec<_> = join_all(all).await.into_iter().map(|joined| joined.unwrap().status.as_u16()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), CROWD - 1);
    });
}

#[test]
fn of_64_that_bring_one_description_for_the_first_time_one_is_taken() {
    on_both_databases(async |world| {
        let at = "https://service.test/agent.json";
        let document = serde_json::json!({"client_id": at, "client_name": "An agent",
                                          "redirect_uris": ["http://127.0.0.1/callback"]});
        let remote = world.remote("service.test", move |_| latchkey_testkit::remote::json(&document)).await;
        let agent = world.agent(at, "http://127.0.0.1/callback", "vso.work");
        let all: Vec<_> = (0..CROWD)
            .map(|_| {
                let (browser, url) = (world.browser(), agent.request().url());
                tokio::spawn(async move { browser.open(&url).await.page().path().to_owned() })
            })
            .collect();
        for path in join_all(all).await {
            assert_eq!(path.expect("nothing panics"), "/signin");
        }
        assert_eq!(remote.asked().len(), 1, "others wait for the answer");
        assert_eq!(world.store().count_described_clients(world.harbor()).await.unwrap(), 1);
    });
}

#[test]
fn of_64_that_come_back_from_a_provider_with_one_state_one_is_signed_in() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        upstream.has("new", "new@harbor.test", true).await;
        let browser = world.browser();
        let page = browser.open("/signin?login_hint=new@harbor.test").await.page();
        let there = page.follow("onward").await.left().url;
        let back = upstream.answers("new", &there).await;
        let all: Vec<_> = (0..CROWD)
            .map(|_| {
                let (browser, back) = (browser.copied(), back.clone());
                tokio::spawn(async move { browser.open(&back).await.page().status() })
            })
            .collect();
        let answers: Vec<u16> = join_all(all).await.into_iter().map(|joined| joined.expect("nothing panics")).collect();
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1);
        assert_eq!(answers.iter().filter(|status| **status == 400).count(), CROWD - 1);
        let asked = upstream.remote.asked();
        let redeemed = asked.iter().filter(|asked| asked.head.uri.path().ends_with("/token")).count();
        assert_eq!(redeemed, 1, "the code is redeemed once");
        let (made, _) = world.store().credentials("new@harbor.test").await.unwrap().unwrap();
        assert_eq!(world.store().sessions_of(made.id, world.now()).await.unwrap().len(), 1);
    });
}
