//! What both engines promise to everybody above them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use latchkey_store::{
    Changes, CommitError, DatabaseUrl, Notice, OpenError, Options, Role, Sql, Store, StoreError, Value,
};
use latchkey_testkit::databases::{TestDatabase, on_both_databases, on_both_engines, runtime};
use tokio::task::JoinSet;
use uuid::Uuid;

const CREATE: Sql = Sql::write(
    "test.create",
    "CREATE TABLE coin (id INTEGER NOT NULL PRIMARY KEY, spent_by INTEGER, note TEXT, mark BLOB)",
);
const MINT: Sql = Sql::write("test.mint", "INSERT INTO coin (id, note, mark) VALUES ($1, $3, $2)");
const MINT_ONCE: Sql = Sql::guarded("test.mint_once", "INSERT INTO coin (id) VALUES ($1)");
const MINT_IF_FREE: Sql =
    Sql::guarded("test.mint_if_free", "INSERT INTO coin (id) VALUES ($1) ON CONFLICT (id) DO NOTHING");
const SPEND: Sql = Sql::guarded("test.spend", "UPDATE coin SET spent_by = $2 WHERE id = $1 AND spent_by IS NULL");
const SPEND_RETURNING: Sql = Sql::guarded(
    "test.spend_returning",
    "UPDATE coin SET spent_by = $2 WHERE id = $1 AND spent_by IS NULL RETURNING id",
);
const COINS: Sql = Sql::read("test.coins", "SELECT id, spent_by, note, mark FROM coin ORDER BY id");
const COUNT: Sql = Sql::read("test.count", "SELECT count(*) AS coins FROM coin");
const WRONG: Sql = Sql::write("test.wrong", "INSERT INTO nowhere (id) VALUES ($1)");

fn changes(writes: &[(&'static Sql, Vec<Value>)]) -> Changes {
    let mut changes = Changes::none();
    for (sql, values) in writes {
        changes.write(sql, values.clone());
    }
    changes
}

fn mint(id: i64) -> (&'static Sql, Vec<Value>) {
    (&MINT, vec![id.into(), [7_u8; 4].into(), "new".into()])
}

fn spend(id: i64, by: i64) -> (&'static Sql, Vec<Value>) {
    (&SPEND, vec![id.into(), by.into()])
}

async fn with_coins(store: &Store, coins: &[i64]) {
    store.commit(changes(&[(&CREATE, vec![])])).await.unwrap();
    store.commit(changes(&coins.iter().copied().map(mint).collect::<Vec<_>>())).await.unwrap();
}

async fn count(store: &Store) -> i64 {
    store.read(&COUNT, vec![]).await.unwrap()[0].int(0).unwrap()
}

async fn spent_by(store: &Store, id: usize) -> Option<i64> {
    store.read(&COINS, vec![]).await.unwrap()[id].opt_int(1).unwrap()
}

#[test]
fn what_is_written_is_what_is_read() {
    on_both_databases(async |store| {
        with_coins(&store, &[5]).await;
        let rows = store.read(&COINS, vec![]).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].int(0), Ok(5));
        assert_eq!(rows[0].opt_int(1), Ok(None));
        assert_eq!(rows[0].text(2), Ok("new"));
        assert_eq!(rows[0].array(3), Ok([7_u8; 4]));
    });
}

#[test]
fn nothing_of_a_set_stays_whose_guard_found_nothing() {
    on_both_databases(async |store| {
        with_coins(&store, &[0]).await;
        assert_eq!(store.commit(changes(&[mint(1), spend(99, 1), mint(2)])).await, Err(CommitError::Lost));
        assert_eq!(count(&store).await, 1);
        assert_eq!(store.commit(changes(&[mint(1), spend(0, 1)])).await, Ok(()));
        assert_eq!(store.commit(changes(&[mint(2), spend(0, 2)])).await, Err(CommitError::Lost));
        assert_eq!(count(&store).await, 2);
        assert_eq!(spent_by(&store, 0).await, Some(1));
    });
}

#[test]
fn a_guard_alone_or_returning_rows_is_lost_as_well() {
    on_both_databases(async |store| {
        with_coins(&store, &[0]).await;
        let spend = |by: i64| changes(&[(&SPEND_RETURNING, vec![0.into(), by.into()])]);
        assert_eq!(store.commit(spend(1)).await, Ok(()));
        assert_eq!(store.commit(spend(2)).await, Err(CommitError::Lost));
        assert_eq!(spent_by(&store, 0).await, Some(1));
    });
}

#[test]
fn a_guarded_insert_of_what_is_there_already_is_lost() {
    on_both_databases(async |store| {
        with_coins(&store, &[0]).await;
        for insert in [&MINT_ONCE, &MINT_IF_FREE] {
            assert_eq!(store.commit(changes(&[mint(8), (insert, vec![0.into()])])).await, Err(CommitError::Lost));
            assert_eq!(store.commit(changes(&[(insert, vec![0.into()])])).await, Err(CommitError::Lost));
        }
        assert_eq!(count(&store).await, 1);
        assert_eq!(store.commit(changes(&[(&MINT_ONCE, vec![1.into()])])).await, Ok(()));
    });
}

#[test]
fn a_wrong_statement_names_itself_and_undoes_its_set() {
    on_both_databases(async |store| {
        with_coins(&store, &[0]).await;
        for wrong in
            [(&WRONG, vec![1.into()]), (&MINT, vec![1.into()]), (&MINT, vec![0.into(), Value::Null, Value::Null])]
        {
            let name = wrong.0.name();
            match store.commit(changes(&[mint(1), wrong])).await {
                Err(CommitError::Unavailable(StoreError::Statement { statement, .. })) => assert_eq!(statement, name),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(count(&store).await, 1);
        assert!(store.read(&MINT, vec![]).await.is_err());
        assert!(store.commit(changes(&[(&COUNT, vec![])])).await.is_err());
    });
}

#[test]
fn of_64_racing_for_one_guard_exactly_one_wins() {
    on_both_databases(async |store| {
        with_coins(&store, &[0]).await;
        let mut race = JoinSet::new();
        for by in 0..64 {
            let store = store.clone();
            race.spawn(async move { store.commit(changes(&[mint(100 + by), spend(0, by)])).await.map(|()| by) });
        }
        let outcomes = race.join_all().await;
        let winners: Vec<i64> = outcomes.iter().filter_map(|outcome| outcome.clone().ok()).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(CommitError::Lost)).count(), 63);
        assert_eq!(spent_by(&store, 0).await, Some(winners[0]));
        assert_eq!(count(&store).await, 2);
    });
}

#[test]
fn sets_that_are_committed_together_are_answered_each_its_own() {
    on_both_databases(async |store| {
        with_coins(&store, &(0..64).collect::<Vec<_>>()).await;
        let before = store.counters();
        let mut together = JoinSet::new();
        for by in 0..192_i64 {
            let store = store.clone();
            together.spawn(async move {
                match by % 3 {
                    0 => (by, store.commit(changes(&[spend(by / 3, by)])).await == Ok(())),
                    1 => (by, store.commit(changes(&[mint(1000 + by), spend(-1, by)])).await == Err(CommitError::Lost)),
                    _ => (by, matches!(store.commit(changes(&[mint(0)])).await, Err(CommitError::Unavailable(_)))),
                }
            });
        }
        for (by, as_expected) in together.join_all().await {
            assert!(as_expected, "change set {by}");
        }
        assert_eq!(count(&store).await, 64);
        let counts = store.counters().since(before);
        assert_eq!((counts.change_sets, counts.lost), (64, 64));
        assert!(counts.commits <= 64);
    });
}

#[test]
fn waiting_sets_share_a_commit_on_sqlite() {
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let store = database.open().await;
        with_coins(&store, &[]).await;
        let before = store.counters();
        let sets = (0..200).map(|id| store.commit(changes(&[mint(id)])));
        for outcome in futures_util::future::join_all(sets).await {
            assert_eq!(outcome, Ok(()));
        }
        let counts = store.counters().since(before);
        assert_eq!((counts.change_sets, counts.writes), (200, 200));
        assert!(counts.commits < 100, "{counts:?}");
    });
}

#[test]
fn a_notice_is_heard_after_the_commit_and_before_the_answer() {
    on_both_databases(async |store| {
        with_coins(&store, &[0]).await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hear = Arc::clone(&heard);
        store.feed().subscribe(move |notice| hear.lock().unwrap().push(notice));
        let said = |id: u128| Notice::Authorization(Uuid::from_u128(id));

        let mut set = changes(&[spend(0, 1)]);
        set.notice(said(1)).notice(said(2)).notice(Notice::Keys);
        store.commit(set.clone()).await.unwrap();
        assert_eq!(*heard.lock().unwrap(), [said(1), said(2), Notice::Keys]);

        assert_eq!(store.commit(set).await, Err(CommitError::Lost));
        assert_eq!(heard.lock().unwrap().len(), 3, "what did not take place is not told");

        let sets = (10..74_u128).map(|id| {
            let mut set = changes(&[mint(i64::try_from(id).unwrap())]);
            set.notice(said(id));
            let (store, heard) = (store.clone(), Arc::clone(&heard));
            async move {
                store.commit(set).await.unwrap();
                assert!(heard.lock().unwrap().contains(&said(id)), "answered before it was told");
            }
        });
        futures_util::future::join_all(sets).await;
        assert_eq!(heard.lock().unwrap().len(), 67);
    });
}

#[test]
fn a_subscriber_finds_the_change_already_committed_on_sqlite() {
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let store = database.open().await;
        with_coins(&store, &[0]).await;
        let (seen, see) = tokio::sync::oneshot::channel();
        let (reader, seen) = (store.clone(), Mutex::new(Some(seen)));
        let handle = tokio::runtime::Handle::current();
        store.feed().subscribe(move |_| {
            let spent = handle.block_on(spent_by(&reader, 0));
            seen.lock().unwrap().take().unwrap().send(spent).unwrap();
        });
        let mut set = changes(&[spend(0, 4)]);
        set.notice(Notice::Keys);
        store.commit(set).await.unwrap();
        assert_eq!(see.await, Ok(Some(4)));
    });
}

#[test]
fn a_commit_runs_to_its_end_when_its_caller_goes_away() {
    on_both_databases(async |store| {
        with_coins(&store, &[0]).await;
        let (tell, told) = tokio::sync::oneshot::channel();
        let tell = Mutex::new(Some(tell));
        store.feed().subscribe(move |_| tell.lock().unwrap().take().unwrap().send(()).unwrap());
        let mut set = changes(&[spend(0, 1)]);
        set.notice(Notice::Keys);
        started_and_given_up(store.commit(set)).await;
        told.await.unwrap();
        assert_eq!(spent_by(&store, 0).await, Some(1));
    });
}

async fn started_and_given_up<T>(future: impl Future<Output = T>) {
    let mut future = Box::pin(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
}

#[test]
fn who_loses_decides_again_by_what_is_now_true() {
    on_both_databases(async |store| {
        with_coins(&store, &[0]).await;
        let mut race = JoinSet::new();
        for by in 1..=64_i64 {
            let store = store.clone();
            // Spawned, because handlers are: what `decide` returns can be moved between threads.
            race.spawn(async move {
                let decision = store.decide(|| async {
                    let coins = store.read(&COINS, vec![]).await?;
                    Ok(match coins[0].opt_int(1)? {
                        None => (Ok(by), changes(&[spend(0, by)])),
                        Some(other) => (Err(other), Changes::none()),
                    })
                });
                decision.await.unwrap()
            });
        }
        let answers = race.join_all().await;
        let winner = spent_by(&store, 0).await.unwrap();
        assert_eq!(answers.iter().filter(|answer| **answer == Ok(winner)).count(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == Err(winner)).count(), 63);
    });
}

#[test]
fn a_decision_that_always_loses_ends_as_unavailable() {
    on_both_databases(async |store| {
        with_coins(&store, &[0]).await;
        let decision = store.decide(|| async { Ok(((), changes(&[spend(-1, 1)]))) });
        assert!(decision.await.unwrap_err().is_temporary());
        assert_eq!(store.counters().lost, 100);
    });
}

#[test]
fn a_decision_without_changes_commits_nothing() {
    on_both_databases(async |store| {
        let before = store.counters();
        assert_eq!(store.decide(|| async { Ok((7, Changes::none())) }).await, Ok(7));
        assert_eq!(store.counters(), before);
    });
}

#[test]
fn reopening_finds_what_was_committed() {
    on_both_engines(async |database| {
        let store = database.open().await;
        with_coins(&store, &[1, 2, 3]).await;
        drop(store);
        let store = database.open().await;
        assert_eq!(count(&store).await, 3);
        store.commit(changes(&[mint(4)])).await.unwrap();
    });
}

#[test]
fn a_second_server_is_refused_on_sqlite_and_a_reader_is_not() {
    on_both_engines(async |database| {
        let store = database.open().await;
        with_coins(&store, &[1]).await;
        let second = Store::open(database.url()).await;
        assert_eq!(second.is_ok(), store.is_shared());
        if let Err(refused) = second {
            assert!(refused.to_string().contains("another Latchkey server"), "{refused}");
        }

        let reader = database.open_with(Options { role: Role::Reader, ..Options::default() }).await;
        assert_eq!(count(&reader).await, 1);
        assert!(matches!(reader.commit(changes(&[mint(2)])).await, Err(CommitError::Unavailable(_))));
        assert_eq!(count(&store).await, 1);
    });
}

#[test]
fn a_reader_finds_no_schema_where_no_server_has_been() {
    on_both_engines(async |database| {
        if let DatabaseUrl::Sqlite(path) = database.url() {
            std::fs::File::create(path).unwrap();
        }
        let reader = Options { role: Role::Reader, ..Options::default() };
        let found = Store::open_with(database.url(), reader).await.unwrap_err();
        assert!(matches!(found, OpenError::OlderSchema { found: 0, .. }), "{found}");
        drop(database.open().await);
        assert!(Store::open_with(database.url(), reader).await.is_ok());
    });
}

#[test]
fn a_newer_schema_stops_an_older_binary() {
    const FUTURE: Sql = Sql::write("test.future", "INSERT INTO schema_version (version, name) VALUES (9000, 'future')");
    on_both_engines(async |database| {
        let store = database.open().await;
        store.commit(changes(&[(&FUTURE, vec![])])).await.unwrap();
        drop(store);
        let refused = Store::open(database.url()).await.unwrap_err().to_string();
        assert!(refused.contains("schema 9000") && refused.contains("newer Latchkey"), "{refused}");
    });
}
