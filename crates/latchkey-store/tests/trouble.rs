//! A full disk, a lock, a database that went away: the answer is "unavailable", and nothing that was acknowledged is lost.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;

use latchkey_store::{Changes, CommitError, DatabaseUrl, Options, Sql, Store, StoreError, Value};
use latchkey_testkit::databases::{Cluster, TestDatabase, runtime};
use tokio::task::JoinSet;

const CREATE: Sql = Sql::write("test.create", "CREATE TABLE chest (id INTEGER NOT NULL PRIMARY KEY, filling BLOB)");
const PUT: Sql = Sql::guarded("test.put", "INSERT INTO chest (id, filling) VALUES ($1, $2)");
const IDS: Sql = Sql::sweep("test.ids", "SELECT id FROM chest ORDER BY id");

fn set(sql: &'static Sql, values: Vec<Value>) -> Changes {
    let mut changes = Changes::none();
    changes.write(sql, values);
    changes
}

async fn put(store: &Store, id: i64) -> Result<(), CommitError> {
    store.commit(set(&PUT, vec![id.into(), vec![1_u8; 3_000].into()])).await
}

async fn ids(store: &Store) -> Vec<i64> {
    store.read(&IDS, vec![]).await.unwrap().iter().map(|row| row.int(0).unwrap()).collect()
}

fn is_unavailable(outcome: &Result<(), CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Unavailable(StoreError::Unavailable(_))))
}

fn file(database: &TestDatabase) -> &std::path::Path {
    match database.url() {
        DatabaseUrl::Sqlite(path) => path,
        DatabaseUrl::Postgres(_) => panic!("it has no file"),
    }
}

#[test]
fn a_full_disk_is_unavailable_and_loses_nothing_that_was_acknowledged() {
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let store = database.open_with(Options { max_pages: Some(200), ..Options::default() }).await;
        store.commit(set(&CREATE, vec![])).await.unwrap();
        let mut crowd = JoinSet::new();
        for id in 0..300 {
            let store = store.clone();
            crowd.spawn(async move { (id, put(&store, id).await) });
        }
        let outcomes = crowd.join_all().await;
        assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok() || is_unavailable(outcome)), "{outcomes:?}");
        let mut acknowledged: Vec<i64> =
            outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(id, _)| *id).collect();
        for id in 300.. {
            match put(&store, id).await {
                Ok(()) => acknowledged.push(id),
                outcome => {
                    assert!(is_unavailable(&outcome), "{outcome:?}");
                    break;
                }
            }
        }
        acknowledged.sort_unstable();
        assert!(acknowledged.len() > 20, "{}", acknowledged.len());
        assert_eq!(ids(&store).await, acknowledged);

        drop(store);
        let store = database.open().await;
        assert_eq!(ids(&store).await, acknowledged, "and after a new start");
        assert_eq!(put(&store, 1_000).await, Ok(()), "there is room again");
    });
}

#[test]
fn a_database_that_someone_else_locks_is_unavailable_until_it_is_free() {
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let store = database.open().await;
        store.commit(set(&CREATE, vec![])).await.unwrap();
        let stranger = rusqlite::Connection::open(file(&database)).unwrap();
        stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(is_unavailable(&put(&store, 1).await));
        assert!(ids(&store).await.is_empty(), "reading goes on");
        stranger.execute_batch("ROLLBACK").unwrap();
        assert_eq!(put(&store, 2).await, Ok(()));
        assert_eq!(ids(&store).await, [2]);
    });
}

#[test]
fn a_file_that_went_away_or_was_replaced_takes_no_commits() {
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let store = database.open().await;
        store.commit(set(&CREATE, vec![])).await.unwrap();
        let elsewhere = file(&database).with_extension("moved");
        fs::rename(file(&database), &elsewhere).unwrap();
        assert!(is_unavailable(&put(&store, 1).await));
        fs::write(file(&database), "").unwrap();
        assert!(is_unavailable(&put(&store, 2).await));
        fs::rename(&elsewhere, file(&database)).unwrap();
        assert_eq!(put(&store, 3).await, Ok(()));
        assert_eq!(ids(&store).await, [3]);
    });
}

#[test]
fn the_log_stays_bounded_under_load() {
    runtime().block_on(async {
        let database = TestDatabase::sqlite();
        let store = database.open().await;
        store.commit(set(&CREATE, vec![])).await.unwrap();
        let log = file(&database).with_extension("db-wal");
        for group in 0..160 {
            let mut changes = Changes::none();
            for id in 0..200 {
                changes.write(&PUT, vec![(group * 200 + id).into(), vec![1_u8; 3_000].into()]);
            }
            store.commit(changes).await.unwrap();
        }
        let written = 160 * 200 * 3_000;
        let length = fs::metadata(&log).unwrap().len();
        assert!(length < 72 * 1024 * 1024 && length < written * 4 / 5, "{length} bytes of log after {written}");
        drop(store);
        assert!(!log.exists(), "a clean stop leaves one file");
    });
}

#[test]
fn an_absent_database_is_named_at_start() {
    runtime().block_on(async {
        let nowhere = DatabaseUrl::Sqlite("/nowhere/at/all/latchkey.db".into());
        let error = Store::open(&nowhere).await.unwrap_err().to_string();
        assert!(error.contains("/nowhere/at/all"), "{error}");
        let nobody = DatabaseUrl::Postgres("postgres://latchkey@%2Fnowhere/none".to_owned());
        assert!(Store::open(&nobody).await.unwrap_err().to_string().contains("cannot open the database"));
    });
}

#[test]
fn what_postgres_says_of_itself_is_unavailable_and_what_it_says_of_others_is_a_lost_race() {
    static FULL: Sql = Sql::write("test.full", "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END'");
    static STOPPING: Sql = Sql::write("test.stopping", "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''57P01''; END'");
    static STANDBY: Sql = Sql::write("test.standby", "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''25006''; END'");
    static DEADLOCK: Sql = Sql::write("test.deadlock", "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''40P01''; END'");
    runtime().block_on(async {
        let database = TestDatabase::postgres();
        let store = database.open().await;
        store.commit(set(&CREATE, vec![])).await.unwrap();
        let with = |sql| {
            let mut changes = set(&PUT, vec![1.into(), Value::Null]);
            changes.write(sql, vec![]);
            changes
        };
        for sql in [&FULL, &STOPPING, &STANDBY] {
            assert!(is_unavailable(&store.commit(with(sql)).await), "{}", sql.name());
        }
        assert_eq!(store.commit(with(&DEADLOCK)).await, Err(CommitError::Lost));
        assert!(ids(&store).await.is_empty());
    });
}

#[test]
fn a_server_whose_connections_were_cut_takes_its_lock_again() {
    const CUT: Sql = Sql::sweep(
        "test.cut",
        "SELECT count(pg_terminate_backend(pid)) AS cut FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    const HOLDER: Sql = Sql::sweep(
        "test.holder",
        "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
          WHERE locktype = 'advisory' AND datname = current_database()",
    );
    runtime().block_on(async {
        let database = TestDatabase::postgres();
        let store = database.open().await;
        store.commit(set(&CREATE, vec![])).await.unwrap();
        let holder = async || store.read_one(&HOLDER, vec![]).await.map(|row| row.map(|row| row.int(0).unwrap()));
        let first = holder().await.unwrap().unwrap();
        assert!(store.read(&CUT, vec![]).await.unwrap()[0].int(0).unwrap() > 0);
        let mut acknowledged = Vec::new();
        for id in 0.. {
            match put(&store, id).await {
                Ok(()) => acknowledged.push(id),
                outcome => assert!(is_unavailable(&outcome), "{outcome:?}"),
            }
            if !acknowledged.is_empty() && holder().await.is_ok_and(|holder| holder.is_some_and(|now| now != first)) {
                break;
            }
        }
        let kept = ids(&store).await;
        assert!(acknowledged.iter().all(|id| kept.contains(id)), "{acknowledged:?} of {kept:?}");
    });
}

#[test]
fn a_postgres_that_went_away_is_unavailable() {
    runtime().block_on(async {
        let cluster = Cluster::start().unwrap();
        let store = Store::open(&cluster.create_database()).await.unwrap();
        store.commit(set(&CREATE, vec![])).await.unwrap();
        drop(cluster);
        assert!(is_unavailable(&put(&store, 1).await));
        assert!(store.read(&IDS, vec![]).await.unwrap_err().is_temporary());
    });
}
