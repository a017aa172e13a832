//! A server of its own for a test, set up from nothing and started as whoever runs one would start it.

#![allow(dead_code, reason = "no test needs all of it")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

pub(crate) const DOMAIN: &str = "example.com";

pub(crate) fn latchkey(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(arguments).env_remove("LATCHKEY_CONFIG").env_remove("LATCHKEY_LOG");
    command
}

/// A server's folder: its configuration, its key and its data.
pub(crate) struct Premises {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
}

impl Premises {
    /// Set up as the documentation says, from nothing.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://localhost:{port}");
        let written = latchkey(&["init", "--url", &url, "--folder", folder.path().to_str().unwrap()]).output().unwrap();
        assert!(written.status.success(), "{}", said(&written));
        Self { folder, port }
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("latchkey.toml")
    }

    /// Runs a command about this server.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = latchkey(arguments);
        command.arg("--config").arg(self.config()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs a command that must succeed, and reads its JSON.
    pub(crate) fn json(&self, arguments: &[&str], input: &str) -> serde_json::Value {
        let output = self.run(&[arguments, &["-o", "json"]].concat(), input);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn serve(&self) -> Server {
        self.serve_and_hear().0
    }

    /// Starts it, and hears what it says until it is ready.
    pub(crate) fn serve_and_hear(&self) -> (Server, String) {
        let mut child =
            latchkey(&["serve", "--config", self.config().to_str().unwrap()]).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut heard = String::new();
        while !heard.contains("is ready at") {
            let read = stderr.read_line(&mut heard).unwrap();
            assert!(read > 0, "the server ended: {heard}");
        }
        (Server { child, stderr, port: self.port }, heard)
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server at work.
pub(crate) struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    port: u16,
}

impl Server {
    /// Sends bytes and reads the whole answer.
    pub(crate) fn send(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // A server that has read enough may stop reading.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let host = format!("localhost:{}", self.port);
        self.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Hears what it says until it has said this.
    pub(crate) fn hear(&mut self, awaited: &str) -> String {
        let mut heard = String::new();
        while !heard.contains(awaited) {
            let read = self.stderr.read_line(&mut heard).unwrap();
            assert!(read > 0, "the server ended: {heard}");
        }
        heard
    }

    /// Ends it as systems do, and returns how it ended and what it said meanwhile.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let code = self.child.wait().unwrap().code();
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).unwrap();
        (code, rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
