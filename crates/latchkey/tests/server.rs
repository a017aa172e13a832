//! The program as a whole, started as whoever runs a server would start it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use premises::{DOMAIN, Premises, latchkey, said};

#[test]
fn a_server_is_set_up_from_nothing_answers_takes_orders_and_ends_cleanly() {
    let premises = Premises::new();
    let tenant = premises.json(&["tenant", "create", "--domain", DOMAIN, "--name", "Example"], "");
    let create = ["account", "create", "--email", "ana@example.com", "--name", "Ana", "--administrator"];
    let account = premises.json(&create, "a long enough password\n");
    assert_eq!(account["administrator"], true);

    let server = premises.serve();
    let discovery = server.get(&format!("/{DOMAIN}/v2.0/.well-known/openid-configuration"));
    assert!(discovery.starts_with("HTTP/1.1 200"), "{discovery}");
    let issuer = format!("http://localhost:{}/{}/v2.0", premises.port, tenant["id"].as_str().unwrap());
    assert!(discovery.contains(&issuer), "{discovery}");
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));

    // The server holds the database, so orders go to it.
    premises.json(&["organization", "create", "example", "--owner", "ana@example.com"], "");
    premises.json(&["project", "create", "example", "lighthouse"], "");
    premises.json(&["repository", "create", "example", "lighthouse", "lamp"], "");
    // Somebody who was taken out of a project is a member of the organization still, and can be added again.
    premises.json(&["account", "create", "--email", "ben@example.com", "--name", "Ben"], "a long enough password\n");
    let ben = |order: &[&str]| premises.run(&[&["member"], order].concat(), "").status.code();
    let add = ["add", "example", "ben@example.com", "--project", "lighthouse"];
    let remove = ["remove", "example", "ben@example.com", "--project", "lighthouse", "--yes"];
    assert_eq!((ben(&add), ben(&add)), (Some(0), Some(5)));
    assert_eq!((ben(&remove), ben(&remove), ben(&add)), (Some(0), Some(3), Some(0)));
    // Their licence and their seat among the administrators change without that.
    let level = ["change", "example", "ben@example.com", "--access-level", "stakeholder"];
    let seat =
        |seat| ["change", "example", "ben@example.com", "--access-level", "stakeholder", "--administrator", seat];
    assert_eq!((ben(&level), ben(&level), ben(&seat("true"))), (Some(0), Some(5), Some(0)));
    assert_eq!((ben(&seat("true")), ben(&seat("false"))), (Some(5), Some(0)));
    assert_eq!(ben(&["change", "example", "ana@example.com"]), Some(2), "it says what to change");
    assert_eq!(ben(&["change", "example", "nobody@example.com", "--administrator", "true"]), Some(3));
    // So does their group in a project that they are in.
    let group = |project| ["change", "example", "ben@example.com", "--project", project, "--group", "readers"];
    assert_eq!(
        (ben(&group("lighthouse")), ben(&group("lighthouse")), ben(&group("nowhere"))),
        (Some(0), Some(5), Some(3))
    );
    assert_eq!(ben(&["change", "example", "ben@example.com", "--project", "lighthouse"]), Some(2), "to which group?");
    let app = premises.json(
        &[
            "app",
            "create",
            "--name",
            "Burndown",
            "--kind",
            "web",
            "--owner",
            "ana@example.com",
            "--scope",
            "vso.work",
            "--redirect-uri",
            "https://burndown.example.com/callback",
        ],
        "",
    );
    assert!(app["client_secret"].as_str().unwrap().starts_with("lks_"));
    assert_eq!(premises.json(&["app", "list"], "")[0]["client_id"], app["client_id"]);

    let (code, rest) = server.stop();
    assert_eq!(code, Some(0), "{rest}");

    // And without it they are carried out all the same.
    let id = app["client_id"].as_str().unwrap();
    assert!(premises.run(&["app", "delete", id, "--yes"], "").status.success());
    // A policy that stays what it is leaves nothing on record.
    let policy = || premises.json(&["organization", "policy", "example", "--authorize", "nobody"], "");
    assert_eq!(policy(), policy());
    let verified = premises.json(&["audit", "verify"], "");
    assert_eq!(verified["intact"], true);
    assert!(verified["events"].as_u64().unwrap() >= 8, "{verified}");
    let exported = String::from_utf8(premises.run(&["audit", "export"], "").stdout).unwrap();
    let events: Vec<serde_json::Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len() as u64, verified["events"].as_u64().unwrap());
    assert!(events.iter().all(|event| event["event"].is_string() && event["detail"].is_object()), "{exported}");
    let policies = events.iter().filter(|event| event["event"] == "policy_changed").count();
    assert_eq!(policies, 1, "{exported}");
    let tenant = events[0]["tenant"].as_str().unwrap();
    let of_one = String::from_utf8(premises.run(&["audit", "export", "--tenant", tenant], "").stdout).unwrap();
    assert!(of_one.lines().eq(exported.lines().filter(|line| line.contains(tenant))), "{of_one}");
    assert_eq!(premises.json(&["check"], "")[0]["state"], "ok");
}

#[test]
fn commands_end_with_the_code_of_what_went_wrong() {
    let premises = Premises::new();
    let code = |arguments: &[&str], input: &str| premises.run(arguments, input).status.code();
    let tenant = ["tenant", "create", "--domain", DOMAIN, "--name", "Example"];
    assert_eq!(code(&tenant, ""), Some(0));
    assert_eq!(code(&tenant, ""), Some(5), "it is there already");
    assert_eq!(code(&["tenant", "create", "--domain", "nonsense", "--name", "x"], ""), Some(2));
    assert_eq!(code(&["app", "show", "00000000-0000-0000-0000-000000000000"], ""), Some(3));
    assert_eq!(code(&["app", "nonsense"], ""), Some(2));
    let create = ["account", "create", "--email", "ana@example.com", "--name", "Ana"];
    assert_eq!(code(&create, "short\n"), Some(4));
    assert_eq!(code(&create, "a long enough password\n"), Some(0));
    let refused = premises.run(&["account", "disable", "ana@example.com"], "");
    assert_eq!(refused.status.code(), Some(4), "there is nobody to ask");
    assert!(said(&refused).contains("add --yes"));
    assert_eq!(code(&["account", "disable", "ana@example.com", "--yes"], ""), Some(0));
    assert_eq!(code(&["account", "disable", "ana@example.com", "--yes"], ""), Some(5));
}

#[test]
fn a_wrong_configuration_refuses_to_start_and_says_where() {
    let premises = Premises::new();
    let config = premises.config();
    let text = std::fs::read_to_string(&config).unwrap().replace("listen =", "lisen =");
    std::fs::write(&config, text).unwrap();
    let output = premises.run(&["serve"], "");
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("latchkey.toml:") && said.contains("did you mean `listen`?"), "{said}");
}

#[test]
fn a_key_that_others_can_read_refuses_to_start() {
    let premises = Premises::new();
    let key = premises.folder.path().join("master.key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let output = premises.run(&["serve"], "");
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    std::fs::remove_file(&key).unwrap();
    assert_eq!(premises.run(&["serve"], "").status.code(), Some(3), "no key is made up");
}

#[test]
fn a_database_has_one_server() {
    let premises = Premises::new();
    let server = premises.serve();
    let second = premises.folder.path().join("second.toml");
    let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = std::fs::read_to_string(premises.config()).unwrap();
    std::fs::write(&second, text.replace(&premises.port.to_string(), &other.to_string())).unwrap();
    let output = latchkey(&["serve", "--config", second.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert!(said(&output).contains("another Latchkey server"), "{}", said(&output));
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn the_listener_turns_away_what_is_no_request() {
    let premises = Premises::new();
    let server = premises.serve();
    let host = format!("Host: localhost:{}\r\n", premises.port);
    let answer = server.send(format!("GET /healthz HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(40_000)).as_bytes());
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let two_lengths = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n";
    let smuggled = format!("GET /healthz HTTP/1.1\r\n{host}{two_lengths}\r\n0\r\n\r\nGET / HTTP/1.1\r\n{host}\r\n");
    let answer = server.send(smuggled.as_bytes());
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "what follows a body with two lengths is not read: {answer}");
    let answer = server.send(format!("GET /healthz HTTP/1.1\r\n{host}X: a\r\n folded\r\n\r\n").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let answer = server.send(b"GET /healthz HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    assert_eq!(server.stop().0, Some(0));
}

/// RFC 9112 §9.3: what is left of a body that nobody read would be taken for the next request.
#[test]
fn a_connection_ends_with_an_answer_that_did_not_wait_for_the_body() {
    let premises = Premises::new();
    let server = premises.serve();
    let closes = |path: &str, content_type: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Length: 3\r\n", premises.port);
        let mut socket = TcpStream::connect(("127.0.0.1", premises.port)).unwrap();
        socket.write_all(format!("{head}Content-Type: {content_type}\r\n\r\na=b").as_bytes()).unwrap();
        let mut answer = Vec::new();
        let mut byte = [0];
        while !answer.ends_with(b"\r\n\r\n") {
            socket.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        String::from_utf8(answer).unwrap().to_ascii_lowercase().contains("connection: close")
    };
    assert!(closes("/harbor/_apis/projects", "application/json"), "nobody is signed in, so nobody reads it");
    assert!(!closes("/common/oauth2/v2.0/token", "application/x-www-form-urlencoded"), "it was read");
    assert_eq!(server.stop().0, Some(0));
}

/// RFC 9112 §9.6: a socket that is closed with bytes in it resets the connection, and the client loses the answer that stands in it.
#[test]
fn who_sends_a_large_body_for_nothing_reads_why() {
    let premises = Premises::new();
    let server = premises.serve();
    let body = vec![b' '; 6 << 20];
    let refused = |expects: &str| {
        let (host, length) = (format!("localhost:{}", premises.port), body.len());
        let head =
            format!("PATCH /harbor/_apis/wit/workitems/1 HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n");
        let mut socket = TcpStream::connect(("127.0.0.1", premises.port)).unwrap();
        socket.write_all(format!("{head}Authorization: Bearer x.y.z\r\n{expects}\r\n").as_bytes()).unwrap();
        if expects.is_empty() {
            socket.write_all(&body).unwrap();
        }
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    };
    for _ in 0..5 {
        let answer = refused("");
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    }
    let answer = refused("Expect: 100-continue\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 401"),
        "what a client holds back is not asked for to be thrown away: {answer}"
    );
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_connection_that_waits_does_not_hold_up_the_end() {
    let premises = Premises::new();
    let server = premises.serve();
    let mut idle = TcpStream::connect(("127.0.0.1", premises.port)).unwrap();
    let host = format!("localhost:{}", premises.port);
    idle.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    assert_eq!(server.stop().0, Some(0));
    assert!(!Path::new(&premises.folder.path().join("data/control.sock")).exists());
}
