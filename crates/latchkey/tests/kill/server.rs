//! The real program on one folder and one database: started, killed, and started again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use latchkey_store::DatabaseUrl;
use latchkey_testkit::databases::TestDatabase;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lane::{PEOPLE, SCOPES, SERVICES};

/// Where ports are looked for: below those that systems hand out by themselves, so that nobody takes them while the server is down.
const PORTS: u16 = 20_000;
const SPREAD: u32 = 12_000;

const PASSWORD: &str = "correct horse battery staple";

/// A folder for the data, and a port that stays: tokens name the origin.
pub(crate) struct Premises {
    folder: TempDir,
    pub(crate) port: u16,
    setting: Setting,
}

/// How the server came to be.
enum Setting {
    /// The demo, on SQLite, which says itself what there is.
    Demo,
    /// Set up by commands, on PostgreSQL.
    Commands { database: TestDatabase, announced: Value },
}

impl Premises {
    /// The demo, on SQLite.
    pub(crate) fn of_the_demo() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), port: a_port(), setting: Setting::Demo }
    }

    /// The same people and services on PostgreSQL, set up by commands.
    pub(crate) fn on_postgres() -> Self {
        let database = TestDatabase::postgres_of_its_own();
        let setting = Setting::Commands { database, announced: Value::Null };
        let mut premises = Self { folder: tempfile::tempdir().unwrap(), port: a_port(), setting };
        let announced = premises.set_up();
        if let Setting::Commands { announced: empty, .. } = &mut premises.setting {
            *empty = announced;
        }
        premises
    }

    /// PostgreSQL, which can be ended.
    pub(crate) fn postgres(&self) -> &TestDatabase {
        match &self.setting {
            Setting::Commands { database, .. } => database,
            Setting::Demo => panic!("the demo is on SQLite"),
        }
    }

    fn set_up(&self) -> Value {
        let DatabaseUrl::Postgres(address) = self.postgres().url() else { panic!("it is SQLite") };
        let url = format!("http://localhost:{}", self.port);
        let folder = self.folder.path().to_str().unwrap();
        let written = latchkey(&["init", "--url", &url, "--folder", folder, "--database", address]).output().unwrap();
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        let tenant = self.json(&["tenant", "create", "--domain", "harbor.test", "--name", "Harbor"]);
        for email in PEOPLE {
            self.json(&["account", "create", "--email", email, "--name", email]);
        }
        let [owner, others @ ..] = PEOPLE;
        self.json(&["organization", "create", "harbor", "--owner", owner]);
        self.json(&["project", "create", "harbor", "lighthouse"]);
        for email in others {
            self.json(&["member", "add", "harbor", email, "--administrator", "--project", "lighthouse"]);
        }
        let clients = SERVICES.iter().zip([
            ("web", "standard", "https://dashboard.test/callback"),
            ("web", "microsoft", "https://msal.test/callback"),
            ("native", "standard", "http://localhost/callback"),
            ("spa", "standard", "https://wallboard.test/callback"),
        ]);
        let clients = clients.map(|(name, (kind, profile, redirect_uri))| {
            let mut arguments = vec!["app", "create", "--name", name, "--kind", kind, "--profile", profile];
            arguments.extend(["--owner", owner, "--redirect-uri", redirect_uri]);
            arguments
                .extend(SCOPES.split(' ').filter(|scope| scope.starts_with("vso.")).flat_map(|it| ["--scope", it]));
            let mut client = self.json(&arguments);
            client["type"] = json!(kind);
            client
        });
        let clients: Vec<Value> = clients.collect();
        let accounts = PEOPLE.map(|email| json!({"email": email, "password": PASSWORD}));
        json!({"tenant_id": tenant["id"], "accounts": accounts, "clients": clients})
    }

    /// Runs a command that must succeed, and reads its JSON, if it has something to tell.
    fn json(&self, arguments: &[&str]) -> Value {
        let mut command = self.about_this_one(latchkey(arguments));
        command.args(["-o", "json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        if output.stdout.is_empty() { Value::Null } else { serde_json::from_slice(&output.stdout).unwrap() }
    }

    fn about_this_one(&self, mut command: Command) -> Command {
        match &self.setting {
            Setting::Demo => command.arg("--data").arg(self.folder.path()),
            Setting::Commands { .. } => command.arg("--config").arg(self.folder.path().join("latchkey.toml")),
        };
        command
    }

    /// Starts the server and waits until it says that it is ready.
    pub(crate) fn start(&self) -> Server {
        match &self.setting {
            Setting::Demo => {
                let mut command = self.about_this_one(latchkey(&["demo", "--json", "--port", &self.port.to_string()]));
                let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
                let mut line = String::new();
                BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
                let announced = serde_json::from_str(&line);
                let announced = announced.unwrap_or_else(|error| panic!("it did not start: {error}: {line}"));
                Server { child, announced }
            }
            Setting::Commands { announced, .. } => {
                let mut command = self.about_this_one(latchkey(&["serve"]));
                let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
                let mut stderr = BufReader::new(child.stderr.take().unwrap());
                let mut heard = String::new();
                while !heard.contains("is ready at") {
                    assert!(stderr.read_line(&mut heard).unwrap() > 0, "it did not start: {heard}");
                }
                // It never waits for a reader.
                thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
                Server { child, announced: announced.clone() }
            }
        }
    }

    /// A copy of the SQLite database, while no server is at work on it.
    pub(crate) fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_database(self.folder.path(), copy.path());
        copy
    }

    /// Makes the SQLite database what it was when it was copied.
    pub(crate) fn put_back(&self, copy: &TempDir) {
        copy_database(copy.path(), self.folder.path());
    }

    /// `latchkey audit verify`, which has to find nothing.
    pub(crate) fn verify_the_record(&self) {
        let report = self.json(&["audit", "verify"]);
        assert_eq!(report["intact"], true, "{report}");
    }
}

fn latchkey(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(arguments).env_remove("LATCHKEY_CONFIG").env_remove("LATCHKEY_LOG");
    command
}

/// The first of three free ports in a row.
fn a_port() -> u16 {
    // Tests of one process must not find the same ones.
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let mine = std::process::id().wrapping_mul(7).wrapping_add(STARTED.fetch_add(1, Relaxed) * 300);
    let first = u16::try_from(mine % SPREAD).expect("it is small");
    let mut candidates = (PORTS + first..PORTS + first + 3_000).step_by(3);
    let free = |port: &u16| (*port..port + 3).all(|port| TcpListener::bind(("localhost", port)).is_ok());
    candidates.find(free).expect("three free ports in a row")
}

/// The file and its log. What maps the log in memory is made anew from it.
fn copy_database(from: &Path, to: &Path) {
    for name in ["latchkey.db", "latchkey.db-wal", "latchkey.db-shm"] {
        let (from, to) = (from.join(name), to.join(name));
        if to.exists() {
            std::fs::remove_file(&to).unwrap();
        }
        if from.exists() && !name.ends_with("-shm") {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

/// The program at work.
pub(crate) struct Server {
    child: Child,
    pub(crate) announced: Value,
}

impl Server {
    /// SIGKILL: it has no say in it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
