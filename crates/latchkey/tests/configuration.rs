//! The configuration of a server that runs: what it says, what takes its place, what can change.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use premises::{Premises, latchkey, said};

#[test]
fn what_is_configured_is_shown_with_where_it_is_from() {
    let premises = Premises::new();
    let config = premises.config();
    let output = latchkey(&["config", "show", "--effective", "--origin", "-o", "json", "--config"])
        .arg(&config)
        .env("LATCHKEY__LIMITS__CONNECTIONS", "500")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = |key: &str| shown.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap().clone();
    assert_eq!(row("limits.connections")["value"], "500");
    assert_eq!(row("limits.connections")["origin"], "LATCHKEY__LIMITS__CONNECTIONS");
    assert!(row("server.origins.0.url")["origin"].as_str().unwrap().starts_with(config.to_str().unwrap()));
    assert_eq!(row("limits.waiting_sign_ins")["origin"], "default");

    let wrong = latchkey(&["serve", "--config"]).arg(&config).env("LATCHKEY__LOG__LEVL", "debug").output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said(&wrong).contains("did you mean `level`?"), "{}", said(&wrong));
}

#[test]
fn a_hangup_takes_what_can_change_and_says_what_waits_for_a_restart() {
    let premises = Premises::new();
    let mut server = premises.serve();
    let before = std::fs::read_to_string(premises.config()).unwrap();
    let write = |written: &str, instead: &str| {
        assert!(before.contains(written), "{before}");
        std::fs::write(premises.config(), before.replace(written, instead)).unwrap();
    };

    write("level = \"info\"", "level = \"debug\"");
    server.signal("HUP");
    server.hear("the configuration was taken anew");

    write("[limits]", "[limits]\nconnections = 7");
    server.signal("HUP");
    assert!(server.hear("waits for a restart").contains("limits"));

    write("[limits]", "[limitz]");
    server.signal("HUP");
    server.hear("everything stays as it was");
    server.hear("did you mean `limits`?");

    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
    assert_eq!(server.stop().0, Some(0));
}
