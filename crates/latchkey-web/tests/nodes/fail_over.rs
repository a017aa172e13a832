//! PostgreSQL ends while requests run, and comes back: nothing that was acknowledged is lost, and nobody is told what is not so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use latchkey_testkit::databases::{TestDatabase, runtime};
use latchkey_testkit::server::Answer;
use latchkey_testkit::{Tokens, World};

use crate::{PROJECTS, soon, status_at};

/// How soon everything works again after PostgreSQL does.
const BACK: Duration = Duration::from_secs(2);

/// An answer to the token endpoint or the endpoint that takes tokens back: it was done, or the client is told in OAuth's words to come back.
fn is_done(answer: &Answer) -> bool {
    assert!(answer.is_ok() || answer.status == 503, "{} {}", answer.status, answer.text());
    if answer.status == 503 {
        assert_eq!(answer.error(), "temporarily_unavailable", "{}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
    }
    answer.is_ok()
}

/// Refreshes until it is enough; the tokens that it was given last.
async fn goes_on(mut tokens: Tokens, enough: Arc<AtomicBool>) -> (Tokens, usize) {
    let mut refused = 0;
    while !enough.load(SeqCst) {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
        let answer = tokens.party().token_request(&pairs).await;
        if is_done(&answer) {
            tokens = tokens.party().read(&answer).unwrap();
        } else {
            refused += 1;
        }
    }
    (tokens, refused)
}

fn while_postgres_ends(end: fn(&TestDatabase)) {
    let database = TestDatabase::postgres_of_its_own();
    runtime().block_on(async {
        let world = World::on(&database).await;
        let (ana, max) = (world.ana(), world.max());
        let working = [ana.authorizes("burndown").await, ana.authorizes("compass").await];
        let given_back = ana.authorizes("beacon").await;
        let revoked = max.authorizes("beacon").await;
        let enough = Arc::new(AtomicBool::new(false));
        let going: Vec<_> = working.map(|tokens| tokio::spawn(goes_on(tokens, Arc::clone(&enough)))).into();

        max.revokes().await;
        tokio::task::block_in_place(|| end(&database));
        let back = Instant::now();
        // An app that gives a token back is told that it is done when it is.
        let asked = || given_back.party().request_to("revoke", &[("token", given_back.refresh_token())]).send();
        while !is_done(&asked().await) {
            assert!(back.elapsed() < BACK, "it is not back");
        }
        soon("it says that it is well", async || world.get("/healthz").await.status == 200).await;
        enough.store(true, SeqCst);
        let mut were_told_to_wait = 0;
        for task in going {
            let (tokens, refused) = task.await.unwrap();
            // What was acknowledged last counts, whichever half of the outage it was in.
            assert_eq!(status_at(&world, &tokens, "/oidc/userinfo").await, 200);
            assert!(tokens.refreshed().await.is_ok());
            were_told_to_wait += refused;
        }
        assert!(were_told_to_wait > 0, "nobody noticed");
        assert!(world.app("beacon").refresh(given_back.refresh_token()).await.is_err(), "given back");
        assert_eq!(status_at(&world, &revoked, PROJECTS).await, 401, "revoked before it ended");
    });
}

#[test]
fn what_was_acknowledged_holds_when_postgres_stops_at_once_and_starts_again() {
    while_postgres_ends(TestDatabase::restart);
}

#[test]
fn what_was_acknowledged_holds_when_a_process_of_postgres_is_killed() {
    while_postgres_ends(TestDatabase::crash);
}
