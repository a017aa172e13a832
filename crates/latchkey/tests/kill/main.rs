//! Killed under load, the server loses nothing that it acknowledged: no authorization, no revocation, no key; and nothing is used twice. The same
//! where PostgreSQL is ended under it.
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
use std::time::{Duration, Instant};

use latchkey_testkit::databases::TestDatabase;
use tokio::task::JoinSet;

use chance::Chance;
use checker::Violation;
use history::{History, Tally};
use lane::Lane;
use server::{Premises, Server};
use wire::{Ask, Wire};

/// How often the server is killed, if nobody says otherwise.
const KILLS: u64 = 25;
/// How often its database is.
const ENDS: u64 = 6;
/// How soon a server is back after its database is.
const BACK: Duration = Duration::from_secs(2);
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
    async fn begin(premises: Premises, chance: &mut Chance) -> Self {
        let history = Arc::new(History::default());
        let server = premises.start();
        let lanes = Lane::all(&server.announced, &history, chance);
        let wire = Wire::to(premises.port);
        for lane in &lanes {
            lane.sign_in(&wire).await;
        }
        Self { premises, server, lanes, history }
    }

    /// Everybody works until nobody answers; `killed` says that this is no surprise.
    fn load(&mut self, killed: &Arc<AtomicBool>, enough: &Arc<AtomicBool>) -> JoinSet<Lane> {
        let (wire, mut load) = (Wire::to(self.premises.port), JoinSet::new());
        for mut lane in self.lanes.drain(..) {
            let (wire, killed, enough) = (Arc::clone(&wire), Arc::clone(killed), Arc::clone(enough));
            load.spawn(async move {
                let stopped = lane.work(&wire, &enough).await;
                assert!(killed.load(SeqCst), "the server stopped answering by itself: {stopped:?}");
                lane
            });
        }
        load
    }

    /// Everybody works, and the server is killed after so long.
    async fn kill_under_load(&mut self, after: Duration) {
        let killed = Arc::new(AtomicBool::new(false));
        let load = self.load(&killed, &Arc::default());
        tokio::time::sleep(after).await;
        killed.store(true, SeqCst);
        self.server.kill();
        self.lanes = load.join_all().await;
    }

    /// Everybody works, and the server's database is ended after so long and comes back. The server stays, and is there again soon.
    async fn end_the_database_under_load(&mut self, after: Duration, end: impl FnOnce(&TestDatabase)) {
        let (ended, enough) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let load = self.load(&ended, &enough);
        tokio::time::sleep(after).await;
        ended.store(true, SeqCst);
        tokio::task::block_in_place(|| end(self.premises.postgres()));
        let (wire, back) = (Wire::to(self.premises.port), Instant::now());
        while wire.send(Ask::get("/healthz")).await.is_err() {
            assert!(back.elapsed() < BACK, "it is not back after {BACK:?}");
        }
        enough.store(true, SeqCst);
        self.lanes = load.join_all().await;
        self.look_around().await;
    }

    /// The server starts again on what is left, and everybody looks for what is theirs.
    async fn start_again(&mut self) {
        self.server = self.premises.start();
        self.look_around().await;
    }

    async fn look_around(&mut self) {
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

/// The server is killed again and again; every word that it gave is kept.
async fn killed_under_load(premises: Premises) {
    let (kills, seed) = (setting("LATCHKEY_KILLS", KILLS), setting("LATCHKEY_SEED", SEED));
    let mut chance = Chance::seeded(seed);
    let mut trial = Trial::begin(premises, &mut chance).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_it_keeps_every_word_it_gave() {
    killed_under_load(Premises::of_the_demo()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_on_postgres_it_keeps_every_word_it_gave() {
    killed_under_load(Premises::on_postgres()).await;
}

/// PostgreSQL stops at once and starts again, or one of its processes is killed, upon which it ends all others and recovers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_postgres_is_ended_under_load_keeps_every_word_it_gave_and_is_back_soon() {
    let seed = setting("LATCHKEY_SEED", SEED);
    let mut chance = Chance::seeded(seed);
    let mut trial = Trial::begin(Premises::on_postgres(), &mut chance).await;
    for turn in 0..ENDS {
        let end = if turn % 2 == 0 { TestDatabase::restart } else { TestDatabase::crash };
        trial.end_the_database_under_load(Duration::from_millis(chance.within(MOMENT)), end).await;
        trial.premises.verify_the_record();
    }
    let history = trial.history.entries();
    let tally = Tally::of(&history);
    eprintln!("PostgreSQL ended {ENDS} times, seed {seed}: {tally}");
    assert_eq!(checker::check_of_a_survivor(&history), [], "seed {seed}");
    tally.must_be_worth_something(ENDS);
}

/// What the last test would not notice, it would not prove: here is the same story with a disk that forgets the last second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_forgets_what_it_took_is_found_out() {
    let mut trial = Trial::begin(Premises::of_the_demo(), &mut Chance::seeded(SEED)).await;
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
