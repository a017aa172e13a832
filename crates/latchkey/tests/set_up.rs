//! The first start of a server: a link, and the first administrator.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use premises::{DOMAIN, Premises};

/// The domain of people's own accounts.
const PEOPLE: &str = "people.test";

#[test]
fn a_server_that_nobody_administers_prints_a_link_that_counts_once() {
    let premises = Premises::new();
    premises.json(&["tenant", "create", "--personal", "--domain", PEOPLE, "--name", "People"], "");
    let ben = ["account", "create", "--email", "ben@people.test", "--name", "Ben"];
    premises.json(&ben, "a long enough password\n");
    let (server, heard) = premises.serve_and_hear();
    let link = heard.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap().to_owned();
    let path = &link[link.find("/setup").unwrap()..];
    let page = server.get(path);
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(server.get("/setup?token=AAAA").starts_with("HTTP/1.1 404"));
    assert!(server.get("/setup").starts_with("HTTP/1.1 404"));

    let cookies: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next()).collect();
    let value = |name: &str| {
        let field = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        field.split('"').next().unwrap().to_owned()
    };
    let send = |domain: &str, email: &str, password: &str| {
        let body = format!(
            "csrf={}&token={}&domain={domain}&tenant_name=Example&email={email}&name=Ana&password={password}",
            value("csrf"),
            value("token")
        );
        server.send(
            format!(
                "POST /setup HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nCookie: {}\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                premises.port,
                cookies.join("; "),
                body.len()
            )
            .as_bytes(),
        )
    };
    let (ana, password) = ("ana%40example.com", "a+long+enough+password");
    assert!(send("nonsense", ana, password).starts_with("HTTP/1.1 422"));
    assert!(send(DOMAIN, ana, "short").starts_with("HTTP/1.1 422"));
    let taken = send(DOMAIN, "Ben%40people.test", password);
    assert!(taken.starts_with("HTTP/1.1 422") && taken.contains("There is an account with this address"), "{taken}");
    let taken = send(PEOPLE, ana, password);
    assert!(taken.starts_with("HTTP/1.1 422") && taken.contains("The domain is that of"), "{taken}");
    let done = send(DOMAIN, ana, password);
    assert!(done.starts_with("HTTP/1.1 303") && done.contains("/signin?login_hint="), "{done}");
    assert!(send(DOMAIN, ana, password).starts_with("HTTP/1.1 404"), "once");
    assert!(server.get(path).starts_with("HTTP/1.1 404"));

    let accounts = premises.json(&["account", "list", "--tenant", DOMAIN], "");
    assert_eq!((&accounts[0]["email"], &accounts[0]["administrator"]), (&"ana@example.com".into(), &true.into()));
    assert_eq!(premises.run(&["setup-link"], "").status.code(), Some(5));
    assert_eq!(server.stop().0, Some(0));
    let (server, heard) = premises.serve_and_hear();
    assert!(!heard.contains("/setup"), "{heard}");
    assert_eq!(server.stop().0, Some(0));
}
