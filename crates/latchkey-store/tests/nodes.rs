//! Several servers on one PostgreSQL database: what one of them changes, the others hear of, late or early, and nothing is skipped.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use latchkey_identity::Timestamp;
use latchkey_store::{Changes, CommitError, DatabaseUrl, Notice, OpenError, Sql, Store, StoreError};
use latchkey_testkit::databases::{Cluster, TestDatabase, runtime};
use latchkey_testkit::wire::Wire;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);

/// Any write.
const WRITE: Sql = Sql::write("test.write", "DELETE FROM set_up WHERE once = $1");
const ROWS: Sql = Sql::sweep("test.rows", "SELECT count(*) AS rows FROM notice");

/// A server, and everything that it heard.
struct Node {
    store: Store,
    heard: Arc<Mutex<Vec<Notice>>>,
}

impl Node {
    async fn at(url: &DatabaseUrl) -> Self {
        let (store, heard) = (Store::open(url).await.unwrap(), Arc::<Mutex<Vec<Notice>>>::default());
        let hear = Arc::clone(&heard);
        store.feed().subscribe(move |notice| hear.lock().unwrap().push(notice));
        Self { store, heard }
    }

    fn heard(&self) -> Vec<Notice> {
        self.heard.lock().unwrap().clone()
    }

    async fn tells(&self, notice: Notice) -> Result<(), CommitError> {
        let mut changes = Changes::none();
        changes.write(&WRITE, vec![7.into()]).notice(notice);
        self.store.commit(changes).await
    }

    async fn count(&self, sql: &'static Sql) -> i64 {
        self.store.read_one(sql, vec![]).await.unwrap().unwrap().int(0).unwrap()
    }
}

fn said(id: u128) -> Notice {
    Notice::Authorization(Uuid::from_u128(id))
}

/// Waits until something is so, a second at the most.
async fn soon(what: &str, is_so: impl AsyncFn() -> bool) {
    let given_up = Instant::now() + SECOND;
    while !is_so().await {
        assert!(Instant::now() < given_up, "not within a second: {what}");
        tokio::task::yield_now().await;
    }
}

fn on_postgres(test: impl AsyncFn(&TestDatabase)) {
    let database = TestDatabase::postgres();
    runtime().block_on(test(&database));
}

/// A connection that is no server's.
async fn stranger(database: &TestDatabase) -> Client {
    let DatabaseUrl::Postgres(address) = database.url() else { panic!("it is SQLite") };
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[test]
fn what_one_server_changes_all_others_hear_of_once_and_it_hears_of_it_by_itself() {
    on_postgres(async |database| {
        let nodes = [Node::at(database.url()).await, Node::at(database.url()).await, Node::at(database.url()).await];
        for (turn, node) in nodes.iter().enumerate() {
            let notice = said(turn as u128);
            node.tells(notice).await.unwrap();
            assert!(node.heard().contains(&notice), "before it is answered");
            for other in &nodes {
                soon("the others hear", async || other.heard().contains(&notice)).await;
            }
        }
        nodes[0].tells(Notice::Keys).await.unwrap();
        for node in &nodes {
            soon("the last is heard", async || node.heard().last() == Some(&Notice::Keys)).await;
            assert_eq!(node.heard(), [said(0), said(1), said(2), Notice::Keys], "each once, in order");
        }
    });
}

#[test]
fn many_at_once_are_all_heard() {
    on_postgres(async |database| {
        let (one, two) = (Node::at(database.url()).await, Node::at(database.url()).await);
        let all = (0..300).map(|id| if id % 2 == 0 { one.tells(said(id)) } else { two.tells(said(id)) });
        for outcome in futures_util::future::join_all(all).await {
            outcome.unwrap();
        }
        for node in [&one, &two] {
            soon("all are heard", async || node.heard().len() >= 300).await;
            assert!((0..300).all(|id| node.heard().iter().filter(|notice| **notice == said(id)).count() == 1));
        }
    });
}

#[test]
fn a_transaction_that_is_held_open_loses_nobody_a_notice() {
    on_postgres(async |database| {
        let (one, two) = (Node::at(database.url()).await, Node::at(database.url()).await);
        // Another server of ours, as far as the database is concerned: its number is given before the others', and it commits after them.
        let held = stranger(database).await;
        let tell = "INSERT INTO notice (node, number, xact, told)
                    VALUES (decode(repeat('ab', 16), 'hex'), 1, CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
                            decode('01' || repeat('00', 15) || '63', 'hex'))";
        held.batch_execute(&format!("BEGIN; {tell}")).await.unwrap();
        for id in 0..3 {
            one.tells(said(id)).await.unwrap();
            soon("it waits for nobody", async || two.heard().contains(&said(id))).await;
        }
        assert!(!two.heard().contains(&said(99)));
        held.batch_execute("COMMIT").await.unwrap();
        for node in [&one, &two] {
            soon("what commits late is heard", async || node.heard().contains(&said(99))).await;
        }
        one.tells(said(4)).await.unwrap();
        soon("it goes on", async || two.heard().contains(&said(4))).await;
        assert_eq!(two.heard(), [said(0), said(1), said(2), said(99), said(4)], "each once");
    });
}

/// However much is told while a transaction is open: what one look has brought the next does not bring again.
#[test]
fn a_transaction_that_is_held_open_makes_nobody_forget() {
    on_postgres(async |database| {
        let (one, two) = (Node::at(database.url()).await, Node::at(database.url()).await);
        let (held, busy) = (stranger(database).await, stranger(database).await);
        held.batch_execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
        for turn in 0..3 {
            let many = format!(
                "INSERT INTO notice (node, number, xact, told)
                 SELECT decode(repeat('cd', 16), 'hex'), {turn} * 10000 + g, CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
                        decode('09', 'hex') FROM generate_series(1, 10000) g"
            );
            busy.batch_execute(&many).await.unwrap();
            soon("all are heard", async || two.heard().len() >= 10_000 * (turn + 1)).await;
        }
        one.tells(said(1)).await.unwrap();
        soon("it goes on", async || two.heard().contains(&said(1))).await;
        held.batch_execute("COMMIT").await.unwrap();
        assert_eq!(two.heard().len(), 30_001, "each once, and nothing else");
    });
}

#[test]
fn what_nobody_else_needs_to_know_is_not_written() {
    on_postgres(async |database| {
        let (one, two) = (Node::at(database.url()).await, Node::at(database.url()).await);
        let at = Timestamp::from_secs(1);
        one.tells(Notice::Rotation { family: Uuid::nil(), next: 1, at, access_expires_at: at }).await.unwrap();
        let mut silent = Changes::none();
        silent.write(&WRITE, vec![7.into()]);
        one.store.commit(silent).await.unwrap();
        assert_eq!(one.count(&ROWS).await, 0);
        one.tells(said(1)).await.unwrap();
        assert_eq!(one.count(&ROWS).await, 1);
        soon("the others hear", async || two.heard() == [said(1)]).await;
    });
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let only = Node::at(database.url()).await;
        only.tells(said(1)).await.unwrap();
        assert_eq!(only.count(&ROWS).await, 0, "there is nobody else");
    });
}

#[test]
fn what_did_not_take_place_is_not_told() {
    const NEVER: Sql = Sql::guarded("test.never", "DELETE FROM set_up WHERE once = $1 AND once = 8");
    on_postgres(async |database| {
        let (one, two) = (Node::at(database.url()).await, Node::at(database.url()).await);
        let mut lost = Changes::none();
        lost.write(&NEVER, vec![7.into()]).notice(said(1));
        assert_eq!(one.store.commit(lost).await, Err(CommitError::Lost));
        one.tells(said(2)).await.unwrap();
        soon("the others hear", async || two.heard() == [said(2)]).await;
    });
}

/// Nobody knows whether it took place: its server goes by that it did.
#[test]
fn a_commit_whose_connection_ends_is_told_of_where_it_was_asked() {
    on_postgres(async |database| {
        let (one, two) = (Node::at(database.url()).await, Node::at(database.url()).await);
        let held = stranger(database).await;
        held.batch_execute("BEGIN; LOCK TABLE notice IN SHARE MODE").await.unwrap();
        let telling = one.tells(said(1));
        let cutting = async {
            let watcher = stranger(database).await;
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                            AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO notice%'";
            let waits = async || watcher.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) > 0;
            soon("it waits", waits).await;
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                        AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO notice%'";
            watcher.query(cut, &[]).await.unwrap();
        };
        let (told, ()) = tokio::join!(telling, cutting);
        assert!(matches!(told, Err(CommitError::Unavailable(StoreError::Unavailable(_)))), "{told:?}");
        assert_eq!(one.heard(), [said(1)], "it may have taken place");
        held.batch_execute("COMMIT").await.unwrap();
        soon("it is back", async || one.tells(said(2)).await.is_ok()).await;
        soon("it goes on, and the first never took place", async || two.heard() == [said(2)]).await;
    });
}

/// The commit took place, and its server, which was not told so, hears of it like the others.
#[test]
fn a_commit_whose_answer_is_lost_is_heard_of_by_all() {
    on_postgres(async |database| {
        let wire = Wire::to(database.url());
        let (one, two) = (Node::at(wire.url()).await, Node::at(database.url()).await);
        one.tells(said(1)).await.unwrap();
        soon("the wire is whole", async || two.heard() == [said(1)]).await;
        wire.cut_answers();
        let store = one.store.clone();
        let asked = tokio::spawn(async move {
            let mut changes = Changes::none();
            changes.write(&WRITE, vec![7.into()]).notice(said(2));
            store.commit(changes).await
        });
        soon("the others hear", async || two.heard().contains(&said(2))).await;
        assert!(!one.heard().contains(&said(2)), "it does not know yet");
        wire.end();
        assert!(asked.await.unwrap().is_err());
        let times = || one.heard().iter().filter(|notice| **notice == said(2)).count();
        assert_eq!(times(), 1, "it may have taken place");
        wire.mend();
        soon("it did", async || times() == 2).await;
    });
}

#[test]
fn a_server_that_is_cut_off_knows_that_it_knows_nothing_and_recovers() {
    on_postgres(async |database| {
        let wire = Wire::to(database.url());
        let (off, other) = (Node::at(wire.url()).await, Node::at(database.url()).await);
        assert_eq!(off.store.in_touch().await, Ok(()));
        wire.cut();
        let cut = Instant::now();
        other.tells(said(1)).await.unwrap();
        while off.store.in_touch().await.is_ok() {
            assert!(cut.elapsed() < SECOND * 3, "it goes by what it remembers");
            tokio::task::yield_now().await;
        }
        assert!(off.store.in_touch().await.unwrap_err().is_temporary());
        assert_eq!(other.store.in_touch().await, Ok(()), "the others go on");
        assert!(off.heard().is_empty());
        wire.mend();
        let mended = Instant::now();
        while off.store.in_touch().await.is_err() {
            assert!(mended.elapsed() < SECOND * 12, "it does not recover");
        }
        assert_eq!(off.heard(), [said(1), Notice::Everything], "nothing is answered before it is heard");
    });
}

#[test]
fn a_server_whose_connections_were_cut_misses_nothing() {
    on_postgres(async |database| {
        let (one, two) = (Node::at(database.url()).await, Node::at(database.url()).await);
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
        stranger(database).await.query(cut, &[]).await.unwrap();
        let cut = Instant::now();
        let mut told = 0;
        while one.tells(said(told)).await.is_err() {
            assert!(cut.elapsed() < SECOND, "it is not back");
            told += 1;
        }
        soon("the others hear", async || two.heard().contains(&said(told))).await;
        for node in [&one, &two] {
            // Numbers of transactions may have been given again.
            soon("it goes by nothing that it knew", async || node.heard().contains(&Notice::Everything)).await;
        }
        assert_eq!((one.store.in_touch().await, two.store.in_touch().await), (Ok(()), Ok(())));
    });
}

#[test]
fn a_database_that_is_gone_is_known_to_be_within_a_second() {
    runtime().block_on(async {
        let cluster = Cluster::start().unwrap();
        let store = Store::open(&cluster.create_database()).await.unwrap();
        drop(cluster);
        let gone = Instant::now();
        while store.in_touch().await.is_ok() {
            assert!(gone.elapsed() < SECOND * 2);
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn who_brings_the_schema_up_to_date_keeps_the_others_out_meanwhile() {
    on_postgres(async |database| {
        let first = stranger(database).await;
        let lock = |function: &str| format!("SELECT {function}(x'6c617463686b6579'::bigint)");
        first.batch_execute(&lock("pg_advisory_lock")).await.unwrap();
        let refused = Store::open(database.url()).await.unwrap_err();
        assert!(matches!(refused, OpenError::KeptOut(_)), "{refused}");
        let (second, ()) = tokio::join!(Store::open(database.url()), async {
            first.batch_execute(&lock("pg_advisory_unlock")).await.unwrap();
        });
        second.unwrap();
    });
}

#[test]
fn a_server_does_not_serve_beside_one_of_another_schema() {
    on_postgres(async |database| {
        let store = database.open().await;
        let stranger = stranger(database).await;
        stranger.batch_execute("INSERT INTO schema_version (version, name) VALUES (9000, 'future')").await.unwrap();
        let refused = Store::open(database.url()).await.unwrap_err();
        assert!(matches!(refused, OpenError::NewerSchema { found: 9000, .. }), "{refused}");
        // What is at work notices when it has to take its lock again.
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
        stranger.query(cut, &[]).await.unwrap();
        let cut = Instant::now();
        loop {
            match store.read(&ROWS, vec![]).await {
                Err(error) if error.to_string().contains("schema 9000") => break,
                _ => assert!(cut.elapsed() < SECOND * 5),
            }
        }
    });
}

#[test]
fn rows_of_another_history_go_when_a_server_is_alone() {
    on_postgres(async |database| {
        let first = Node::at(database.url()).await;
        first.tells(said(1)).await.unwrap();
        let foreign = "INSERT INTO notice (node, number, xact, told) VALUES (decode(repeat('cd', 16), 'hex'), 1, 1000000000000, '')";
        stranger(database).await.batch_execute(foreign).await.unwrap();
        assert_eq!(first.count(&ROWS).await, 2);
        drop(first);
        // PostgreSQL hears of a closed connection a moment after it was closed.
        soon("it is alone", async || Node::at(database.url()).await.count(&ROWS).await == 1).await;
    });
}
