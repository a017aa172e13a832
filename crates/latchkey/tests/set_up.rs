//! The first start of a server: a link, and the first administrator.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use premises::{DOMAIN, Premises};

#[test]
fn a_server_that_nobody_administers_prints_a_link_that_counts_once() {
    let premises = Premises::new();
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
    let send = |domain: &str, password: &str| {
        let body = format!(
            "csrf={}&token={}&domain={domain}&tenant_name=Example&email=ana%40example.com&name=Ana&password={password}",
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
    assert!(send("nonsense", "a+long+enough+password").starts_with("HTTP/1.1 422"));
    assert!(send(DOMAIN, "short").starts_with("HTTP/1.1 422"));
    let done = send(DOMAIN, "a+long+enough+password");
    assert!(done.starts_with("HTTP/1.1 303") && done.contains("/signin?login_hint="), "{done}");
    assert!(send(DOMAIN, "a+long+enough+password").starts_with("HTTP/1.1 404"), "once");
    assert!(server.get(path).starts_with("HTTP/1.1 404"));

    let accounts = premises.json(&["account", "list", "--tenant", DOMAIN], "");
    assert_eq!((&accounts[0]["email"], &accounts[0]["administrator"]), (&"ana@example.com".into(), &true.into()));
    assert_eq!(premises.run(&["setup-link"], "").status.code(), Some(5));
    assert_eq!(server.stop().0, Some(0));
    let (server, heard) = premises.serve_and_hear();
    assert!(!heard.contains("/setup"), "{heard}");
    assert_eq!(server.stop().0, Some(0));
}
