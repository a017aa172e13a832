//! Killed under load, the server loses nothing that it acknowledged: no authorization, no revocation, no key; and nothing is used twice.
//!
//! | what | where |
//! |---|---|
//! | the real program, started, killed and started again | [`server`] |
//! | requests, and whether they were answered | [`wire`] |
//! | a browser, and the pages it needs | [`browser`] |
//! | a person and a service at work | [`lane`] |
//! | what was asked, and what was answered | [`history`] |
//! | what must not be found in a history | [`checker`] |
//! | servers that break their word, which must be found out | [`broken`] |
//! | chance that can be repeated | [`chance`] |
//!
//! `LATCHKEY_KILLS` and `LATCHKEY_SEED` make it longer, or another.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod broken;
mod browser;
mod chance;
mod checker;
mod history;
mod lane;
mod server;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use tokio::task::JoinSet;

use chance::Chance;
use checker::Violation;
use history::{History, Tally};
use lane::Lane;
use server::{Premises, Server};
use wire::Wire;

/// How often the server is killed, if nobody says otherwise.
const KILLS: u64 = 25;
/// When it is killed, in milliseconds after the load began.
const MOMENT: std::ops::RangeInclusive<u64> = 50..=2_000;
/// Where chance begins, if nobody says otherwise.
const SEED: u64 = 1;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

/// A server, people and services who use it, and everything that they ask and are answered.
struct Trial {
    premises: Premises,
    server: Server,
    lanes: Vec<Lane>,
    history: Arc<History>,
}

impl Trial {
    /// A new server, at which everybody has signed in.
    async fn begin(chance: &mut Chance) -> Self {
        let (premises, history) = (Premises::new(), Arc::new(History::default()));
        let server = premises.start();
        let lanes = Lane::all(&server.announced, &history, chance);
        let wire = Wire::to(premises.port);
        for lane in &lanes {
            lane.sign_in(&wire).await;
        }
        Self { premises, server, lanes, history }
    }

    /// Everybody works, and the server is killed after so long.
    async fn kill_under_load(&mut self, after: Duration) {
        let (wire, killed) = (Wire::to(self.premises.port), Arc::new(AtomicBool::new(false)));
        let mut load = JoinSet::new();
        for mut lane in self.lanes.drain(..) {
            let (wire, killed) = (Arc::clone(&wire), Arc::clone(&killed));
            load.spawn(async move {
                let stopped = lane.work(&wire).await;
                assert!(killed.load(SeqCst), "the server stopped answering by itself: {stopped:?}");
                lane
            });
        }
        tokio::time::sleep(after).await;
        killed.store(true, SeqCst);
        self.server.kill();
        self.lanes = load.join_all().await;
    }

    /// The server starts again on what is left, and everybody looks for what is theirs.
    async fn start_again(&mut self) {
        self.server = self.premises.start();
        let wire = Wire::to(self.premises.port);
        let mut looking = JoinSet::new();
        for mut lane in self.lanes.drain(..) {
            let wire = Arc::clone(&wire);
            looking.spawn(async move {
                lane.look_around(&wire).await;
                lane
            });
        }
        self.lanes = looking.join_all().await;
        assert!(self.server.is_running());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_it_keeps_every_word_it_gave() {
    let (kills, seed) = (setting("LATCHKEY_KILLS", KILLS), setting("LATCHKEY_SEED", SEED));
    let mut chance = Chance::seeded(seed);
    let mut trial = Trial::begin(&mut chance).await;
    for _ in 0..kills {
        trial.kill_under_load(Duration::from_millis(chance.within(MOMENT))).await;
        trial.start_again().await;
        trial.premises.verify_the_record();
    }
    let history = trial.history.entries();
    let tally = Tally::of(&history);
    eprintln!("{kills} kills, seed {seed}: {tally}");
    assert_eq!(checker::check(&history), [], "seed {seed}");
    tally.must_be_worth_something(kills);
}

/// What the last test would not notice, it would not prove: here is the same story with a disk that forgets the last second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_forgets_what_it_took_is_found_out() {
    let mut trial = Trial::begin(&mut Chance::seeded(SEED)).await;
    trial.kill_under_load(Duration::from_secs(1)).await;
    let before = trial.premises.copy();
    trial.start_again().await;
    assert_eq!(checker::check(&trial.history.entries()), []);

    trial.kill_under_load(Duration::from_secs(1)).await;
    trial.premises.put_back(&before);
    trial.start_again().await;
    trial.premises.verify_the_record();
    let violations = checker::check(&trial.history.entries());
    assert!(violations.iter().any(|violation| matches!(violation, Violation::Lost { .. })), "{violations:?}");
}
