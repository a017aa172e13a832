//! Several servers on one PostgreSQL database: what ends on one of them is over on every other within a second.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod counted_together;
mod fail_over;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_identity::Change;
use latchkey_identity::key_rotation::KeyState;
use latchkey_identity::limits::KEY_PUBLISHED_FIRST;
use latchkey_jose::Algorithm;
use latchkey_store::{DatabaseUrl, Sql};
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::databases::{TestDatabase, runtime};
use latchkey_testkit::relying_party::header;
use latchkey_testkit::remote::status;
use latchkey_testkit::wire::Wire;
use latchkey_testkit::{Tokens, World};

const SECOND: Duration = Duration::from_secs(1);
const PROJECTS: &str = "/harbor/_apis/projects";
const ITEM: &str = "/harbor/lighthouse/_apis/wit/workitems/1";
const BUILDS: &str = "/harbor/lighthouse/_apis/build/builds";

/// Two servers on one database.
fn on_two_servers(test: impl AsyncFn(&World, &World)) {
    on_servers(async |one, database| test(one, &one.another_server(database).await).await);
}

fn on_servers(test: impl AsyncFn(&World, &DatabaseUrl)) {
    let database = TestDatabase::postgres();
    runtime().block_on(async {
        let one = World::on(&database).await;
        test(&one, database.url()).await;
    });
}

/// Waits until something is so, a second at the most.
async fn soon(what: &str, is_so: impl AsyncFn() -> bool) {
    let given_up = Instant::now() + SECOND;
    while !is_so().await {
        assert!(Instant::now() < given_up, "not within a second: {what}");
        tokio::task::yield_now().await;
    }
}

/// What a server answers to a token of somebody whom another one let in.
async fn status_at(server: &World, tokens: &Tokens, url: &str) -> u16 {
    server.get(url).bearer(&tokens.access).await.status.as_u16()
}

/// What a token opens at a server: the API, git, UserInfo, introspection.
async fn opens(server: &World, tokens: &Tokens) -> [bool; 4] {
    let git = "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack";
    let mut opens = [false; 4];
    for (opens, url) in opens.iter_mut().zip([PROJECTS, git, "/oidc/userinfo"]) {
        *opens = status_at(server, tokens, url).await == 200;
    }
    opens[3] = server.app(&tokens.party().app().name).introspects(&tokens.access).await["active"] == true;
    opens
}

#[test]
fn a_revocation_is_over_everywhere_within_a_second() {
    on_servers(async |one, url| {
        let (two, three) = (one.another_server(url).await, one.another_server(url).await);
        let ana = one.ana();
        let tokens = ana.authorizes("burndown").await;
        for server in [&two, &three] {
            assert_eq!(opens(server, &tokens).await, [true; 4]);
        }
        ana.revokes().await;
        for server in [&two, &three] {
            soon("revoked", async || opens(server, &tokens).await == [false; 4]).await;
        }
        assert_eq!(opens(one, &tokens).await, [false; 4]);
    });
}

#[test]
fn a_pause_is_heard_everywhere_and_so_is_its_end() {
    on_two_servers(async |one, two| {
        let ana = one.ana();
        let tokens = ana.authorizes("burndown").await;
        assert_eq!(status_at(two, &tokens, PROJECTS).await, 200);
        ana.pauses("burndown").await;
        soon("paused", async || status_at(two, &tokens, PROJECTS).await == 401).await;
        assert!(two.app("burndown").refresh(tokens.refresh_token()).await.is_err());
        ana.resumes("burndown").await;
        soon("it goes on", async || status_at(two, &tokens, PROJECTS).await == 200).await;
        assert!(two.app("burndown").refresh(tokens.refresh_token()).await.is_ok());
    });
}

#[test]
fn what_is_narrowed_is_narrow_everywhere() {
    on_two_servers(async |one, two| {
        let ana = one.ana();
        let tokens = ana.authorizes("burndown").await;
        assert_eq!((status_at(two, &tokens, ITEM).await, status_at(two, &tokens, BUILDS).await), (200, 200));
        let id = ana.authorization("burndown").await;
        let page = ana.opens(&format!("/profile/authorizations/{id}")).await;
        page.untick("scope", "vso.build").press("narrow-save").await.page();
        soon("narrowed", async || status_at(two, &tokens, BUILDS).await == 401).await;
        assert_eq!(status_at(two, &tokens, ITEM).await, 200);
    });
}

#[test]
fn an_app_that_is_suspended_or_deleted_is_stopped_everywhere() {
    on_two_servers(async |one, two| {
        let ana = one.ana();
        let tokens = ana.authorizes("burndown").await;
        assert_eq!(status_at(two, &tokens, PROJECTS).await, 200);
        one.suspends("burndown").await;
        soon("suspended", async || status_at(two, &tokens, PROJECTS).await == 401).await;
        let compass = ana.authorizes("compass").await;
        assert_eq!(status_at(two, &compass, "/oidc/userinfo").await, 200);
        let client = one.app("compass").app().id;
        one.becomes([Change::DeleteClient { client, at: one.now() }]).await;
        soon("deleted", async || status_at(two, &compass, "/oidc/userinfo").await == 401).await;
    });
}

#[test]
fn an_account_that_is_disabled_is_out_everywhere() {
    on_two_servers(async |one, two| {
        let tokens = one.ana().authorizes("burndown").await;
        assert_eq!(opens(two, &tokens).await, [true; 4]);
        one.disables("ana").await;
        soon("disabled", async || opens(two, &tokens).await == [false; 4]).await;
        let refused = two.app("burndown").refresh(tokens.refresh_token()).await;
        assert_eq!(refused.err().unwrap().error, "invalid_grant");
    });
}

#[test]
fn a_session_that_ends_is_over_everywhere_with_what_was_given_for_it() {
    on_two_servers(async |one, two| {
        let ana = one.ana();
        let request = one.app("burndown").request();
        let passing = ana.authorizes_part(&request, |page| page.choose("keep", "session")).await;
        let there = ana.browser().answered_by(two);
        assert_eq!(there.open("/profile/sessions").await.page().path(), "/profile/sessions");
        assert_eq!(status_at(two, &passing, PROJECTS).await, 200);
        let elsewhere = one.ana();
        elsewhere.opens("/profile/sessions").await.press("end-others").await.page();
        soon("the session is over", async || {
            there.open("/profile/sessions").await.page().path() == "/signin"
                && status_at(two, &passing, PROJECTS).await == 401
        })
        .await;
    });
}

#[test]
fn a_secret_that_is_removed_opens_nothing_anywhere() {
    on_two_servers(async |one, two| {
        one.takes_in("nightly", AccessLevel::Basic, "lighthouse", ProjectGroup::Readers).await;
        let tokens = two.app("nightly").by_itself("").await.unwrap();
        assert_eq!(status_at(two, &tokens, PROJECTS).await, 200);
        let client = one.store().client(one.app("nightly").app().id).await.unwrap().unwrap();
        let secret = client.secrets[0].id;
        one.becomes([Change::RemoveSecret { client: client.id, secret }]).await;
        soon("the secret is gone", async || two.app("nightly").by_itself("").await.is_err()).await;
        assert_eq!(status_at(two, &tokens, PROJECTS).await, 401, "what it opened went with it");
    });
}

#[test]
fn what_an_organization_decides_holds_everywhere() {
    on_two_servers(async |one, two| {
        let tokens = one.ana().authorizes("burndown").await;
        let at_two = async || status_at(two, &tokens, ITEM).await == 200;
        assert!(at_two().await);
        one.decides(|policy| policy.third_party_apps = false).await;
        soon("services are kept out", async || !at_two().await).await;
        one.decides(|policy| policy.third_party_apps = true).await;
        soon("they are let in", at_two).await;
    });
}

#[test]
fn who_leaves_an_organization_is_out_everywhere() {
    on_two_servers(async |one, two| {
        let tokens = one.max().authorizes("burndown").await;
        assert_eq!(status_at(two, &tokens, ITEM).await, 200);
        one.leaves("max").await;
        soon("the membership is over", async || status_at(two, &tokens, ITEM).await != 200).await;
    });
}

#[test]
fn a_token_that_was_given_back_is_worth_nothing_anywhere() {
    on_two_servers(async |one, two| {
        let tokens = one.ana().authorizes("burndown").await;
        assert_eq!(status_at(two, &tokens, PROJECTS).await, 200);
        assert_eq!(one.app("burndown").gives_back(tokens.refresh_token()).await, 200);
        soon("given back", async || status_at(two, &tokens, PROJECTS).await == 401).await;
    });
}

#[test]
fn a_key_that_is_revoked_signs_for_nobody() {
    on_two_servers(async |one, two| {
        let tokens = one.ana().authorizes("burndown").await;
        one.parts().advance_keys().await.unwrap();
        one.later(KEY_PUBLISHED_FIRST);
        assert_eq!(status_at(two, &tokens, "/oidc/userinfo").await, 200);
        let kid = header(&tokens.access)["kid"].as_str().unwrap().to_owned();
        one.parts().revoke_key(&kid, "console").await.unwrap();
        let published = async || {
            let keys = two.get(&format!("/{}/discovery/v2.0/keys", two.harbor())).await.json();
            keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == kid.as_str())
        };
        soon("revoked", async || status_at(two, &tokens, "/oidc/userinfo").await == 401 && !published().await).await;
        let next = two.app("burndown").refresh(tokens.refresh_token()).await.unwrap();
        assert_ne!(header(&next.access)["kid"], kid.as_str());
        assert_eq!(status_at(one, &next, "/oidc/userinfo").await, 200, "its successor counts at once");
    });
}

#[test]
fn a_key_is_published_by_every_server_before_one_signs_with_it() {
    on_two_servers(async |one, two| {
        one.parts().advance_keys().await.unwrap();
        let keys = one.parts().signing_keys().await.unwrap();
        let next = keys.iter().find(|key| key.algorithm == Algorithm::Rs256 && key.state == KeyState::Next).unwrap();
        soon("it is published", async || {
            let keys = two.get(&format!("/{}/discovery/v2.0/keys", two.harbor())).await.json();
            keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == next.kid.as_str())
        })
        .await;
        // Both have the same turn to take, and it is taken once.
        one.later(KEY_PUBLISHED_FIRST);
        let (first, second) = (one.parts().clone(), two.parts().clone());
        let (first, second) = tokio::join!(first.rotate_keys(None, "console"), second.rotate_keys(None, "console"));
        assert!(first.is_ok() && second.is_ok());
        let keys = one.parts().signing_keys().await.unwrap();
        let count = |state| keys.iter().filter(|key| key.algorithm == Algorithm::Rs256 && key.state == state).count();
        assert_eq!((count(KeyState::Active), count(KeyState::Next)), (1, 1));
    });
}

#[test]
fn of_two_servers_that_need_a_key_at_once_one_makes_it_and_both_publish_it() {
    on_two_servers(async |one, two| {
        let (first, second) = (one.parts().clone(), two.parts().clone());
        let (first, second) =
            tokio::join!(first.begin_to_sign_with(Algorithm::EdDsa), second.begin_to_sign_with(Algorithm::EdDsa));
        assert!(first.is_ok() && second.is_ok());
        for server in [one, two] {
            let published = server.get(&format!("/{}/discovery/v2.0/keys", server.harbor())).await.json();
            let published = published["keys"].as_array().unwrap().iter().filter(|key| key["alg"] == "EdDSA").count();
            assert_eq!(published, 1);
        }
    });
}

#[test]
fn a_refresh_token_that_is_used_again_elsewhere_ends_its_family_everywhere() {
    on_two_servers(async |one, two| {
        let first = one.ana().authorizes("burndown").await;
        // The other server remembers the family as it was before.
        let second = two.app("burndown").refresh(first.refresh_token()).await.unwrap();
        let third = one.app("burndown").refresh(second.refresh_token()).await.unwrap();
        assert_eq!(status_at(two, &third, PROJECTS).await, 200);
        assert_eq!(two.app("burndown").refresh(first.refresh_token()).await.err().unwrap().error, "invalid_grant");
        for server in [one, two] {
            for tokens in [&first, &second, &third] {
                soon("the family ended", async || status_at(server, tokens, PROJECTS).await == 401).await;
            }
            assert!(server.app("burndown").refresh(third.refresh_token()).await.is_err());
        }
    });
}

#[test]
fn a_lost_answer_is_given_again_by_another_server() {
    on_two_servers(async |one, two| {
        let first = one.ana().authorizes("burndown").await;
        let lost = one.app("burndown").refresh(first.refresh_token()).await.unwrap();
        let again = two.app("burndown").refresh(first.refresh_token()).await.unwrap();
        assert_eq!(again.refresh, lost.refresh);
        assert!(two.app("burndown").refresh(again.refresh_token()).await.is_ok());
    });
}

#[test]
fn of_64_that_redeem_one_code_at_two_servers_one_gets_tokens_and_they_are_worth_nothing() {
    on_two_servers(async |one, two| {
        let code = one.ana().approves("burndown").await;
        let redeeming = (0..64).map(|turn| {
            let (server, code) = (if turn % 2 == 0 { one.clone() } else { two.clone() }, code.clone());
            tokio::spawn(async move { server.app("burndown").redeem(&code).await })
        });
        let results: Vec<_> = join_all(redeeming).await.into_iter().map(Result::unwrap).collect();
        let winners: Vec<&Tokens> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        assert_eq!(winners.len(), 1);
        for server in [one, two] {
            soon("it is worth nothing", async || status_at(server, winners[0], "/oidc/userinfo").await == 401).await;
        }
    });
}

#[test]
fn a_work_item_is_everywhere_what_it_became() {
    on_two_servers(async |one, two| {
        let tokens = one.ana().authorizes_all("burndown").await;
        assert_eq!(status_at(two, &tokens, ITEM).await, 200);
        let title = "The lamp is lit";
        let patch = serde_json::json!([{"op": "add", "path": "/fields/System.Title", "value": title}]);
        let url = format!("{ITEM}?api-version=7.1");
        let changed = one.patch(&url).bearer(&tokens.access);
        let changed = changed.body("application/json-patch+json", patch.to_string()).await;
        assert!(changed.is_ok(), "{}", changed.text());
        soon("it is read", async || two.get(ITEM).bearer(&tokens.access).await.text().contains(title)).await;
    });
}

#[test]
fn a_server_that_is_cut_off_from_the_database_refuses_in_every_protocol_and_recovers() {
    on_servers(async |one, url| {
        let wire = Wire::to(url);
        let two = one.another_server(wire.url()).await;
        let ana = one.ana();
        let tokens = ana.authorizes("burndown").await;
        assert_eq!(opens(&two, &tokens).await, [true; 4]);
        wire.cut();
        ana.revokes().await;
        let revoked = Instant::now();
        while status_at(&two, &tokens, PROJECTS).await == 200 {
            assert!(revoked.elapsed() < SECOND, "it goes by what it remembers");
        }
        // Each answer takes as long as the server asks the database in vain.
        for url in [PROJECTS, "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack", "/oidc/userinfo"] {
            let answer = two.get(url).bearer(&tokens.access).await;
            assert_eq!(answer.status, 503, "{url}");
            assert!(answer.header("retry-after").is_some(), "{url}");
        }
        let refused = two.app("burndown").refresh(tokens.refresh_token()).await;
        assert_eq!(refused.err().unwrap().error, "temporarily_unavailable");
        for (url, member) in [("/_admin/v1/apps", "code"), ("/common/discovery/instance", "error")] {
            let answer = two.get(url).await;
            assert_eq!(answer.status, 503, "{url}");
            assert_eq!(answer.json()[member], "temporarily_unavailable", "{url}");
        }
        assert_eq!(two.get(&format!("/assets/logos/{}", tokens.party().app().id)).await.status, 503);
        assert_eq!(two.get("/healthz").await.status, 503);
        let page = two.browser().open("/me").await.page();
        assert_eq!((page.status(), page.error_code().as_str()), (503, "temporarily_unavailable"));
        let looks = page.source().split('"').find(|part| part.starts_with("/assets/")).unwrap();
        assert_eq!(two.get(looks).await.status, 200);
        assert_eq!(status_at(one, &tokens, PROJECTS).await, 401, "the other goes on");
        wire.mend();
        let mended = Instant::now();
        while two.get("/healthz").await.status != 200 {
            assert!(mended.elapsed() < SECOND * 12, "it does not recover");
        }
        assert_eq!(status_at(&two, &tokens, PROJECTS).await, 401);
    });
}

#[test]
fn a_server_whose_connections_are_ended_is_back_at_once() {
    const CUT: Sql = Sql::sweep(
        "test.cut",
        "SELECT count(pg_terminate_backend(pid)) AS cut FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    on_two_servers(async |one, two| {
        let ana = one.ana();
        let tokens = ana.authorizes("burndown").await;
        assert_eq!(status_at(two, &tokens, PROJECTS).await, 200);
        one.store().read(&CUT, vec![]).await.unwrap();
        soon("both answer", async || {
            status_at(one, &tokens, PROJECTS).await == 200 && status_at(two, &tokens, PROJECTS).await == 200
        })
        .await;
        ana.revokes().await;
        soon("revoked", async || status_at(two, &tokens, PROJECTS).await == 401).await;
    });
}

#[test]
fn what_one_server_leaves_undone_another_does() {
    on_servers(async |one, url| {
        let told = one.remote("service.test", |_| status(200)).await;
        let app = a_web_app("skiff").and_backchannel_logout_uri("https://service.test/signed-out");
        one.registers(app).await;
        let two = one.another_server(url).await;
        let ana = one.ana();
        ana.authorizes("skiff").await;
        ana.opens("/profile/sessions").await;
        // The server that ended the session has gone before it told anybody.
        one.disables("ana").await;
        let three = one.another_server(url).await;
        drop(two);
        let (first, second) = tokio::join!(one.parts().tell_of_sign_outs(), three.parts().tell_of_sign_outs());
        first.unwrap();
        second.unwrap();
        assert_eq!(told.asked().len(), 1, "once, by one of them");
        three.parts().advance_keys().await.unwrap();
        three.parts().purge().await.unwrap();
    });
}
