//! Real databases for tests: SQLite in a folder, and PostgreSQL from the server binaries of the system.
//!
//! PostgreSQL is looked for on the `PATH` and where Debian's package `postgresql` puts it. A machine without it fails the
//! test with that word. `LATCHKEY_TEST_POSTGRES` names the folder of the socket of a [`Cluster`] that runs already;
//! `cargo xtask test` sets it, so that not every test process has to start its own.

mod cluster;

use std::sync::Arc;

use latchkey_store::{DatabaseUrl, Options, Store};
use tempfile::TempDir;

pub use cluster::{Certificate, Cluster, PASSWORD, SHARED_CLUSTER};

/// Runs a test twice: on an empty SQLite database and on an empty PostgreSQL database.
pub fn on_both_databases(test: impl AsyncFn(Store)) {
    on_both_engines(async |database| test(database.open().await).await);
}

/// The same, for a test that opens the database itself: more than once, or in an unusual way.
pub fn on_both_engines(test: impl AsyncFn(&TestDatabase)) {
    for start in [TestDatabase::sqlite, TestDatabase::postgres] {
        let database = start();
        eprintln!("on {:?}", database.url());
        runtime().block_on(test(&database));
    }
}

/// What a server runs on, in small.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// An empty database of its own, gone when dropped.
#[derive(Debug)]
pub struct TestDatabase {
    url: DatabaseUrl,
    /// Dropped last, because the folder or the cluster goes with it.
    _home: Home,
}

#[derive(Debug)]
enum Home {
    Folder { _folder: TempDir },
    Cluster { cluster: Arc<Cluster>, url: DatabaseUrl },
}

impl TestDatabase {
    /// SQLite in a temporary folder: a file, as in earnest.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = DatabaseUrl::Sqlite(folder.path().join("latchkey.db"));
        Self { url, _home: Home::Folder { _folder: folder } }
    }

    /// A new database in the cluster of this process, or in the one that runs already.
    pub fn postgres() -> Self {
        let cluster = Cluster::of_this_process();
        let url = cluster.create_database();
        Self { url: url.clone(), _home: Home::Cluster { cluster, url } }
    }

    /// A database in a cluster of its own, whose server can be ended.
    pub fn postgres_of_its_own() -> Self {
        let cluster = Arc::new(Cluster::start().unwrap_or_else(|error| panic!("no PostgreSQL to test on: {error}")));
        let url = cluster.create_database();
        Self { url: url.clone(), _home: Home::Cluster { cluster, url } }
    }

    /// Ends PostgreSQL at once, as if its machine had stopped, and starts it again. Nobody is told beforehand.
    pub fn restart(&self) {
        self.cluster().restart();
    }

    /// Ends a process of PostgreSQL that serves this database by SIGKILL, upon which PostgreSQL ends all others and recovers.
    pub fn crash(&self) {
        self.cluster().crash(&self.url);
    }

    fn cluster(&self) -> &Cluster {
        match &self._home {
            Home::Cluster { cluster, .. } => cluster,
            Home::Folder { .. } => panic!("SQLite has no server"),
        }
    }

    /// Its address.
    pub const fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Opens it as a server does.
    pub async fn open(&self) -> Store {
        self.open_with(Options::default()).await
    }

    /// Opens it in another way.
    pub async fn open_with(&self, options: Options) -> Store {
        Store::open_with(&self.url, options).await.expect("the database opens")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Self::Cluster { cluster, url } = self {
            cluster.drop_database(url);
        }
    }
}
