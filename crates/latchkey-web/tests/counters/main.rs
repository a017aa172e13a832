//! What requests cost: statements, commits and signatures.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_identity::Change;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::client::{ClientId, Metadata};
use latchkey_identity::scope::ScopeSet;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_store::Counts;
use latchkey_testkit::builders::{a_daemon, a_native_app};
use latchkey_testkit::dpop::DpopKey;
use latchkey_testkit::{World, on_both_databases};
use uuid::Uuid;

/// What the database is asked for while `work` is done.
async fn cost<T>(world: &World, work: impl Future<Output = T>) -> (Counts, T) {
    let before = world.store().counters();
    let done = work.await;
    (world.store().counters().since(before), done)
}

/// Reads and change sets.
fn price(counts: Counts) -> (u64, u64) {
    (counts.reads, counts.change_sets)
}

#[test]
fn documents_cost_nothing() {
    on_both_databases(async |world| {
        let urls = [
            format!("/{}/v2.0/.well-known/openid-configuration", world.harbor()),
            "/common/v2.0/.well-known/openid-configuration".to_owned(),
            format!("/{}/discovery/v2.0/keys", world.harbor()),
        ];
        for url in urls {
            world.get(&url).await;
            let (counts, answer) = cost(&world, world.get(&url).send()).await;
            assert!(answer.is_ok());
            assert_eq!(price(counts), (0, 0), "{url}");
        }
    });
}

#[test]
fn a_code_costs_one_read_at_most_and_one_commit() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let code = ana.approves("burndown").await;
        let (counts, tokens) = cost(&world, world.redeem(&code)).await;
        assert!(tokens.is_ok());
        assert!(counts.reads <= 1 && counts.change_sets == 1, "{counts:?}");
    });
}

#[test]
fn a_refresh_costs_one_commit_and_reads_at_first_only() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let (counts, second) = cost(&world, tokens.refreshed()).await;
        assert_eq!(price(counts), (1, 1));
        assert_eq!(counts.writes, 1, "nothing grows with rotations");
        let (counts, third) = cost(&world, second.unwrap().refreshed()).await;
        assert!(counts.reads <= 1 && counts.change_sets == 1, "{counts:?}");
        let (counts, fourth) = cost(&world, third.unwrap().refreshed()).await;
        assert!(fourth.is_ok());
        assert_eq!(price(counts), (0, 1), "family and authorization are in memory, and the commit is guarded");
        let (counts, lost) = cost(&world, tokens.refreshed()).await;
        assert!(lost.is_err());
        assert!(counts.change_sets <= 1);
    });
}

#[test]
fn the_repeat_of_a_lost_answer_writes_nothing() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        tokens.refreshed().await.unwrap();
        let (counts, again) = cost(&world, tokens.refreshed()).await;
        assert!(again.is_ok());
        assert_eq!(price(counts), (1, 0));
    });
}

#[test]
fn userinfo_costs_nothing_once_it_is_warm() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        tokens.userinfo().await;
        let (counts, answer) = cost(&world, tokens.userinfo()).await;
        assert!(answer.is_ok());
        assert_eq!(price(counts), (0, 0));
    });
}

#[test]
fn the_identity_part_of_an_api_call_costs_nothing_once_it_is_warm() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let call = || tokens.get("/harbor/_apis/projects");
        call().await;
        let (counts, answer) = cost(&world, call().send()).await;
        assert!(answer.is_ok());
        assert_eq!(price(counts), (0, 0), "organization, membership and projects are in memory too");
        let (counts, answer) = cost(&world, tokens.get("/harbor/lighthouse/_apis/wit/workitems/1").send()).await;
        assert!(answer.is_ok());
        assert!(counts.reads <= 2 && counts.change_sets == 0, "{counts:?}");
        let token = tokens.refreshed().await.unwrap();
        let (counts, _) = cost(&world, token.get("/harbor/_apis/projects").send()).await;
        assert_eq!(price(counts), (0, 0), "a token never seen costs a signature and no statement");
    });
}

#[test]
fn a_refused_token_costs_nothing() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        world.seconds_later(5_400);
        tokens.userinfo().await;
        for token in ["nonsense", &tokens.access, "e30.e30.e30"] {
            let (counts, answer) = cost(&world, world.get("/harbor/_apis/projects").bearer(token).send()).await;
            assert_eq!(answer.status, 401);
            assert_eq!(price(counts), (0, 0), "{token}");
        }
        let (counts, _) = cost(&world, world.app("burndown").refresh("lkr_nonsense")).await;
        assert_eq!(price(counts), (0, 0), "a refresh token that we did not make never reaches the database");
    });
}

#[test]
fn a_request_by_somebody_known_for_something_approved_costs_little_and_one_commit() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let request = world.app("burndown").request();
        ana.browser().open(&request.url()).await.left();
        let request = world.app("burndown").request();
        let (counts, visit) = cost(&world, ana.browser().open(&request.url())).await;
        assert!(request.answered(&visit.left()).is_ok());
        assert_eq!(counts.change_sets, 1);
        assert!(counts.reads <= 3, "{counts:?}");
    });
}

#[test]
fn use_is_recorded_without_a_write_on_the_way() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        tokens.get("/harbor/_apis/projects").await;
        let (counts, ()) = cost(&world, async {
            for _ in 0..50 {
                tokens.get("/harbor/_apis/projects").await;
            }
        })
        .await;
        assert_eq!(counts.writes, 0);
        let (counts, flushed) = cost(&world, world.parts().flush()).await;
        flushed.unwrap();
        assert!((1..=2).contains(&counts.change_sets), "all of it in one group: {counts:?}");
    });
}

/// Signatures made and checked while `work` is done.
async fn signatures<T>(world: &World, work: impl Future<Output = T>) -> ((u64, u64), T) {
    let before = world.parts().signer.signatures();
    let done = work.await;
    let after = world.parts().signer.signatures();
    ((after.made - before.made, after.checked - before.checked), done)
}

#[test]
fn each_token_costs_one_signature_and_is_checked_once() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let (count, code) = signatures(&world, ana.approves("burndown")).await;
        assert_eq!(count, (0, 0), "a code is no signed thing");
        let (count, tokens) = signatures(&world, world.redeem(&code)).await;
        let tokens = tokens.unwrap();
        assert_eq!(count, (2, 0), "an access token and an ID token");

        let call = || tokens.get("/harbor/_apis/projects");
        let (count, _) = signatures(&world, call().send()).await;
        assert_eq!(count, (0, 1), "a token never seen");
        let (count, _) = signatures(&world, call().send()).await;
        assert_eq!(count, (0, 0), "a token seen before");
        let (count, answer) = signatures(&world, tokens.userinfo()).await;
        assert_eq!(count, (0, 0), "seen by whatever endpoint");
        assert_eq!(answer.status, 200);

        let (count, refreshed) = signatures(&world, tokens.refreshed()).await;
        assert!(refreshed.is_ok());
        assert_eq!(count, (2, 0));
        let (count, refused) = signatures(&world, world.app("burndown").refresh("lkr_nonsense")).await;
        assert!(refused.is_err());
        assert_eq!(count, (0, 0), "what is refused is not signed");
    });
}

#[test]
fn client_credentials_cost_one_signature_and_no_statement_once_they_are_warm() {
    on_both_databases(async |world| {
        world.takes_in("nightly", AccessLevel::Basic, "lighthouse", ProjectGroup::Readers).await;
        let nightly = world.app("nightly");
        let tokens = nightly.by_itself("").await.unwrap();
        tokens.get("/harbor/_apis/projects").await;
        let (counts, tokens) = cost(&world, nightly.by_itself("vso.work vso.project")).await;
        let tokens = tokens.unwrap();
        assert_eq!((price(counts), counts.writes), ((0, 0), 0));
        let (counts, answer) = cost(&world, tokens.get("/harbor/_apis/projects").send()).await;
        assert!(answer.is_ok());
        assert_eq!(price(counts), (0, 0), "the app, its membership and the organization are in memory");
        let (count, again) = signatures(&world, nightly.by_itself("")).await;
        assert!(again.is_ok());
        assert_eq!(count, (1, 0));
        // The same for an app that it calls.
        let metadata = Metadata {
            exposed_scopes: vec!["boards.read".into()],
            callers: vec![nightly.client_id()],
            access_token_signed_response_alg: Some(Algorithm::Rs256),
            ..Metadata::default()
        };
        let boards = world.registers(a_daemon("boards").with_metadata(metadata)).await;
        let scope = format!("api://{}/boards.read", boards.client_id());
        let asked = ScopeSet::from_text(&format!("vso.work {scope}"));
        world.changes_app("nightly", move |client| client.scopes = client.scopes.union(&asked)).await;
        nightly.by_itself(&scope).await.unwrap();
        let (counts, called) = cost(&world, nightly.by_itself(&scope)).await;
        assert!(called.is_ok());
        assert_eq!(price(counts), (0, 0), "both registrations are in memory");
        let (counts, refused) = cost(&world, nightly.clone().at("common").by_itself("")).await;
        assert!(refused.is_err());
        assert_eq!(price(counts), (0, 0));
    });
}

#[test]
fn introspection_costs_one_read_at_most_and_one_signature_the_first_time() {
    on_both_databases(async |world| {
        let (burndown, tokens) = (world.app("burndown"), world.ana().authorizes("burndown").await);
        let (count, _) = signatures(&world, burndown.introspects(&tokens.access)).await;
        assert_eq!(count, (0, 1));
        let (counts, answer) = cost(&world, burndown.introspects(&tokens.access)).await;
        assert_eq!((price(counts), &answer["active"]), ((0, 0), &true.into()));
        let (counts, answer) = cost(&world, burndown.introspects(tokens.refresh_token())).await;
        assert!(counts.reads <= 1 && counts.change_sets == 0, "{counts:?}");
        assert_eq!(answer["active"], true);
        let (counts, answer) = cost(&world, burndown.introspects("lkr_nonsense")).await;
        assert_eq!((price(counts), &answer["active"]), ((0, 0), &false.into()));
        let (counts, status) = cost(&world, burndown.gives_back(tokens.refresh_token())).await;
        assert!(counts.reads <= 1 && counts.change_sets == 1, "{counts:?}");
        assert_eq!(status, 200);
    });
}

#[test]
fn an_assertion_costs_the_one_commit_that_spends_it_and_none_where_it_may_come_again() {
    on_both_databases(async |world| {
        let pair = std::sync::Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        for (app, commits) in [
            (a_daemon("strict").with_key(&pair), 1),
            (a_daemon("tolerant").with_key(&pair).of_the_microsoft_profile(), 0),
        ] {
            let robot = world.registers(app).await.signing_with(&pair);
            let scope = "499b84ac-1321-427f-aa17-267ca6975798/.default";
            robot.by_itself(scope).await.unwrap();
            let (counts, tokens) = cost(&world, robot.by_itself(scope)).await;
            assert!(tokens.is_ok());
            assert_eq!(price(counts), (0, commits), "{}", robot.app().name);
        }
    });
}

#[test]
fn pages_of_administrators_cost_the_same_for_one_authorization_and_for_many() {
    on_both_databases(async |world| {
        let (ana, max) = (world.ana(), world.max());
        let tokens = max.authorizes_all("burndown").await;
        let pages = ["services", "policy", "older-apps"].map(|page| format!("/organizations/harbor/{page}"));
        let mut before = Vec::new();
        for page in &pages {
            ana.opens(page).await;
            before.push(cost(&world, ana.opens(page)).await.0.reads);
        }
        let burndown = world.app("burndown").client_id();
        let given = world.store().authorizations_for(ClientId::parse(&burndown).unwrap()).await.unwrap();
        let whose = world.store().account(max.id()).await.unwrap().unwrap();
        let many = (1..=150).map(|number| {
            let mut one = given[0].listed.authorization.clone();
            one.id = AuthorizationId(Uuid::from_u128(number));
            // People of one directory, of whom harbor knows nothing: none of them is in memory.
            one.account = AccountId(Uuid::from_u128(0xacc0 + number));
            let mut account = whose.account.clone();
            account.id = one.account;
            account.email = format!("{number}@harbor.test");
            [Change::CreateAccount { account: Box::new(account), password: None }, Change::Authorize(Box::new(one))]
        });
        world.becomes(many.flatten()).await;
        assert_eq!(tokens.get("/harbor/lighthouse/_apis/build/builds").await.status, 200);
        world.parts().flush().await.unwrap();
        for (page, before) in pages.iter().zip(before) {
            let (counts, shown) = cost(&world, ana.opens(page)).await;
            assert!(counts.reads <= before, "{page}: {before}, then {counts:?}");
            match page.rsplit('/').next() {
                Some("services") => {
                    assert!(shown.says("And 51 more, which were used longer ago."), "{}", shown.text());
                    assert!(shown.says("1 call in 30 days"), "{}", shown.text());
                }
                Some("policy") => {
                    assert!(shown.says("150 of 151 authorizations could not be given again."), "{}", shown.text())
                }
                _ => {}
            }
        }
    });
}

#[test]
fn a_proof_costs_neither_a_read_nor_a_write_but_where_servers_share_what_gets_tokens() {
    on_both_databases(async |world| {
        let shared = u64::from(world.store().is_shared());
        let key = DpopKey::new();
        let nightly = world.app("nightly").proving_by(&key);
        nightly.by_itself("").await.unwrap();
        let (counts, own) = cost(&world, nightly.by_itself("")).await;
        assert!(own.is_ok());
        assert_eq!(price(counts), (0, shared));
        let party = world.app("burndown").proving_by(&key);
        let code = world.ana().approves_request(&party.request()).await;
        let tokens = party.redeem(&code).await.unwrap();
        tokens.get("/harbor/_apis/projects").await;
        let (counts, answer) = cost(&world, tokens.get("/harbor/_apis/projects").send()).await;
        assert!(answer.is_ok());
        assert_eq!(price(counts), (0, 0));
        let second = tokens.refreshed().await.unwrap();
        let (counts, third) = cost(&world, second.refreshed()).await;
        assert!(third.is_ok());
        assert!(counts.reads <= 1 && counts.change_sets == 1 + shared, "{counts:?}");
    });
}

/// Whoever sends what a public client sends, again and again, with proofs of keys that they make up.
#[test]
fn a_proof_of_a_client_that_shows_no_credential_is_no_write_at_any_server() {
    on_both_databases(async |world| {
        let key = DpopKey::new();
        let skiff = world.registers(a_native_app("skiff")).await.proving_by(&key);
        let form = [("grant_type", "refresh_token"), ("refresh_token", "made-up")];
        skiff.token_request(&form).await;
        let ask = world.app("skiff").token_request(&form);
        let ask = ask.clone().proving(&ask.proof(&key));
        let (counts, first) = cost(&world, ask.clone().send()).await;
        assert_eq!((first.error().as_str(), counts.change_sets, counts.writes), ("invalid_grant", 0, 0), "{counts:?}");
        assert_eq!(ask.send().await.error(), "invalid_dpop_proof", "it counts once all the same");
        let code = world.ana().approves_request(&skiff.request()).await;
        let (counts, tokens) = cost(&world, skiff.redeem(&code)).await;
        assert!(tokens.is_ok());
        assert_eq!(counts.change_sets, 1, "the code is spent, and the proof is not written: {counts:?}");
    });
}
