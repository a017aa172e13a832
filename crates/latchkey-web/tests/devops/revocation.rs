//! What ends, ends everywhere with the next call.

use latchkey_testkit::{Tokens, on_both_databases};

const CALLS: [&str; 5] = [
    "/harbor/_apis/projects",
    "/harbor/lighthouse/_apis/wit/workitems/1",
    "/harbor/lighthouse/_apis/git/repositories/lamp",
    "/harbor/lighthouse/_apis/build/builds",
    "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack",
];

async fn statuses(tokens: &Tokens) -> Vec<u16> {
    let mut statuses = Vec::new();
    for url in CALLS {
        statuses.push(tokens.get(url).await.status.as_u16());
    }
    statuses
}

#[test]
fn the_next_call_after_a_revocation_is_refused_on_every_route() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let second = tokens.refreshed().await.unwrap();
        assert_eq!(statuses(&tokens).await, [200; 5]);
        ana.revokes().await;
        assert_eq!(statuses(&tokens).await, [401; 5]);
        assert_eq!(statuses(&second).await, [401; 5]);
        let why = tokens.get(CALLS[0]).await.json();
        assert!(why["message"].as_str().unwrap().contains("revoked"), "it says what to do: {why}");
    });
}

#[test]
fn a_session_that_is_ended_takes_what_was_given_for_it() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let passing =
            ana.authorizes_part(&world.app("burndown").request(), |page| page.choose("keep", "session")).await;
        let lasting = ana.authorizes("compass").await;
        let elsewhere = world.ana();
        let page = elsewhere.opens("/profile/sessions").await;
        page.press("end-others").await.page();
        assert_eq!(statuses(&passing).await, [401; 5]);
        assert_eq!(statuses(&lasting).await, [200; 5]);
    });
}

#[test]
fn a_replayed_refresh_token_ends_the_access_tokens_of_its_family() {
    on_both_databases(async |world| {
        let first = world.ana().authorizes("burndown").await;
        let second = first.refreshed().await.unwrap();
        let third = second.refreshed().await.unwrap();
        assert!(first.refreshed().await.is_err());
        for tokens in [first, second, third] {
            assert_eq!(statuses(&tokens).await, [401; 5]);
        }
    });
}
