//! The demo, started as a script would start it: one line of JSON, something that answers, and an end by SIGTERM.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running demo, and the line that it printed.
struct Demo {
    process: Child,
    stdout: BufReader<ChildStdout>,
    said: Value,
}

fn latchkey(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(arguments).arg("--data").arg(data).env_remove("LATCHKEY_CONFIG");
    command
}

impl Demo {
    fn start(data: &Path) -> Self {
        let mut command = latchkey(&["demo", "--json", "--port", "0"], data);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self { process, stdout, said: serde_json::from_str(&line).unwrap() }
    }

    fn text(&self, member: &str) -> &str {
        self.said[member].as_str().unwrap()
    }

    /// Asks for a page over plain http: its status, and what is in it.
    fn get(&self, url: &str) -> (u16, String) {
        let (head, body) = self.ask(url);
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
    }

    /// Asks for a page over plain http: the head of the answer, and what is in it.
    fn ask(&self, url: &str) -> (String, String) {
        let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        // On a machine that knows `localhost` by one of its two addresses only, the other is tried by itself.
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(stream, "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), body.to_owned())
    }

    /// Listens to a page that goes on: the head of the answer, and what comes after it.
    fn listen(&self, path: &str) -> (String, BufReader<TcpStream>) {
        let authority = self.text("origin").strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(authority).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
        let mut stream = BufReader::new(stream);
        let head = read_to(&mut stream, "\r\n\r\n");
        (head.to_lowercase(), stream)
    }

    /// Ends it as a service manager would, and returns what else it printed.
    fn stop(mut self) -> String {
        let killed = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert!(self.process.wait().unwrap().success());
        rest
    }
}

/// Reads until these characters have come.
fn read_to(stream: &mut impl Read, end: &str) -> String {
    let (mut read, mut byte) = (Vec::new(), [0]);
    while !read.ends_with(end.as_bytes()) {
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap()
}

/// A test that fails leaves no demo behind.
impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn the_demo_is_ready_when_it_says_so_and_a_second_start_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = Demo::start(&data);

    let (status, metadata) = demo.get(&format!("{}/.well-known/openid-configuration", demo.text("issuer")));
    assert_eq!(status, 200);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["issuer"], demo.said["issuer"]);
    assert!(Path::new(demo.text("ca_certificate")).is_file());

    let (status, walk) = demo.get(&format!("{}/demo", demo.text("origin")));
    assert_eq!(status, 200);
    assert!(walk.contains("ana@harbor.test") && walk.contains(demo.text("service_url")));
    assert_eq!(demo.get(&format!("{}/demo/mail", demo.text("origin"))).0, 200);
    let clone = walk.split(r#"id="clone-line">"#).nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    assert!(clone.starts_with("git -c ") && clone.contains("demo credential"), "a line to copy as it is: {clone}");
    for (whose, path) in
        [("origin", "/demo"), ("origin", "/nowhere"), ("service_url", "/"), ("service_url", "/nowhere")]
    {
        let (head, _) = demo.ask(&format!("{}{path}", demo.text(whose)));
        for own in ["x-content-type-options: nosniff", "cross-origin-resource-policy: same-origin"] {
            assert!(head.contains(own), "{own} in {head}");
        }
    }

    let (status, burndown) = demo.get(&format!("{}/", demo.text("service_url")));
    assert_eq!(status, 200);
    assert!(burndown.contains(r#"id="connect""#));

    // Oldtimer was registered long ago, and asks in the older way.
    let old = &demo.said["legacy_clients"][0];
    assert_eq!(old["client_secret"].as_str().unwrap().split('.').count(), 3);
    assert_eq!(old["redirect_uri"], "http://127.0.0.1:4289/callback");
    let oldtimer = walk.split('"').find(|part| is_another_service(part, demo.text("service_url"))).unwrap();
    let (status, page) = demo.get(oldtimer);
    assert!(status == 200 && page.contains("Register a new legacy app"), "{page}");
    assert_eq!(demo.get(&format!("{oldtimer}connect")).0, 303, "it knows where to ask");
    let scopes: Vec<&str> = old["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    let (head, _) = demo.ask(&format!(
        "{}/oauth2/authorize?client_id={}&response_type=Assertion&state=s&scope={}&redirect_uri={oldtimer}callback",
        demo.text("origin"),
        old["client_id"].as_str().unwrap(),
        scopes.join("%20"),
    ));
    assert!(head.starts_with("http/1.1 303") && head.contains("location: /signin"), "{head}");
    assert!(head.contains("deprecation: @") && head.contains("sunset: "), "{head}");
    assert_eq!(demo.get(&format!("{}/app/register", demo.text("origin"))).0, 410);
    assert_eq!(demo.get(&format!("{}/demo/mail", demo.text("origin"))).0, 200);

    let first = demo.said.clone();
    assert_eq!(demo.stop(), "", "one line and nothing else");

    let again = Demo::start(&data);
    for kept in ["tenant_id", "accounts", "repositories", "projects", "data_dir", "legacy_clients"] {
        assert_eq!(again.said[kept], first[kept], "{kept}");
    }
    let keys = |said: &Value| -> Vec<(Value, Value)> {
        let clients = said["clients"].as_array().unwrap();
        clients.iter().map(|client| (client["client_id"].clone(), client["client_secret"].clone())).collect()
    };
    assert_eq!(keys(&again.said), keys(&first));
    // Burndown listens elsewhere now, and its registration has followed it.
    let clients = again.said["clients"].as_array().unwrap();
    let burndown = &clients.iter().find(|client| client["name"] == "Burndown").unwrap()["redirect_uris"][0];
    assert!(burndown.as_str().unwrap().starts_with(again.text("service_url")));
    let (status, _) = again.get(&format!("{}/connect", again.text("service_url")));
    assert_eq!(status, 303, "it knows where to ask");
    again.stop();
}

#[test]
fn the_walk_is_told_while_it_happens_and_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("data"));
    let (head, mut events) = demo.listen("/demo/events");
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: text/event-stream"), "{head}");
    assert!(head.contains("cache-control: no-store") && head.contains("x-content-type-options: nosniff"), "{head}");
    let state = read_to(&mut events, "\n\n");
    assert!(state.contains("event: walk\n") && state.contains("Burndown asks"), "{state}");
    assert!(state.contains("0 of 12 have happened"), "{state}");

    // Burndown asks, which is a step, and a message.
    demo.get(&format!("{}/.well-known/openid-configuration", demo.text("issuer")));
    let change = read_to(&mut events, "\n\n");
    assert!(change.contains("GET ") && change.contains("openid-configuration"), "{change}");
    let (head, _) = demo.ask(&format!("{}/connect", demo.text("service_url")));
    let request = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    demo.get(request);
    let mut told = String::new();
    while !told.contains("1 of 12 have happened") {
        told = read_to(&mut events, "\n\n");
    }
    assert!(told.contains("/oauth2/v2.0/authorize"), "{told}");

    // Without a script the page itself says the same.
    let (_, page) = demo.get(&format!("{}/demo", demo.text("origin")));
    assert!(page.contains("1 of 12 have happened") && page.contains("/oauth2/v2.0/authorize"), "{page}");

    // Others may not read it: neither by another name of this machine, nor more than there is room for.
    let stranger = format!("http://127.0.0.1:{}/demo/events", demo.text("origin").rsplit(':').next().unwrap());
    assert_ne!(demo.get(&stranger).0, 200);
    let mut more: Vec<_> = (0..15).map(|_| demo.listen("/demo/events")).collect();
    assert!(more.iter().all(|(head, _)| head.starts_with("http/1.1 200")));
    let (head, _) = demo.listen("/demo/events");
    assert!(head.starts_with("http/1.1 503") && head.contains("retry-after: "), "{head}");

    // The end of the demo waits for nobody who only listens.
    let asked = Instant::now();
    demo.stop();
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    more.push((String::new(), events));
    for (_, mut events) in more {
        let mut rest = String::new();
        events.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("0\r\n\r\n"), "it ends as an answer ends: {rest}");
    }
}

/// Whether this is the address of a demo service that is not the one at `service`.
fn is_another_service(part: &str, service: &str) -> bool {
    part.starts_with("http://127.0.0.1:") && part.ends_with('/') && !part.starts_with(service)
}

#[test]
fn the_environment_names_the_certificate_once_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let missing = latchkey(&["demo", "env"], &data).output().unwrap();
    assert_eq!(missing.status.code(), Some(3));

    Demo::start(&data).stop();
    let printed = latchkey(&["demo", "env"], &data).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    for name in ["REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "GIT_SSL_CAINFO"] {
        assert!(printed.contains(&format!("export {name}='")), "{printed}");
    }
    assert!(printed.contains("authority.pem"));
}
