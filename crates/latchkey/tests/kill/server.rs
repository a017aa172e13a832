//! The real program on one folder: started, killed, and started again.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use serde_json::Value;
use tempfile::TempDir;

/// Where ports are looked for: below those that systems hand out by themselves, so that nobody takes them while the server is down.
const PORTS: u16 = 20_000;
const SPREAD: u32 = 12_000;

/// A folder for the data, and a port that stays: tokens name the origin.
pub(crate) struct Premises {
    folder: TempDir,
    pub(crate) port: u16,
}

impl Premises {
    pub(crate) fn new() -> Self {
        // Tests of one process must not find the same ones.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let mine = std::process::id().wrapping_mul(7).wrapping_add(STARTED.fetch_add(1, Relaxed) * 300);
        let first = u16::try_from(mine % SPREAD).expect("it is small");
        let candidates = (PORTS + first..PORTS + first + 3_000).step_by(3);
        let free = |port: &u16| (*port..port + 3).all(|port| TcpListener::bind(("localhost", port)).is_ok());
        let port = candidates.into_iter().find(free).expect("three free ports in a row");
        Self { folder: tempfile::tempdir().unwrap(), port }
    }

    fn latchkey(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(arguments).arg("--data").arg(self.folder.path());
        command.env_remove("LATCHKEY_CONFIG").env_remove("LATCHKEY_LOG");
        command
    }

    /// Starts the server and waits until it says that it is ready.
    pub(crate) fn start(&self) -> Server {
        let mut command = self.latchkey(&["demo", "--json", "--port", &self.port.to_string()]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line).unwrap_or_else(|error| panic!("it did not start: {error}: {line}"));
        Server { child, announced }
    }

    /// A copy of the database, while no server is at work on it.
    pub(crate) fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_database(self.folder.path(), copy.path());
        copy
    }

    /// Makes the database what it was when it was copied.
    pub(crate) fn put_back(&self, copy: &TempDir) {
        copy_database(copy.path(), self.folder.path());
    }

    /// `latchkey audit verify`, which has to find nothing.
    pub(crate) fn verify_the_record(&self) {
        let output = self.latchkey(&["audit", "verify", "-o", "json"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the record is not intact: {said}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["intact"], true, "{report}");
    }
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
